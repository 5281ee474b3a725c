"""PDF documents: opened and rendered in a process of their own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from ocr_server.document_options import DocumentOptions
from ocr_server.errors import InvalidDocument, InvalidPage, InvalidPassword
from ocr_server.reader import Picture
from ocr_server.settings import Settings

_MODULE = "ocr_server.pdf_process"
_MOST_DEATHS = 3  # of processes; a document that kills more is not worth another


class PdfProcessDied(Exception):
    """The process has ended: by a crash, by its limits, or because it was closed."""


class Pdf:
    """A PDF; any number of threads may load its pages, which are rendered one at a time."""

    ahead = 16

    def __init__(self, data: bytes, asked: DocumentOptions, settings: Settings) -> None:
        """Open it. Raises InvalidDocument, InvalidPassword."""
        self._asked = asked
        self._limits = [settings.max_render_bytes + len(data), settings.max_render_seconds]
        self._turn = threading.Lock()
        self._deaths = 0
        self._file = os.memfd_create("ocr_server-document", os.MFD_CLOEXEC)
        self._process: PdfProcess | None = None
        try:
            with os.fdopen(os.dup(self._file), "wb") as file:
                file.write(data)
            self.page_count = self._open()
        except BaseException:
            self.close()
            raise

    def page(self, number: int) -> Callable[[], Picture]:
        """Return what renders a page."""
        return partial(self._render, number)

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._process:
            self._process.close()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> int:
        self._process = PdfProcess(self._file, self._limits)
        try:
            told, _ = self._process.ask("open", password=self._asked.password)
        except PdfProcessDied:
            told = {"error": "broken"}
        if told.get("error") == "password":
            raise InvalidPassword(
                "The PDF is encrypted, and the password is missing or wrong. Send it as the form "
                "field or JSON member password."
            )
        if "error" in told:
            raise InvalidDocument(
                "The PDF is broken, cut short or takes too much time or memory to open. Check that "
                "it opens in a viewer and that all of it was sent."
            )
        return int(told["page_count"])

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
            if self._process is None:
                self._open()
            assert self._process
            return self._process.ask("render", number=number, dpi=self._asked.dpi)
        except (PdfProcessDied, InvalidDocument) as error:
            self._deaths += 1
            if self._process and self._deaths < _MOST_DEATHS:
                self._process.close()
                self._process = None  # The next page gets another.
            raise InvalidPage(
                "The page takes too much time or memory to render, or the PDF is broken."
            ) from error


class PdfProcess:
    """A process that does what is asked of a PDF."""

    def __init__(self, file: int, limits: list[int]) -> None:
        """Start it for the file of a descriptor, with limits on memory in bytes and on seconds."""
        command = [sys.executable, "-I", "-m", _MODULE, *map(str, [file, *limits])]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, and numbers
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[file]
        )

    def ask(self, what: str, **how: Any) -> tuple[dict[str, Any], bytes]:
        """Return what it tells, and the bytes behind that. Raises PdfProcessDied."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"do": what, **how}).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
            told: dict[str, Any] = json.loads(line)
            content = self._process.stdout.read(told["bytes"])
        except (OSError, ValueError) as error:
            raise PdfProcessDied from error
        if len(content) < told["bytes"]:
            raise PdfProcessDied
        return told, content

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for end in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # What was not written yet cannot be.
                if end:
                    end.close()
