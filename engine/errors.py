"""Every refusal of the house. The class docstring is the sentence shown to the user, in Chinese, with {fields};
HTTP status codes are mapped once, in web/errors.py."""

from typing import Any


class LianxinError(Exception):
    """操作未完成。"""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The sentence for the user: what was wrong, where, what to do."""
        return (type(self).__doc__ or "").strip().format(**self.fields)


class NotFound(LianxinError):
    """没有找到您要的内容，可能已被移走，或不在您的管辖范围内。"""


class Forbidden(LianxinError):
    """您没有“{verb}”的权限。如确需办理，请联系本单位管理员。"""

    def __init__(self, verb: str = "此项操作", **fields: Any) -> None:
        super().__init__(verb=verb, **fields)


class Invalid(LianxinError):
    """{reason}"""

    def __init__(self, reason: str, errors: dict[str, str] | None = None, **fields: Any) -> None:
        self.errors = errors or {}
        super().__init__(reason=reason, **fields)


class Conflict(LianxinError):
    """{reason}"""

    def __init__(self, reason: str, **fields: Any) -> None:
        super().__init__(reason=reason, **fields)


class TaskTaken(Conflict):
    """{reason}"""


class Misconfigured(LianxinError):
    """系统设置有误：{reason}"""

    def __init__(self, reason: str, **fields: Any) -> None:
        super().__init__(reason=reason, **fields)
