"""The other side of `pdf_process`: starts it, asks it, ends it."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_server.errors import ServerBusy
from ocr_server.settings import Settings

# Isolated (-I) from variables and folders of the user, Python finds what is installed; this names
# the package that runs here, be it installed or not.
_FOLDER = str(Path(__file__).parent.parent.parent)
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); import ocr_server; del sys.path[0]; "
    "from ocr_server.documents.pdf_process import main; main()"
)


class PdfToolDied(Exception):
    """The process has ended: by a crash, by its limits, or because it was closed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """most_bytes: of memory that the process may take. seconds: for each thing it is asked."""

    most_bytes: int
    seconds: int

    @classmethod
    def of(cls, settings: Settings, document_bytes: int) -> "Limits":
        """Return the limits for a document; it comes on top of what rendering may take."""
        # Opening and rendering together must end before the watchdog ends the whole worker.
        most = max(1, int(settings.max_inference_seconds / 3))
        seconds = min(settings.max_render_seconds, most)
        return cls(settings.max_render_bytes + document_bytes, seconds)


class PdfTool:
    """A process that does what is asked of a PDF; one thread at a time may ask."""

    def __init__(self, file: int | None, limits: Limits) -> None:
        """Start it for a file, by its descriptor, or for a new document. Raises ServerBusy."""
        numbers = (-1 if file is None else file, limits.most_bytes, limits.seconds)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, and numbers
                [sys.executable, "-I", "-c", _START, _FOLDER, *map(str, numbers)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[] if file is None else [file],
            )
        except OSError as error:
            raise ServerBusy("The system starts no more processes. Try again later.") from error

    def ask(self, what: str, content: bytes = b"", **how: Any) -> tuple[dict[str, Any], bytes]:
        """Return what it tells, and the bytes behind that. Raises PdfToolDied."""
        assert self._process.stdin
        assert self._process.stdout
        command = {"do": what, **how, "bytes": len(content)}
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n" + content)
            self._process.stdin.flush()
            told: dict[str, Any] = json.loads(self._process.stdout.readline())
            answered = self._process.stdout.read(told["bytes"])
        except (OSError, ValueError) as error:
            raise PdfToolDied from error
        if len(answered) < told["bytes"]:
            raise PdfToolDied
        return told, answered

    def close(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        for end in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # What was not written yet cannot be.
                if end:
                    end.close()
