"""The table with Tesseract's columns."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_server.engine import Engine
from ocr_server.errors import InvalidImage
from ocr_server.formats.tsv import FORMAT, write
from ocr_server.page import Page
from ocr_server.text_line import TextLine
from tests.formats.pages import line, page, picture, read, with_characters

HEAD = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
)


def written(*pages: Page) -> str:
    return "".join(write(pages))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_every_level_has_its_row() -> None:
    lines = [with_characters("ab c", 100, 50, 10), line("d", 100, 70, 90)]
    assert written(page(*lines)).splitlines() == [
        HEAD,
        "1\t1\t0\t0\t0\t0\t0\t0\t1000\t800\t-1\t",
        "2\t1\t1\t0\t0\t0\t100\t50\t90\t40\t-1\t",
        "3\t1\t1\t1\t0\t0\t100\t50\t90\t40\t-1\t",
        "4\t1\t1\t1\t1\t0\t100\t50\t40\t10\t-1\t",
        "5\t1\t1\t1\t1\t1\t100\t50\t20\t10\t50.500000\tab",
        "5\t1\t1\t1\t1\t2\t130\t50\t10\t10\t53.000000\tc",
        "4\t1\t1\t1\t2\t0\t100\t70\t90\t20\t-1\t",
        "5\t1\t1\t1\t2\t1\t100\t70\t90\t20\t90.000000\td",
    ]


def test_the_head_stands_once_and_pages_are_numbered() -> None:
    rows = table(written(page(number=1), page(number=2)))
    assert [(row["level"], row["page_num"]) for row in rows] == [("1", "1"), ("1", "2")]


def test_quotes_stay_as_they_were_read() -> None:
    rows = table(written(page(line('say "no', 10, 10, 90), line("'so\"", 10, 40, 90))))
    assert [row["text"] for row in rows if row["level"] == "5"] == ['say "no', "'so\""]


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_table(text: str) -> None:
    lines = written(page(line(text, 10, 10, 90))).split("\n")
    assert {text.count("\t") for text in lines[:-1]} == {11}
    assert len(lines) == (7 if text.split() else 6)


def test_a_line_that_was_not_read_has_no_words() -> None:
    rows = table(written(page(line(None, 10, 10, 90))))
    assert [row["level"] for row in rows] == ["1", "2", "3", "4"]


def test_a_line_without_box_fills_the_page() -> None:
    word = table(written(page(TextLine(text="all", score=0.5))))[-1]
    assert [word[name] for name in ("left", "top", "width", "height", "conf")] == [
        "0",
        "0",
        "1000",
        "800",
        "50.000000",
    ]


def test_a_page_that_failed_is_told_in_its_row() -> None:
    (row,) = table(written(Page(3, 0, 0, error=InvalidImage("Broken\tin\nhalf."))))
    assert (row["level"], row["conf"]) == ("1", "-1")
    assert row["text"] == "Page 3 could not be read: Broken in half. (invalid_image)"


def test_the_words_of_a_real_page_lie_in_their_lines(engine: Engine) -> None:
    rows = table(written(read(engine, picture("page_latin.png"))))
    assert [row["text"] for row in rows if row["level"] == "5"][:4] == (
        ["Harbour", "Street", "Garden", "Shop"]
    )
    assert all(0 <= float(row["conf"]) <= 100 for row in rows if row["level"] == "5")


def test_it_needs_words() -> None:
    assert (FORMAT.media_types, FORMAT.needs_words) == (("text/tab-separated-values",), True)
