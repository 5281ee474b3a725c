"""What is told of a request when it is answered: by the log, the metrics and Server-Timing."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from ocr_server.page import Page
from ocr_server.stopwatch import Stopwatch

# In the WSGI environment, where gunicorn's logger finds it when the answer is sent.
NAME = "ocr_server.record"


@dataclass(slots=True)
class Record:
    """One request: its id, how it ended, what it held, how long each stage took."""

    request_id: str = ""
    code: str = "ok"  # or an error's code
    reason: str = ""  # for the log alone: what was wrong with a request that cannot be parsed
    image_bytes: int = 0  # of all files received, documents too
    image_pixels: int = 0
    text_lines: int = 0
    pages: int = 0  # that were read: pictures, and pages of documents
    stopwatch: Stopwatch = field(default_factory=Stopwatch)

    def add(self, page: Page) -> None:
        """Count a page in; one that failed was not read."""
        self.pages += page.error is None
        self.image_pixels += page.width * page.height
        self.text_lines += len(page.lines)


def of(environ: MutableMapping[str, Any]) -> Record:
    """Return the record in a WSGI environment; a new one if there is none."""
    if NAME not in environ:
        environ[NAME] = Record()
    found = environ[NAME]
    assert isinstance(found, Record)
    return found
