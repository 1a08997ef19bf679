"""The QR codes on a scanned paper: pictures as they are, of a PDF the first page; offline, nothing else is read."""

import io

import pypdfium2
import zxingcpp
from PIL import Image, UnidentifiedImageError

SIDE = 2600  # pixels; A4 at 200 dots per inch
MOST = 40_000_000  # pixels of a picture that is still opened


def codes_on(data: bytes, media_type: str) -> list[str]:
    """Their texts, [] when there is none or the file cannot be shown. `media_type`: what `inspecting` said."""
    try:
        page = _page(data) if media_type == "application/pdf" else _picture(data)
    except (pypdfium2.PdfiumError, UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return []
    if page is None:
        return []
    found = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [code.text for code in found if code.valid]


def _page(data: bytes) -> Image.Image | None:
    document = pypdfium2.PdfDocument(data)
    try:
        if not len(document):
            return None
        page = document[0]
        scale = min(200 / 72, SIDE / max(*page.get_size(), 1))
        picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil()
        return picture.convert("L")
    finally:
        document.close()


def _picture(data: bytes) -> Image.Image | None:
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
        if picture.width * picture.height > MOST:
            return None
        picture.draft("L", (SIDE, SIDE))
        picture.thumbnail((SIDE, SIDE))
        return picture.convert("L")
