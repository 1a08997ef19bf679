"""A file made for the one who asked, to be saved under a name that may be Chinese."""

from io import BytesIO

from flask import Response, send_file


def download(content: bytes, filename: str, media_type: str = "application/octet-stream") -> Response:
    """The file as an attachment; the name goes in both spellings of the header (RFC 6266), because a server refuses
    a header that is not Latin."""
    return send_file(BytesIO(content), media_type, as_attachment=True, download_name=filename, etag=False)
