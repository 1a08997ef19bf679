"""The QR codes on scanned papers, page by page; offline, nothing else is read."""

import io
import threading
from collections.abc import Iterator, Sequence

import pypdfium2
import zxingcpp
from PIL import Image, UnidentifiedImageError

SIDE = 2600  # pixels; A4 at 200 dots per inch
MOST = 40_000_000  # pixels of a picture that is still opened
_BROKEN = (pypdfium2.PdfiumError, UnidentifiedImageError, OSError, SyntaxError, ValueError)
_ONE_AT_A_TIME = threading.Lock()  # the library behind PDF knows no threads


def length(data: bytes, media_type: str) -> int:
    """How many pages a file has; a picture is one, and so is a PDF that cannot be shown."""
    if media_type != "application/pdf":
        return 1
    try:
        with _ONE_AT_A_TIME, pypdfium2.PdfDocument(data) as document:
            return max(len(document), 1)
    except _BROKEN:
        return 1


def codes_on(data: bytes, media_type: str) -> list[list[str]]:
    """The texts of the codes on each page, [[]] when the file cannot be shown. `media_type`: what `inspecting` said."""
    try:
        with _ONE_AT_A_TIME:
            pages = _pages(data) if media_type == "application/pdf" else [_picture(data)]
            return [_read(page) for page in pages] or [[]]
    except _BROKEN:
        return [[]]


def part(data: bytes, numbers: Sequence[int]) -> bytes:
    """These pages of a PDF, counted from 0, as a file of their own."""
    kept = io.BytesIO()
    with _ONE_AT_A_TIME, pypdfium2.PdfDocument(data) as document, pypdfium2.PdfDocument.new() as own:
        own.import_pages(document, list(numbers))
        own.save(kept)
    return kept.getvalue()


def _read(page: Image.Image | None) -> list[str]:
    if page is None:
        return []
    found = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [code.text for code in found if code.valid]


def _pages(data: bytes) -> Iterator[Image.Image]:
    with pypdfium2.PdfDocument(data) as document:
        for page in document:
            scale = min(200 / 72, SIDE / max(*page.get_size(), 1))
            picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil()
            page.close()
            yield picture.convert("L")


def _picture(data: bytes) -> Image.Image | None:
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
        if picture.width * picture.height > MOST:
            return None
        picture.draft("L", (SIDE, SIDE))
        picture.thumbnail((SIDE, SIDE))
        return picture.convert("L")
