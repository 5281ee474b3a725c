"""A page as it was read: what every output format is made of."""

from dataclasses import dataclass

from ocr_server.errors import OcrServerError
from ocr_server.text_line import TextLine


@dataclass(frozen=True, slots=True)
class Page:
    """A picture, or a page of a document.

    number: from 1, its place in the document.
    width, height: in pixels, as a person sees it; 0 where it could not be read.
    dpi: dots an inch at which it was rendered; None for pictures.
    lines: in the engine's reading order.
    error: why it could not be read.
    """

    number: int
    width: int
    height: int
    lines: tuple[TextLine, ...] = ()
    dpi: int | None = None
    error: OcrServerError | None = None
