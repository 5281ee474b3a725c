"""Which lines a document says itself."""

import io

import pikepdf
import pytest
from pikepdf import Dictionary, Name

from ocr_server.documents.own_text import without_own_text
from ocr_server.page import Page
from ocr_server.text_line import TextLine
from tests.pdfs import document, layered, opened, page_of, pdfium_text, rectangle, saved

TITLE = TextLine(rectangle(100, 60, 420, 100), "Annual report", 1.0)
STAMP = TextLine(rectangle(560, 520, 760, 550), "RECEIVED 7", 1.0)


def left_out(data: bytes, page: Page) -> list[str | None]:
    """The text of the lines that the document's first page has itself."""
    with opened(data) as pdf:
        kept = without_own_text(page, pdf[0])
    assert set(kept.lines) <= set(page.lines)
    return [line.text for line in page.lines if line not in kept.lines]


def typed(text: str, operators: str, font: Dictionary | None = None) -> bytes:
    """A page on which a text is set, by these operators, as on a computer."""
    pdf = document(drawing=f"BT /F 16 Tf {operators} ({text}) Tj ET".encode())
    helvetica = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    pdf.pages[0].obj.Resources = Dictionary(Font=Dictionary(F=font or helvetica))
    return saved(pdf)


def test_a_scan_has_no_text_of_its_own() -> None:
    assert left_out(saved(document()), page_of(TITLE, STAMP)) == []


def test_a_line_that_was_typed_is_left_out_and_others_are_kept() -> None:
    data = typed("Annual report and more", "52 254 Td")
    assert left_out(data, page_of(TITLE, STAMP)) == ["Annual report"]


def test_unseen_text_counts_too() -> None:
    assert left_out(layered(document(), page_of(TITLE)), page_of(TITLE, STAMP)) == ["Annual report"]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_text_is_found_on_a_page_that_is_turned(rotation: int) -> None:
    pdf = document()
    pdf.pages[0].obj.Rotate = rotation
    size = {"width": 800, "height": 600} if rotation == 180 else {"width": 600, "height": 800}
    title = TextLine(rectangle(100, 60, 420, 100), "Annual report", 1.0)
    other = TextLine(rectangle(100, 200, 420, 240), "Another line", 1.0)
    data = layered(pdf, page_of(title, **size))
    assert left_out(data, page_of(title, other, **size)) == ["Annual report"]


def test_text_under_less_than_half_of_a_line_does_not_count() -> None:
    assert left_out(typed("Annual", "52 254 Td"), page_of(TITLE)) == []


def test_text_of_the_lines_above_and_below_does_not_count() -> None:
    above = TextLine(rectangle(100, 16, 420, 56), "The line above", 1.0)
    below = TextLine(rectangle(100, 104, 420, 144), "The line below", 1.0)
    assert left_out(layered(document(), page_of(above, below)), page_of(TITLE)) == []


def test_text_that_leans_or_stands_is_found() -> None:
    leaning = TextLine(((100, 300), (400, 130), (420, 165), (120, 335)), "Leaning text", 1.0)
    standing = TextLine(rectangle(600, 100, 640, 500), "Standing text", 1.0)
    page = page_of(leaning, standing)
    assert left_out(layered(document(), page), page) == ["Leaning text", "Standing text"]


def test_text_that_nobody_can_read_does_not_count() -> None:
    unknown = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name.Unknown,
        Encoding=Name("/Identity-H"),
        DescendantFonts=[
            Dictionary(
                Type=Name.Font,
                Subtype=Name.CIDFontType2,
                BaseFont=Name.Unknown,
                CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
                DW=700,
            )
        ],
    )
    data = typed("Annual report and still more", "52 254 Td", unknown)
    assert pdfium_text(data) != [[]]
    assert left_out(data, page_of(TITLE)) == []


def test_a_page_with_very_much_text_gets_none() -> None:
    crowd = [
        TextLine(rectangle(50, 200 + 5 * number, 750, 204 + 5 * number), "0123456789" * 90, 1.0)
        for number in range(60)
    ]
    data = layered(document(), page_of(*crowd))
    assert left_out(data, page_of(TITLE, STAMP)) == ["Annual report", "RECEIVED 7"]


def test_a_line_without_a_box_is_looked_for_all_over_the_page() -> None:
    whole = TextLine(text="Whole", score=1.0)
    assert left_out(layered(document(), page_of(whole)), page_of(whole)) == ["Whole"]


def test_a_page_whose_own_text_is_left_out_says_each_line_once() -> None:
    data = typed("Annual report", "52 254 Td")
    with opened(data) as pdf:
        page = without_own_text(page_of(TITLE, STAMP), pdf[0])
    (found,) = pdfium_text(layered(pikepdf.open(io.BytesIO(data)), page))
    assert sorted(found) == ["Annual report", "RECEIVED 7"]
