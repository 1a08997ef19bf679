"""The press: HTML to PDF. WeasyPrint fetches nothing but our own fonts and the pictures a paper carries itself:
whatever text a citizen wrote, nothing is loaded because of it.

`python -m engine.printing.press job.html job.pdf FONTS`, started by engine.printing.binding.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from engine.printing.binding import FAMILIES, OWN

PICTURE = "data:image/png;base64,"


class OnlyOurs(URLFetcher):
    """Fonts of this installation by their role, and pictures inside the paper; everything else is refused."""

    def __init__(self, fonts: Path | None) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self.fonts = fonts

    def fetch(self, url: str, headers: Any = None) -> Any:
        """ValueError for every address that is not ours; WeasyPrint goes on without it."""
        if url.startswith(OWN) and self.fonts is not None and url.removeprefix(OWN) in FAMILIES:
            body = (self.fonts / url.removeprefix(OWN)).read_bytes()
            return URLFetcherResponse(url, body, {"Content-Type": "font/otf"})
        if url.startswith(PICTURE):
            return super().fetch(url, headers)
        raise ValueError("nothing is fetched for a paper")


def press(html: str, fonts: Path | None = None) -> bytes:
    """The PDF of a document of `page`."""
    document = HTML(string=html, url_fetcher=OnlyOurs(fonts), base_url="about:blank")
    return bytes(document.write_pdf(font_config=FontConfiguration()))


def main(arguments: Sequence[str]) -> None:
    """SOURCE TARGET FONTS: the work of `pdf_aside`, in its own process."""
    source, target, fonts = map(Path, arguments)
    os.nice(10)
    target.write_bytes(press(source.read_text(encoding="utf-8"), fonts))


if __name__ == "__main__":
    main(sys.argv[1:])
