"""The forms in which `ocr_server read` writes what it read."""

from dataclasses import dataclass
from enum import Enum


class Joined(Enum):
    """How the answers of several files follow each other on standard output."""

    AS_OBJECTS = "an object a line, that names its file"
    UNDER_HEADS = "each under a line that names its file"
    NOT = "not at all"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of answers.

    ending: of a file that holds one. joined: how several follow each other.
    is_binary: whether it is nothing for a terminal.
    """

    name: str
    ending: str
    media_type: str
    joined: Joined
    is_binary: bool = False


FORMS = {
    form.name: form
    for form in (
        Form("json", ".json", "application/json", Joined.AS_OBJECTS),
        Form("text", ".txt", "text/plain", Joined.UNDER_HEADS),
        Form("markdown", ".md", "text/markdown", Joined.UNDER_HEADS),
        Form("hocr", ".hocr", "text/vnd.hocr+html", Joined.NOT),
        Form("alto", ".xml", "application/alto+xml", Joined.NOT),
        Form("tsv", ".tsv", "text/tab-separated-values", Joined.NOT),
        Form("image", ".png", "image/png", Joined.NOT, is_binary=True),
        Form("ndjson", ".ndjson", "application/x-ndjson", Joined.AS_OBJECTS),
        Form("pdf", ".pdf", "application/pdf", Joined.NOT, is_binary=True),
    )
}
