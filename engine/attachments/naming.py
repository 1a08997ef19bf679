"""Names of files as people gave them: shown as text, never a path of ours."""

import unicodedata

NAMELESS = "未命名"


def told(filename: str) -> str:
    """The name as typed, without what cannot be shown: control characters and halves of characters; at most 255."""
    kept = "".join(char if unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") else "�" for char in filename)
    return kept.strip()[-255:] or NAMELESS
