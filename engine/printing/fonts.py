"""Fonts of the administrators' own for papers (仿宋, 小标宋): checked before they are kept; without them papers print
in the fallback chain of the style sheet."""

import hashlib
import io
import os
from pathlib import Path

from fontTools.ttLib import TTFont
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import access, clock
from engine.access import Actor, Verb
from engine.config import Settings
from engine.errors import Invalid, NotFound
from engine.printouts.models import PaperFont

ROLES = {"fangsong": "仿宋（正文）", "title": "小标宋（标题）"}
LARGEST = 18_000_000  # bytes
STARTS = (b"\x00\x01\x00\x00", b"OTTO", b"true")
NEEDED = "深圳市党代表反映意见建议办理情况"  # a font that lacks these is not for our papers
NO_FONT = "这不是可用的字体文件。请上传 TTF 或 OTF 格式的字体文件（字体集 TTC 请先拆分）。"


def uploaded(session: Session, actor: Actor) -> dict[str, PaperFont]:
    """The fonts there are, by role."""
    access.require(actor, Verb.FONTS_MANAGE)
    return {row.role: row for row in session.scalars(select(PaperFont))}


def upload(session: Session, actor: Actor, settings: Settings, role: str, filename: str, data: bytes) -> PaperFont:
    """Keep a font for a role in place of the one before; Invalid with the reason when it is none, or none for us."""
    access.require(actor, Verb.FONTS_MANAGE)
    if role not in ROLES:
        raise NotFound
    family = check(data)
    path = settings.data_dir / "fonts" / role
    row = session.scalars(select(PaperFont).where(PaperFont.role == role)).first() or PaperFont(role=role)
    row.family, row.filename, row.size = family[:120], filename[-255:], len(data)
    row.sha256 = hashlib.sha256(data).hexdigest()
    row.by_id, row.by_name, row.at = actor.person_id, actor.name, clock.now()
    session.add(row)
    session.flush()
    _write(path, data)
    return row


def remove(session: Session, actor: Actor, settings: Settings, role: str) -> None:
    """Back to the fallback chain."""
    access.require(actor, Verb.FONTS_MANAGE)
    row = session.scalars(select(PaperFont).where(PaperFont.role == role)).first()
    if row is None:
        raise NotFound
    session.delete(row)
    (settings.data_dir / "fonts" / role).unlink(missing_ok=True)


def check(data: bytes) -> str:
    """The family's name; Invalid when the file is no font, is too large, or lacks everyday characters."""
    if not data:
        raise Invalid("请先选择字体文件。")
    if len(data) > LARGEST:
        raise Invalid(f"字体文件超过 {LARGEST // 1_000_000} MB，请换用较小的版本。")
    if data[:4] not in STARTS:
        raise Invalid(NO_FONT)
    try:
        with TTFont(io.BytesIO(data), lazy=True) as font:
            known, family = font.getBestCmap() or {}, font["name"].getDebugName(1) or ""
            font["glyf" if "glyf" in font else "CFF "]
    except Exception as problem:  # a damaged table fails in as many ways as there are tables
        raise Invalid(NO_FONT) from problem
    missing = [character for character in NEEDED if ord(character) not in known]
    if missing:
        raise Invalid(f"这个字体没有常用汉字（例如“{missing[0]}”），不能用于打印公文。")
    return str(family)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(data)
    unfinished.replace(path)
