"""PDF documents: opened and rendered in a process of their own."""

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ocr_server.documents.document_options import DocumentOptions
from ocr_server.documents.pdf_tool import Limits, PdfTool, PdfToolDied
from ocr_server.errors import InvalidDocument, InvalidPage, InvalidPassword
from ocr_server.reader import Picture
from ocr_server.settings import Settings

_MOST_DEATHS = 3  # of processes; a document that kills more is not worth another


class Pdf:
    """A PDF; any number of threads may load its pages, which are rendered one at a time."""

    ahead = 16
    is_serial = True

    def __init__(self, data: bytes, asked: DocumentOptions, settings: Settings) -> None:
        """Open it. Raises InvalidDocument, InvalidPassword."""
        self._asked = asked
        self._limits = Limits.of(settings, len(data))
        self._turn = threading.Lock()
        self._deaths = 0
        self._tool: PdfTool | None = None
        self._file = os.memfd_create("ocr_server-document", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(self._file), "wb") as file:
                file.write(data)
            self._tool, self.page_count = self._opened()
        except BaseException:
            self.close()
            raise

    def page(self, number: int) -> Callable[[], Picture]:
        """Return what renders a page."""
        return partial(self._render, number)

    def writer(self) -> PdfTool:
        """Return another process, which has opened the document to write it. Raises as here."""
        tool, _ = self._opened()
        return tool

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._tool:
            self._tool.close()
        os.close(self._file)

    def _opened(self) -> tuple[PdfTool, int]:
        tool = PdfTool(self._file, self._limits)
        try:
            told, _ = tool.ask("open", password=self._asked.password)
            if told.get("error") == "password":
                raise InvalidPassword(
                    "The PDF is encrypted, and the password is missing or wrong. Send it as the "
                    "form field or JSON member password."
                )
            return tool, int(told["page_count"])
        except (PdfToolDied, KeyError, InvalidPassword) as error:
            tool.close()
            if isinstance(error, InvalidPassword):
                raise
            raise InvalidDocument(
                "The PDF is broken, cut short or takes too much time or memory to open. Check that "
                "it opens in a viewer and that all of it was sent."
            ) from error

    def _render(self, number: int) -> Picture:
        with self._turn:
            told, content = self._rendered(number)
        if "error" in told:
            raise InvalidPage("The page is broken, or takes too much memory.")
        height, width = told["height"], told["width"]
        rows = np.frombuffer(content, np.uint8).reshape(height, told["stride"])
        pixels = np.ascontiguousarray(rows[:, : 3 * width]).reshape(height, width, 3)
        return Picture(pixels, told["dpi"])

    def _rendered(self, number: int) -> tuple[dict[str, Any], bytes]:
        try:
            if self._deaths >= _MOST_DEATHS:
                raise PdfToolDied
            if self._tool is None:
                self._tool, _ = self._opened()
            return self._tool.ask("render", number=number, dpi=self._asked.dpi)
        except (PdfToolDied, InvalidDocument) as error:
            self._deaths += 1
            if self._tool:
                self._tool.close()
                self._tool = None  # The next page gets another.
            raise InvalidPage(
                "The page takes too much time or memory to render, or the PDF is broken."
            ) from error
