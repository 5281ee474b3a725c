"""The forms in which `ocr_server read` writes what it read: what a server's formats do not say."""

from dataclasses import dataclass
from enum import Enum

from ocr_server.formats.format import Format
from ocr_server.reading.failure import ReadError


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
    joined: Joined
    is_binary: bool = False

    @property
    def format(self) -> Format:
        """The format of this name."""
        # Imported here: formats that draw load OpenCV, which takes longer than help should.
        from ocr_server.formats.choices import OF_DOCUMENTS, OF_PICTURES

        return next(each for each in (*OF_DOCUMENTS, *OF_PICTURES) if each.name == self.name)

    def check_document(self) -> None:
        """Raise ReadError if this is no form for a document."""
        if self.name == "image":
            detail = "A document is not drawn as one picture. Choose another --format."
            raise ReadError("Format is for pictures", detail, "invalid_option")


FORMS = {
    form.name: form
    for form in (
        Form("json", ".json", Joined.AS_OBJECTS),
        Form("text", ".txt", Joined.UNDER_HEADS),
        Form("markdown", ".md", Joined.UNDER_HEADS),
        Form("hocr", ".hocr", Joined.NOT),
        Form("alto", ".xml", Joined.NOT),
        Form("tsv", ".tsv", Joined.NOT),
        Form("image", ".png", Joined.NOT, is_binary=True),
        Form("ndjson", ".ndjson", Joined.AS_OBJECTS),
        Form("pdf", ".pdf", Joined.NOT, is_binary=True),
    )
}
