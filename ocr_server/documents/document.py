"""A document: pages that are loaded one after the other, whatever they are stored in."""

from collections.abc import Callable, Sequence
from typing import Protocol

from ocr_server.decoder import decode, format_of, is_pdf, read_header
from ocr_server.documents.document_options import DocumentOptions
from ocr_server.documents.frames import Animation, TiffPages
from ocr_server.documents.pdf import Pdf
from ocr_server.errors import TooManyPages
from ocr_server.reader import Picture
from ocr_server.settings import Settings


class Document(Protocol):
    """A document.

    page_count: how many pages it has.
    ahead: how many of them may be begun before the first is read, for the memory they take.
    is_serial: whether pages are loaded one at a time, so that one slot is enough for it.
    """

    page_count: int
    ahead: int
    is_serial: bool

    def page(self, number: int) -> Callable[[], Picture]:
        """Begin with a page, from 1; return what loads it.

        Called in the order of the pages by one thread, the result once by any.
        Both raise ClientError.
        """

    def close(self) -> None:
        """Free what the document holds."""


class Pictures:
    """Pictures, each a page."""

    ahead = 16
    is_serial = False

    def __init__(self, files: Sequence[bytes], max_pixels: int) -> None:
        self.page_count = len(files)
        self.numbers = range(1, len(files) + 1)
        self._files = files
        self._max_pixels = max_pixels

    def page(self, number: int) -> Callable[[], Picture]:
        """Return what decodes a picture; its header is read at once."""
        file = self._files[number - 1]
        header = read_header(file, self._max_pixels)
        return lambda: Picture(decode(file, header))

    def close(self) -> None:
        """Do nothing: the bytes are the caller's."""


def open_document(data: bytes, asked: DocumentOptions, settings: Settings) -> Document:
    """Open a PDF, a TIFF, an animation or a picture, told apart by their first bytes.

    Opening may take a second; hold a slot. Raises InvalidDocument, InvalidPassword, TooManyPages,
    InvalidImage, UnsupportedFormat, ImageTooLarge.
    """
    if is_pdf(data):
        return Pdf(data, asked, settings)
    document = _of_picture(data, settings)
    if document.page_count > settings.max_pages:
        raise TooManyPages(
            f"The file has more than {settings.max_pages} pages or frames, as many as are read. "
            "Split it."
        )
    return document


def _of_picture(data: bytes, settings: Settings) -> Document:
    kind = format_of(data) if data else ""
    several: Document | None = None
    if kind == "TIFF":
        several = TiffPages(data, settings)
    if kind in ("GIF", "WEBP"):
        several = Animation(data, kind, settings)
    if several and several.page_count > 1:
        return several
    picture = Pictures([data], settings.max_image_pixels)
    picture.page(1)  # Whoever sends one broken picture is told of it by the status.
    return picture
