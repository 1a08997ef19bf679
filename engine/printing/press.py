"""HTML to PDF. WeasyPrint fetches nothing but our own fonts and the pictures a paper carries itself: whatever text a
citizen wrote, nothing is loaded because of it.

`python -m engine.printing.press job.html job.pdf FONTS` does it in a process of its own: a book of hundreds of pages
must neither slow a page down nor keep the worker's memory.
"""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdf
from markupsafe import Markup, escape
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from engine.config import ROOT
from engine.printing.render import Paper, style

# what administrators may upload: role -> the family the style sheet asks for first
FAMILIES = {"fangsong": "Lianxin FangSong", "title": "Lianxin XiaoBiaoSong"}
OWN = "paper-font:"
PICTURE = "data:image/png;base64,"
LONGEST = 90.0  # seconds one piece of a book may take


class OnlyOurs(URLFetcher):
    """Fonts of this installation by their role, and pictures inside the paper; everything else is refused."""

    def __init__(self, fonts: Path | None) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self.fonts = fonts

    def fetch(self, url: str, headers: Any = None) -> Any:
        """ValueError for every address that is not ours; WeasyPrint goes on without it."""
        if url.startswith(OWN) and self.fonts is not None and url.removeprefix(OWN) in FAMILIES:
            return {"file_obj": (self.fonts / url.removeprefix(OWN)).open("rb"), "mime_type": "font/otf"}
        if url.startswith(PICTURE):
            return super().fetch(url, headers)
        raise ValueError("nothing is fetched for a paper")


def page(title: str, sheets: Markup, fonts: Path | None = None) -> str:
    """The whole document for the press."""
    faces = "".join(
        f'@font-face{{font-family:"{family}";src:url("{OWN}{role}")}}'
        for role, family in FAMILIES.items()
        if fonts is not None and (fonts / role).exists()
    )
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{faces}{style()}</style></head><body>{sheets}</body></html>"
    )


def press(html: str, fonts: Path | None = None) -> bytes:
    """The PDF of a document of `page`."""
    document = HTML(string=html, url_fetcher=OnlyOurs(fonts), base_url="about:blank")
    return bytes(document.write_pdf(font_config=FontConfiguration()))


def pdf(paper: Paper, fonts: Path | None = None) -> bytes:
    """A paper as PDF, here and now."""
    return press(page(paper.title, paper.sheets, fonts), fonts)


def pdf_aside(html: str, target: Path, fonts: Path) -> None:
    """The PDF of a document of `page`, made by another process at lower priority and put in its place whole. OSError
    with the end of what it said when it failed."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".press-") as folder:
        source, made = Path(folder) / "in.html", Path(folder) / "out.pdf"
        source.write_text(html, encoding="utf-8")
        command = [sys.executable, "-m", "engine.printing.press", str(source), str(made), str(fonts)]
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=LONGEST, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as problem:
            raise OSError(f"no PDF after {LONGEST:.0f} s") from problem
        if done.returncode or not made.exists():
            raise OSError(done.stderr.decode("utf-8", "replace")[-600:] or f"ended with {done.returncode}")
        made.replace(target)


def merge(parts: Sequence[Path], target: Path, title: str) -> None:
    """One file of all parts in their order, put in its place whole."""
    writer = pypdf.PdfWriter()
    for part in parts:
        writer.append(io.BytesIO(part.read_bytes()), import_outline=False)
    writer.add_metadata({"/Title": title})
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as stream:
            writer.write(stream)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
        writer.close()


def main(arguments: Sequence[str]) -> None:
    """SOURCE TARGET FONTS: the work of `pdf_aside`, in its own process."""
    source, target, fonts = map(Path, arguments)
    os.nice(10)
    target.write_bytes(press(source.read_text(encoding="utf-8"), fonts))


if __name__ == "__main__":
    main(sys.argv[1:])
