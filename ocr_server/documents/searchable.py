"""Pages -> a PDF in which their text can be searched, selected and copied."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np

from ocr_server.decoder import Pixels
from ocr_server.documents.document import Document
from ocr_server.documents.pdf import Pdf
from ocr_server.documents.pdf_tool import Limits, PdfTool, PdfToolDied
from ocr_server.errors import InvalidDocument, TooManyPages
from ocr_server.page import Page
from ocr_server.reader import Picture
from ocr_server.settings import Settings

# Header of the answer that names them, with commas between.
FAILED_PAGES = "X-Failed-Pages"
_JPEG_QUALITY = 90
# They lie in the process that writes the PDF, and once more in what it writes.
_JPEGS_SHARE = 4
_MOST_JPEG_PIXELS_A_SIDE = 65_500  # libjpeg's limit


class SearchablePdf:
    """The document as a PDF, with what was read on its pages as unseen text.

    A PDF stays as it is under its text. Other documents become a PDF of their pictures.
    failed: the numbers of pages that could not be read, or took no text.
    """

    def __init__(self, document: Document, settings: Settings) -> None:
        self._document = document
        self._settings = settings
        self._jpegs: dict[int, dict[str, Any]] = {}
        self._room = settings.max_render_bytes // _JPEGS_SHARE
        self.failed: list[int] = []

    def keep(self, page: Page, picture: Picture) -> None:
        """Keep a page's picture, where there is no PDF that has it. Any thread may call this."""
        if not isinstance(self._document, Pdf):
            quality = (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
            pixels = _within_jpeg(picture.pixels)
            is_grey = bool((pixels == pixels[:, :, :1]).all())
            _, encoded = cv2.imencode(".jpg", pixels[:, :, 0] if is_grey else pixels, quality)
            height, width = pixels.shape[:2]
            size = {"width": width, "height": height, "is_grey": is_grey, "dpi": page.dpi}
            self._jpegs[page.number] = {"content": encoded.tobytes(), **size}

    def write(self, pages: Iterable[Page], numbers: Sequence[int]) -> bytes:
        """Return the PDF of these pages.

        A page that could not be read, or takes no text, has none; that of a picture is missing.
        Raises InvalidDocument, TooManyPages, and what `pages` raises.
        """
        try:
            with closing(self._tool()) as tool:
                if "error" in tool.ask("begin")[0]:
                    raise _unwritable()
                written = [number for page in pages if (number := self._add(tool, page))]
                kept = numbers if isinstance(self._document, Pdf) else written
                told, content = tool.ask("save", numbers=list(kept))
        except PdfToolDied as error:
            raise _unwritable() from error
        if "error" in told:
            raise _unwritable()
        return content

    def _tool(self) -> PdfTool:
        if isinstance(self._document, Pdf):
            return self._document.writer()
        return PdfTool(None, Limits.of(self._settings, 0))

    def _add(self, tool: PdfTool, page: Page) -> int:
        """Add what was read; return the number of the page in what is written, or 0."""
        if page.error:
            self.failed.append(page.number)
            return 0
        number = page.number
        if number in self._jpegs:
            jpeg = self._jpegs.pop(number)
            self._room -= len(jpeg["content"])
            if self._room < 0:
                raise TooManyPages(
                    "The pictures of the pages are too large together for one PDF. Choose fewer "
                    "with pages."
                )
            told, _ = tool.ask("picture", **jpeg)
            if "error" in told:
                self.failed.append(page.number)
                return 0
            number = told["number"]
        lines = [asdict(line) for line in page.lines]
        told, _ = tool.ask("add", number=number, width=page.width, height=page.height, lines=lines)
        if "error" in told:
            self.failed.append(page.number)
        return number


def _within_jpeg(pixels: Pixels) -> Pixels:
    """Shrink a picture that is too long for JPEG; a PDF's pages cannot be that long either."""
    height, width = pixels.shape[:2]
    size = min(width, _MOST_JPEG_PIXELS_A_SIDE), min(height, _MOST_JPEG_PIXELS_A_SIDE)
    return pixels if size == (width, height) else np.asarray(cv2.resize(pixels, size), np.uint8)


def _unwritable() -> InvalidDocument:
    return InvalidDocument(
        "The document can be read, but no searchable PDF can be made of it: it is damaged or takes "
        "too much time or memory. Ask for another format."
    )
