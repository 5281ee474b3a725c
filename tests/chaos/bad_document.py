"""A document made by hand to hurt a server, and what may come of it."""

from dataclasses import dataclass

READ = "read"
INTACT = (READ,)
NOT_OPENED = ("invalid_document",)
READ_OR_NOT = (READ, "invalid_page")
WHATEVER = (READ, "invalid_page", "invalid_document")


@dataclass(frozen=True, slots=True)
class BadDocument:
    """A document to be sent to /ocr/document.

    wanted: what may come of the whole or of each page: an error's code, or READ.
    """

    name: str
    wanted: tuple[str, ...]
    body: bytes
    query: str = ""
