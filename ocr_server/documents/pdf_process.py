"""The process in which PDFs are opened, rendered and written; `pdf_tool` starts it.

PDFium is no place for threads, and hostile files have crashed such libraries, filled their
memory or kept them busy for ever. Here that ends this process, and one page. It takes commands
from standard input and answers each on standard output; both are a line of JSON and behind it as
many bytes as its `bytes` says.
"""

import ctypes
import io
import json
import logging
import math
import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

import pypdfium2

from ocr_server.page import Page
from ocr_server.text_line import TextLine, Word

if TYPE_CHECKING:
    import pikepdf

    from ocr_server.documents.text_layer import TextLayer

Answer = tuple[dict[str, Any], Any]

# The engine shrinks what is longer than 2000 pixels; twice that is more than it can use.
_MOST_PIXELS_A_SIDE = 5000
_POINTS_AN_INCH = 72
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD in PDFium's fpdfview.h


class PdfTool:
    """A PDF and what is asked of it; what fails raises PdfiumError, PikepdfError or BrokenPdf."""

    def __init__(self, file: int) -> None:
        """Take the descriptor of the document's file, or -1 to write a new one."""
        # Private: PDFium is given bytes that it could write to.
        self._bytes = mmap.mmap(file, 0, mmap.MAP_PRIVATE) if file >= 0 else None
        self._password: str | None = None
        self._pdf: pypdfium2.PdfDocument

    def open(self, password: str | None) -> Answer:
        """Open the document; tell how many pages it has."""
        assert self._bytes
        self._password = password
        view = (ctypes.c_char * len(self._bytes)).from_buffer(self._bytes)
        try:
            self._pdf = pypdfium2.PdfDocument(view, password)
        except pypdfium2.PdfiumError as error:
            if error.err_code == _PASSWORD_ERROR:
                return {"error": "password"}, b""
            raise
        self._pdf.init_forms()
        return {"page_count": len(self._pdf)}, b""

    def render(self, number: int, dpi: int) -> Answer:
        """Render a page, from 1, to BGR."""
        page = self._pdf[number - 1]
        longest = max(page.get_size())
        if not min(page.get_size()) > 0 or not math.isfinite(longest):
            return {"error": "broken"}, b""
        scale = min(dpi / _POINTS_AN_INCH, _MOST_PIXELS_A_SIDE / longest)
        bitmap = page.render(scale=scale)
        page.close()
        told = {
            "width": bitmap.width,
            "height": bitmap.height,
            "stride": bitmap.stride,
            "dpi": round(scale * _POINTS_AN_INCH),
        }
        return told, bitmap.buffer

    def begin(self) -> Answer:
        """Begin to write the document; tell if that cannot be done before the work is."""
        # A damaged document may be mended in different ways by those who read and who write it.
        if self._bytes and len(self._written.pages) != len(self._pdf):
            return {"error": "broken"}, b""
        return {}, b""

    def picture(
        self, width: int, height: int, is_grey: bool, dpi: int | None, content: bytes
    ) -> Answer:
        """Append a page that a JPEG of so many pixels fills; tell its number."""
        from ocr_server.documents.picture_page import Jpeg, add_picture_page

        add_picture_page(self._written, Jpeg(content, width, height, is_grey, dpi))
        return {"number": len(self._written.pages)}, b""

    def add(self, number: int, width: int, height: int, lines: list[Any]) -> Answer:
        """Put text lines over a page, from 1, on whose picture of so many pixels they were read."""
        page = Page(number, width, height, tuple(map(_line, lines)))
        if self._bytes:
            from ocr_server.documents.own_text import without_own_text

            document_page = self._pdf[number - 1]
            page = without_own_text(page, document_page)
            document_page.close()
        self._layer.add(number - 1, page)
        return {}, b""

    def save(self, numbers: list[int]) -> Answer:
        """Return the document with its text, and of its pages only these."""
        kept = set(numbers)
        for index in reversed(range(len(self._written.pages))):
            if index + 1 not in kept:
                del self._written.pages[index]
        if not self._written.pages:
            return {"error": "broken"}, b""
        file = io.BytesIO()
        self._layer.save(file)
        return {}, file.getbuffer()

    @cached_property
    def _written(self) -> "pikepdf.Pdf":
        import pikepdf

        if not self._bytes:
            return pikepdf.new()
        password = self._password or ""
        try:
            return pikepdf.open(io.BytesIO(self._bytes), password=password)
        except pikepdf.PasswordError:  # PDFium has opened it: so it did with older encryption.
            return pikepdf.open(io.BytesIO(self._bytes), password=password.encode("latin-1"))

    @cached_property
    def _layer(self) -> "TextLayer":
        from ocr_server.documents.text_layer import TextLayer

        return TextLayer(self._written)


def _line(line: dict[str, Any]) -> TextLine:
    """Return a text line from what `searchable` sends of it."""
    words = line["words"]
    return TextLine(
        box=line["box"],
        text=line["text"],
        words=words and tuple(Word(word["text"], word["box"], word["score"]) for word in words),
    )


def serve(tool: PdfTool, seconds: int, commands: IO[bytes], answers: IO[bytes]) -> None:
    """Do what is asked, each within so many seconds, until there is nothing more to do."""
    known: dict[str, Callable[..., Answer]] = {
        name: getattr(tool, name) for name in ("open", "render", "begin", "picture", "add", "save")
    }
    for line in commands:
        command = json.loads(line)
        size = command.pop("bytes")
        if size:
            command["content"] = commands.read(size)
        signal.alarm(seconds)  # Nobody handles it: it ends the process, whatever it does.
        try:
            told, content = known[command.pop("do")](**command)
        # What a broken document makes of each call is in no contract.
        except Exception:
            told, content = {"error": "broken"}, b""
        signal.alarm(0)
        answers.write(json.dumps({**told, "bytes": memoryview(content).nbytes}).encode() + b"\n")
        answers.write(content)
        answers.flush()


def main() -> None:
    """Read the file whose descriptor, limit on memory and on seconds the command line names."""
    file, most_bytes, seconds = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who reads the answers.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # When they have ended, so does this, unheard.
    logging.disable()  # What a document makes libraries say would fill the server's log.
    # What a library prints must not stand among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(PdfTool(file), seconds, sys.stdin.buffer, answers)
