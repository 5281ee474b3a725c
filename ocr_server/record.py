"""What is told of a request when it is answered: by the log, the metrics and Server-Timing."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from ocr_server.stopwatch import Stopwatch

# In the WSGI environment, where gunicorn's logger finds it when the answer is sent.
NAME = "ocr_server.record"


@dataclass(slots=True)
class Record:
    """One request: its id, how it ended, what it held, how long each stage took."""

    request_id: str = ""
    code: str = "ok"  # or an error's code
    reason: str = ""  # for the log alone: what was wrong with a request that cannot be parsed
    image_bytes: int = 0
    image_pixels: int = 0
    text_lines: int = 0
    stopwatch: Stopwatch = field(default_factory=Stopwatch)


def of(environ: MutableMapping[str, Any]) -> Record:
    """Return the record in a WSGI environment; a new one if there is none."""
    if NAME not in environ:
        environ[NAME] = Record()
    found = environ[NAME]
    assert isinstance(found, Record)
    return found
