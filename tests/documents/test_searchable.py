"""Searchable PDFs of whole documents, page by page."""

import io
from collections.abc import Sequence
from contextlib import closing

import numpy as np
import pikepdf
import pytest
from PIL import Image

from ocr_server.documents.document import Document, Pictures, open_document
from ocr_server.documents.document_options import DocumentOptions
from ocr_server.documents.searchable import SearchablePdf
from ocr_server.errors import InvalidDocument, InvalidPage, TooManyPages
from ocr_server.page import Page
from ocr_server.reader import Picture
from ocr_server.settings import Settings
from ocr_server.text_line import TextLine
from tests import pdfs
from tests.chaos.raw_pdf import many_pages
from tests.pdfs import complaints, encrypted, pdftotext, rectangle, rendered, saved
from tests.processes import leaving_nothing

SIZE = (400, 300)


def read(number: int, text: str, size: tuple[int, int] = SIZE) -> Page:
    """A page on which a line was read."""
    line = TextLine(box=rectangle(40, 40, 240, 70), text=text, score=1.0)
    return Page(number, *size, (line,), 72)


def failed(number: int) -> Page:
    return Page(number, 0, 0, error=InvalidPage("It is torn."))


def blank(size: tuple[int, int] = SIZE) -> Picture:
    return Picture(np.full((size[1], size[0], 3), 200, np.uint8))


def pdf(pages: int = 3) -> Document:
    return open_document(saved(pdfs.document(pages)), DocumentOptions(), Settings())


def written(
    document: Document,
    pages: Sequence[Page],
    settings: Settings | None = None,
    picture: Picture | None = None,
) -> tuple[bytes, list[int]]:
    """The PDF of these pages, and the numbers of those that failed; it closes the document."""
    settings = settings or Settings()
    with leaving_nothing(), closing(document):
        searchable = SearchablePdf(document, settings)
        for page in pages:
            if not page.error:
                searchable.keep(page, picture or blank((page.width, page.height)))
        numbers = [page.number for page in pages]
        return searchable.write(iter(pages), numbers), searchable.failed


def pictures_of(count: int) -> Pictures:
    return Pictures([b""] * count, 10**8)  # What was read is given; they are not looked at.


def test_a_pdf_keeps_its_pages_and_gets_their_text() -> None:
    data, bad = written(pdf(), [read(1, "one"), read(2, "two"), read(3, "three")])
    assert (pdftotext(data), bad) == ([["one"], ["two"], ["three"]], [])
    for after, before in zip(rendered(data), rendered(saved(pdfs.document(3))), strict=True):
        np.testing.assert_array_equal(after, before)
    assert complaints(data) == ""


def test_only_the_pages_asked_for_are_kept() -> None:
    data, _ = written(pdf(9), [read(2, "two"), read(7, "seven")])
    assert pdftotext(data) == [["two"], ["seven"]]


def test_a_page_of_a_pdf_that_failed_stays_without_text_and_is_told() -> None:
    data, bad = written(pdf(), [read(1, "one"), failed(2), read(3, "three")])
    assert (pdftotext(data), bad) == ([["one"], [], ["three"]], [2])


def test_pictures_become_pages() -> None:
    data, bad = written(pictures_of(2), [read(1, "one"), read(2, "two", (300, 400))])
    assert (pdftotext(data), bad) == ([["one"], ["two"]], [])
    # At 72 dots an inch a point is a pixel.
    assert [page.shape[1::-1] for page in rendered(data)] == [(400, 300), (300, 400)]
    assert rendered(data)[0].mean() == pytest.approx(200, abs=2)
    assert complaints(data) == ""


def test_a_picture_that_failed_is_left_out_and_told() -> None:
    data, bad = written(pictures_of(3), [read(1, "one"), failed(2), read(3, "three")])
    assert (pdftotext(data), bad) == ([["one"], ["three"]], [2])


def test_if_no_picture_could_be_read_there_is_no_pdf() -> None:
    with pytest.raises(InvalidDocument, match="no searchable PDF"):
        written(pictures_of(2), [failed(1), failed(2)])


def test_a_picture_longer_than_a_jpeg_may_be_becomes_a_page() -> None:
    size = (70_000, 3)
    data, bad = written(pictures_of(1), [Page(1, *size)], picture=blank(size))
    assert bad == []
    with pikepdf.open(io.BytesIO(data)) as found:
        image = found.pages[0].Resources.XObject.Picture
        assert (int(image.Width), int(image.Height)) == (65_500, 3)
        with Image.open(io.BytesIO(image.read_raw_bytes())) as jpeg:
            assert jpeg.size == (65_500, 3)


def test_more_than_may_be_held_is_told() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (5000, 5000, 3), np.uint8)
    pages = [Page(number, 5000, 5000) for number in range(1, 16)]
    settings = Settings(max_render_bytes=256 << 20)
    with pytest.raises(TooManyPages, match="Choose fewer with pages"):
        written(pictures_of(15), pages, settings, Picture(noise))


def test_grey_pictures_stay_grey_and_coloured_ones_coloured() -> None:
    colour = np.full((*SIZE[::-1], 3), (200, 100, 50), np.uint8)
    for picture, space in ((blank(), "/DeviceGray"), (Picture(colour), "/DeviceRGB")):
        data, _ = written(pictures_of(1), [read(1, "one")], Settings(), picture)
        with pikepdf.open(io.BytesIO(data)) as opened:
            assert opened.pages[0].Resources.XObject.Picture.ColorSpace == space


def test_an_encrypted_pdf_is_written_open() -> None:
    data = encrypted(pdfs.document(2), "user")
    document = open_document(data, DocumentOptions(password="user"), Settings())
    data, _ = written(document, [read(1, "one"), read(2, "two")])
    assert pdftotext(data) == [["one"], ["two"]]


def test_a_document_that_is_understood_in_two_ways_is_not_written() -> None:
    # PDFium believes the count, qpdf the list.
    wrong = many_pages(3).replace(b"/Count 3", b"/Count 5")
    document = open_document(wrong, DocumentOptions(), Settings())
    assert document.page_count == 5
    with pytest.raises(InvalidDocument, match="no searchable PDF"):
        written(document, [read(1, "one")])


def test_what_ends_the_reading_ends_the_writing_and_its_process() -> None:
    def pages() -> list[Page]:
        raise ZeroDivisionError

    with leaving_nothing(), closing(pdf()) as document, pytest.raises(ZeroDivisionError):
        SearchablePdf(document, Settings()).write((pages() for _ in range(1)), [1])  # type: ignore[misc]
