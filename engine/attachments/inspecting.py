"""What a file is, read from its first bytes and never from its name; nothing is unpacked, no picture decoded."""

import struct

from engine.errors import Invalid

MOST_PIXELS = 120_000_000  # more than a telephone's camera takes; a picture that says more is meant to break its viewer
_LOOKS_LIKE = (
    (b"PK\x03\x04", "压缩包和办公软件文件不能上传，请另存为 PDF，或截图、拍照后上传"),
    (b"PK\x05\x06", "压缩包不能上传，请逐个上传其中的文件"),
    (b"Rar!", "压缩包不能上传，请逐个上传其中的文件"),
    (b"7z\xbc\xaf", "压缩包不能上传，请逐个上传其中的文件"),
    (b"\x1f\x8b", "压缩包不能上传，请逐个上传其中的文件"),
    (b"\xd0\xcf\x11\xe0", "旧版办公软件文件不能上传，请另存为 PDF 后上传"),
    (b"GIF8", "动图不能上传，请另存为普通图片"),
    (b"MZ", "程序文件不能上传"),
    (b"\x7fELF", "程序文件不能上传"),
)
ACCEPTED = "可以上传照片、PDF、文本和保存的网页"


def media_type(data: bytes) -> str:
    """The media type of one of the kinds we take; Invalid with the reason for everything else."""
    if not data:
        raise Invalid("文件是空的，请重新选择")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _picture("image/png", _png(data))
    if data.startswith(b"\xff\xd8\xff"):
        return _picture("image/jpeg", _jpeg(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _picture("image/webp", _webp(data))
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        raise Invalid("这种照片格式很多电脑打不开，请在手机上改用“兼容性最佳”拍摄，或截图后上传")
    for start, reason in _LOOKS_LIKE:
        if data.startswith(start):
            raise Invalid(reason)
    return _text(data)


def _picture(kind: str, size: tuple[int, int] | None) -> str:
    if size is None or not all(size):
        raise Invalid("图片不完整或已损坏，请重新拍照或另存后上传")
    if size[0] * size[1] > MOST_PIXELS:
        raise Invalid(f"图片尺寸太大（{size[0]}×{size[1]}），请缩小后上传")
    return kind


def _png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or len(data) < 33:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """From the frame header; the segments before it are only stepped over."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD8:
            place += 1 if marker == 0xFF else 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        place += 2 + int(struct.unpack(">H", data[place + 2 : place + 4])[0])
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if len(data) < 30:
        return None
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int(struct.unpack("<I", data[21:25])[0])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None


def _text(data: bytes) -> str:
    """UTF-8 or GB 18030 without control characters; a page somebody saved is told apart, other markup refused."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _decoded(data, "utf-16")
    else:
        text = _decoded(data, "utf-8-sig") or _decoded(data, "gb18030")
    if not text or any(char < " " and char not in "\t\n\r\f" for char in text):
        raise Invalid(f"不认识这种文件。{ACCEPTED}")
    start = text[:4096].lstrip().casefold()
    if start.startswith(("<!doctype html", "<html", "<!--")) and "<html" in start:
        return "text/html"
    if start.startswith(("<", "#!")):
        raise Invalid(f"程序和代码文件不能上传。{ACCEPTED}")
    return "text/plain"


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return ""
