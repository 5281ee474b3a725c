"""The text layer of a searchable PDF: what was read on a page, unseen, where it was read."""

import unicodedata
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import pikepdf
from pikepdf import Dictionary, Name, Object

from ocr_server.documents.baseline import Baseline
from ocr_server.documents.invisible_font import InvisibleFont, width_of
from ocr_server.documents.page_area import Matrix, inherited, pixels_to_page
from ocr_server.page import Page
from ocr_server.text_line import Box, TextLine

_INVISIBLE = 3  # text rendering mode (ISO 32000-2, 9.3.6)


class BrokenPdf(Exception):
    """The document, or a page of it, is not such that a text layer can be put on it."""


class TextLayer:
    """Puts the text of pages over the pages of a document.

    The pages' own content streams stay as they are. The layer comes before them: it needs nothing
    of the graphics state that they leave behind, and text that is not seen can lie below what is.
    What a page says itself it would say twice: see `own_text`.
    """

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._font = InvisibleFont(pdf)

    def add(self, page_index: int, page: Page) -> None:
        """Put a page's lines over a page of the document, the first of which is 0.

        A line without a box, as the detector did not run, is taken to fill the page. Words, where
        there are any, tell where on its line each part of the text lies. Raises BrokenPdf.
        """
        if not any(line.text for line in page.lines):
            return
        try:
            target = self._pdf.pages[page_index]
            matrix = pixels_to_page(target, page.width, page.height)
            name = self._name_of_font(target)
            content = b"\n".join(self._content(page, matrix, name))
            stream = self._pdf.make_stream(zlib.compress(content), Filter=Name.FlateDecode)
            target.contents_add(stream, prepend=True)
        # What a broken document makes of each call is in no contract.
        except Exception as error:
            raise BrokenPdf(f"Page {page_index + 1} takes no text layer.") from error

    def save(self, file: BinaryIO) -> None:
        """Write the document with its layer, once, and without a password even where it had one.

        Its objects stay as they are packed, so that archives (PDF/A-1) stay what they are. The
        same document and text give the same bytes. Raises BrokenPdf.
        """
        self._font.write()
        try:
            self._pdf.save(file, encryption=False, deterministic_id=True)
        except (pikepdf.PikepdfError, RuntimeError, ValueError) as error:
            raise BrokenPdf("The document cannot be saved.") from error

    def _name_of_font(self, page: pikepdf.Page) -> Name:
        """Return the font's name in a page's resources, where it is put if it is not there.

        Resources that pages share or inherit stay shared: it does no harm to other pages that
        they know one font more.
        """
        resources = inherited(page, Name.Resources)
        if not isinstance(resources, Dictionary):
            resources = page.obj[Name.Resources] = Dictionary()
        fonts = resources.get(Name.Font)
        if not isinstance(fonts, Dictionary):
            resources[Name.Font] = Dictionary()
            fonts = resources[Name.Font]
        name = "/Invisible"
        while name in fonts and not _same(fonts[name], self._font.reference):
            name += "-"
        fonts[name] = self._font.reference
        return Name(name)

    def _content(self, page: Page, matrix: Matrix, font: Name) -> Iterator[bytes]:
        """Give the lines of the layer's content stream; it is laid out in pixels."""
        everything = ((0, 0), (page.width, 0), (page.width, page.height), (0, page.height))
        yield b"q %s cm BT %d Tr" % (_numbers(*matrix), _INVISIBLE)
        for line in page.lines:
            yield from self._line(line, line.box or everything, font)
        yield b"ET Q\n"

    def _line(self, line: TextLine, box: Box, font: Name) -> Iterator[bytes]:
        text = "".join(map(_shown, line.text or ""))
        baseline = Baseline.of(box, text, line.words)
        if not text.strip() or baseline is None:
            return
        (x, y), (right, down), size = baseline.start, baseline.direction, baseline.height
        pieces = list(baseline.pieces(text, line.words))
        x, y = x + right * pieces[0].start, y + down * pieces[0].start
        # Pixels count downwards, so a character's top lies a quarter turn to the left of its text.
        yield b"%s %s Tf" % (str(font).encode(), _numbers(size))
        yield b"%s Tm" % _numbers(right, down, down, -right, x, y)
        for piece in pieces:
            scale = 100 * piece.width / (size * width_of(piece.text))
            yield b"%s Tz <%s> Tj" % (_numbers(scale), self._font.encode(piece.text))


def _same(one: Object, other: Object) -> bool:
    return isinstance(one, Dictionary) and one.objgen == other.objgen


def _shown(character: str) -> str:
    """Return a character, or a space for one that means nothing on a page."""
    return " " if unicodedata.category(character) in ("Cc", "Cs") else character


def _numbers(*values: float) -> bytes:
    return " ".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in values).encode()
