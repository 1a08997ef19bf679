"""HTML to PDF. WeasyPrint fetches nothing but our own fonts and the pictures a paper carries itself: whatever text a
citizen wrote, nothing is loaded because of it.
"""

import re
from pathlib import Path
from typing import Any

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from engine.press import OWN

PICTURE = "data:image/png;base64,"
ROLE = re.compile(r"[a-z]{1,12}")


class OnlyOurs(URLFetcher):
    """Fonts of this installation by their role, and pictures inside the paper; everything else is refused."""

    def __init__(self, fonts: Path | None) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self.fonts = fonts

    def fetch(self, url: str, headers: Any = None) -> Any:
        """ValueError for every address that is not ours; WeasyPrint goes on without it."""
        role = url.removeprefix(OWN)
        if role != url and self.fonts is not None and ROLE.fullmatch(role):
            body = (self.fonts / role).read_bytes()
            return URLFetcherResponse(url, body, {"Content-Type": "font/otf"})
        if url.startswith(PICTURE):
            return super().fetch(url, headers)
        raise ValueError("nothing is fetched for a paper")


def press(html: str, fonts: Path | None = None) -> bytes:
    """The PDF of a document of `page`."""
    document = HTML(string=html, url_fetcher=OnlyOurs(fonts), base_url="about:blank")
    return bytes(document.write_pdf(font_config=FontConfiguration()))
