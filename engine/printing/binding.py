"""From sheets to a PDF file. The press runs in a process of its own at lower priority: a page is never slower because
somebody prints, and what a book of hundreds of pages needs is given back."""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pypdf
from markupsafe import Markup, escape

from engine.config import ROOT
from engine.press import OWN
from engine.printing.render import Paper, style

# what administrators may upload: role -> the family the style sheet asks for first
FAMILIES = {"fangsong": "Lianxin FangSong", "title": "Lianxin XiaoBiaoSong"}
LONGEST = 90.0  # seconds one piece of a book may take


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


def pdf(paper: Paper, fonts: Path) -> bytes:
    """A paper as PDF; OSError when the press failed."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "paper.pdf"
        pdf_aside(page(paper.title, paper.sheets, fonts), made, fonts, nice=0)
        return made.read_bytes()


def pdf_aside(html: str, target: Path, fonts: Path, nice: int = 10) -> None:
    """The PDF of a document of `page`, made by another process at lower priority and put in its place whole. OSError
    with the end of what it said when it failed."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".press-") as folder:
        source, made = Path(folder) / "in.html", Path(folder) / "out.pdf"
        source.write_text(html, encoding="utf-8")
        command = [sys.executable, "-m", "engine.press", str(source), str(made), str(fonts), str(nice)]
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
