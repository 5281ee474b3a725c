"""Pages -> a PDF in which their text can be searched, selected and copied."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict

import cv2

from ocr_server.document import Document
from ocr_server.errors import InvalidDocument
from ocr_server.page import Page
from ocr_server.pdf import Pdf
from ocr_server.pdf_tool import Limits, PdfTool, PdfToolDied
from ocr_server.reader import Picture
from ocr_server.settings import Settings

_JPEG_QUALITY = 90


class SearchablePdf:
    """The document as a PDF, with what was read on its pages as unseen text.

    A PDF stays as it is under its text. Other documents become a PDF of their pictures.
    """

    def __init__(self, document: Document, settings: Settings) -> None:
        self._document = document
        self._settings = settings
        self._jpegs: dict[int, bytes] = {}

    def keep(self, page: Page, picture: Picture) -> None:
        """Keep a page's picture, where there is no PDF that has it. Any thread may call this."""
        if not isinstance(self._document, Pdf):
            quality = (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
            _, encoded = cv2.imencode(".jpg", picture.pixels, quality)
            self._jpegs[page.number] = encoded.tobytes()

    def write(self, pages: Iterable[Page], numbers: Sequence[int]) -> bytes:
        """Return the PDF of these pages.

        A page that could not be read, or takes no text, has none; that of a picture is missing.
        Raises InvalidDocument, and what `pages` raises.
        """
        try:
            with closing(self._tool()) as tool:
                if "error" in tool.ask("begin")[0]:
                    raise _unwritable()
                written = [self._add(tool, page) for page in pages if page.error is None]
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
        """Add what was read; return the number of the page in what is written."""
        number, width, height = page.number, page.width, page.height
        jpeg = self._jpegs.pop(number, None)
        if jpeg is not None:
            told, _ = tool.ask("picture", jpeg, width=width, height=height, dpi=page.dpi)
            if "error" in told:
                self.failed.append(page.number)
                return 0
            number = told["number"]
        lines = [asdict(line) for line in page.lines]
        tool.ask("add", number=number, width=width, height=height, lines=lines)
        return number


def _unwritable() -> InvalidDocument:
    return InvalidDocument(
        "The document can be read, but no searchable PDF can be made of it: it is damaged or takes "
        "too much time or memory. Ask for another format."
    )
