"""Signatures: by hand on screen, on paper, by name, or what stands in their place; under a content hash (须知4, 7).

A drawing arrives as a data URL of a PNG. It is taken apart and put together again with nothing but its pixels, so that
what is stored is a picture of strokes and nothing else.
"""

import base64
import binascii
import struct
import zlib
from datetime import datetime

from sqlalchemy.orm import Session

from engine.cases.models import Case, Signature
from engine.errors import Invalid

METHODS = {
    "drawn": "手写签名",
    "paper": "纸质签字",
    "scan": "签字扫描件",
    "click": "输入姓名确认",
    "online": "网上评价",
    "refused": "拒绝签字",
    "remark": "党代表注明",
    "phone": "电话确认",
    "unreachable": "无法联系",
}
LARGEST = 60_000  # bytes of a drawing
WIDEST, HIGHEST = 2400, 1200
UNSIGNED = "还没有签名，请在框内手写签名。"
UNREADABLE = "签名图片不完整，请清除后重新签名。"
_START = "data:image/png;base64,"
_PNG = b"\x89PNG\r\n\x1a\n"
# what a registration form says about the reporter's signature → how it was made
_REPORTED = {"drawn": "drawn", "handwritten": "paper", "refused": "refused", "remark": "remark"}


def record(  # noqa: PLR0913 - a row has these columns
    session: Session, case: Case, purpose: str, party: str, *, name: str, at: datetime, method: str,
    person_id: int | None = None, content_hash: str = "", image: bytes | None = None, witness: str = "", note: str = "",
) -> Signature:  # fmt: skip
    """Add somebody's signature to a case. `purpose`: registration | rating; `party`: reporter | delegate | department;
    `method`: a key of METHODS; `image`: what `drawing` gave; `content_hash`: what was signed, else the form."""
    if method not in METHODS:
        raise KeyError(method)
    row = Signature(
        case_id=case.id, purpose=purpose, party=party, person_id=person_id, name=name, method=method, image=image,
        content_hash=content_hash or case.content_hash, witness=witness, note=note, signed_at=at,
    )  # fmt: skip
    session.add(row)
    return row


def of_form(signature: str, typed_name: str, name: str) -> tuple[str, bytes | None]:
    """(method, picture) of somebody signing on screen: a drawing, or the own name typed. Invalid with a sentence for
    the wrong field; neither given = the act itself is the confirmation (a form without these fields)."""
    if signature:
        return "drawn", drawing(signature, "signature")
    if typed_name and typed_name != name:
        raise Invalid(
            "输入的姓名与您的姓名不一致。", errors={"signature_name": f"请输入您本人的姓名“{name}”，或在框内手写签名。"}
        )
    return "click", None


def by_reporter(session: Session, case: Case, image: bytes | None, at: datetime) -> Signature:
    """The reporter's signature as the form tells of it: made by hand, on paper, refused before a witness, or replaced
    by the delegate's remark (R37, R38)."""
    return record(
        session, case, "registration", "reporter", name=case.reporter_name or "不署名", at=at,
        method=_REPORTED[case.reporter_signature], image=image, witness=case.reporter_witness,
        note=case.reporter_signature_note,
    )  # fmt: skip


def drawing(text: str, field: str) -> bytes:
    """The PNG of a drawing that came as a data URL; Invalid (naming `field`) when it is none, too large or blank."""
    try:
        return _checked(text)
    except Invalid as refused:
        raise Invalid("签名没有收到。", errors={field: refused.message}) from refused


def _checked(text: str) -> bytes:
    if not text.startswith(_START):
        raise Invalid(UNREADABLE)
    if len(text) > LARGEST * 4 // 3 + 100:
        raise Invalid("签名图片太大，请清除后重新签名，笔画简洁一些。")
    try:
        data = base64.b64decode(text[len(_START) :], validate=True)
        header, packed = _parts(data)
        width, height = struct.unpack(">II", header[:8])
        if header[8:] != b"\x08\x06\x00\x00\x00" or not (0 < width <= WIDEST and 0 < height <= HIGHEST):
            raise Invalid(UNREADABLE)  # eight bits, four channels, not interlaced: what a canvas gives
        line = width * 4 + 1
        pixels = zlib.decompressobj().decompress(packed, line * height + 1)
    except (binascii.Error, struct.error, zlib.error, ValueError):
        raise Invalid(UNREADABLE) from None
    if len(pixels) != line * height:
        raise Invalid(UNREADABLE)
    if not any(any(pixels[start + 1 : start + line]) for start in range(0, len(pixels), line)):
        raise Invalid(UNSIGNED)
    return _PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _parts(data: bytes) -> tuple[bytes, bytes]:
    """Header and packed pixels of a PNG; ValueError when it is damaged or something follows it."""
    if not data.startswith(_PNG):
        raise ValueError
    place, header, packed, kind = len(_PNG), b"", b"", b""
    while place < len(data) and kind != b"IEND":
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        body, check = data[place + 8 : place + 8 + size], data[place + 8 + size : place + 12 + size]
        if len(check) != 4 or struct.unpack(">I", check)[0] != zlib.crc32(kind + body):
            raise ValueError
        header, packed = (body if kind == b"IHDR" else header), packed + (body if kind == b"IDAT" else b"")
        place += 12 + size
    if kind != b"IEND" or place != len(data) or len(header) != 13:
        raise ValueError
    return header, packed


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
