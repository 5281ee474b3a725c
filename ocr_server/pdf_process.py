"""The process in which a PDF is rendered: `python -m ocr_server.pdf_process`.

PDFium is no place for threads, and hostile files have crashed such libraries, filled their
memory or kept them busy for ever. Here that ends this process, and one page. It takes one command
a line, as JSON, from standard input, and answers each on standard output: a line of JSON, then as
many bytes as its `bytes` says.
"""

import ctypes
import json
import math
import mmap
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import IO, Any

import pypdfium2

Answer = tuple[dict[str, Any], Any]

# The engine shrinks what is longer than 2000 pixels; twice that is more than it can use.
_MOST_PIXELS_A_SIDE = 5000
_POINTS_AN_INCH = 72
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD in PDFium's fpdfview.h


class PdfTool:
    """A PDF and what is asked of it."""

    def __init__(self, file: int) -> None:
        """Take the file's descriptor."""
        # Private: PDFium is given bytes that it could write to.
        self._bytes = mmap.mmap(file, 0, mmap.MAP_PRIVATE)
        self._pdf: pypdfium2.PdfDocument

    def open(self, password: str | None) -> Answer:
        """Open the document; tell how many pages it has."""
        view = (ctypes.c_char * len(self._bytes)).from_buffer(self._bytes)
        try:
            self._pdf = pypdfium2.PdfDocument(view, password)
        except pypdfium2.PdfiumError as error:
            return {"error": "password" if error.err_code == _PASSWORD_ERROR else "broken"}, b""
        self._pdf.init_forms()
        return {"page_count": len(self._pdf)}, b""

    def render(self, number: int, dpi: int) -> Answer:
        """Render a page, from 1, to BGR."""
        try:
            page = self._pdf[number - 1]
            longest = max(page.get_size())
            if not min(page.get_size()) > 0 or not math.isfinite(longest):
                return {"error": "page"}, b""
            scale = min(dpi / _POINTS_AN_INCH, _MOST_PIXELS_A_SIDE / longest)
            bitmap = page.render(scale=scale)
        except (pypdfium2.PdfiumError, MemoryError):
            return {"error": "page"}, b""
        page.close()
        told = {
            "width": bitmap.width,
            "height": bitmap.height,
            "stride": bitmap.stride,
            "dpi": round(scale * _POINTS_AN_INCH),
        }
        return told, bitmap.buffer


def serve(tool: PdfTool, seconds: int, commands: IO[bytes], answers: IO[bytes]) -> None:
    """Do what is asked, each within so many seconds, until there is nothing more to do."""
    known: dict[str, Callable[..., Answer]] = {"open": tool.open, "render": tool.render}
    for line in commands:
        command = json.loads(line)
        signal.alarm(seconds)  # Nobody handles it: it ends the process, whatever it does.
        told, content = known[command.pop("do")](**command)
        signal.alarm(0)
        size = ctypes.sizeof(content) if isinstance(content, ctypes.Array) else len(content)
        answers.write(json.dumps({**told, "bytes": size}).encode() + b"\n")
        answers.write(content)
        answers.flush()


def main() -> None:
    """Read the file whose descriptor, limit on memory and on seconds the command line names."""
    file, most_bytes, seconds = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who reads the answers.
    # What a library prints must not stand among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(PdfTool(file), seconds, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
