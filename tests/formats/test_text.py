"""Plain text."""

from collections.abc import Iterator

import numpy as np

from ocr_server.drawing.lettering import lettered
from ocr_server.engine import Engine
from ocr_server.errors import InvalidImage
from ocr_server.formats.text import FORMAT, write
from ocr_server.page import Page
from ocr_server.text_line import TextLine
from tests.formats.pages import line, page, picture, read


def written(*pages: Page) -> str:
    return "".join(write(pages))


def test_rows_are_lines_and_paragraphs_are_parted_by_an_empty_line() -> None:
    tops = {"one": 10, "two": 35, "three": 60, "four": 130}
    lines = [line(text, 10, top, 300) for text, top in tops.items()]
    assert written(page(*lines)) == "one\ntwo\nthree\n\nfour\n"


def test_pages_are_parted_by_a_form_feed() -> None:
    pages = [page(line(text, 10, 10, 90)) for text in ("one", "two")]
    assert written(*pages) == "one\n\ftwo\n"


def test_a_page_without_text_is_empty() -> None:
    assert written(page()) == ""
    assert written(page(), page(line("two", 10, 10, 90))) == "\ftwo\n"


def test_lines_that_were_not_read_say_nothing() -> None:
    lines = [line(None, 10, 10, 90), TextLine(angle="180", score=0.9), line("x", 10, 40, 90)]
    assert written(page(*lines)) == "x\n"


def test_a_page_that_failed_is_told() -> None:
    failed = Page(2, 0, 0, error=InvalidImage("It is\nbroken."))
    assert written(page(line("one", 10, 10, 90)), failed) == (
        "one\n\f[Page 2 could not be read: It is broken. (invalid_image)]\n"
    )


def test_a_page_is_written_before_the_next_one_is_read() -> None:
    read_so_far = list[int]()

    def pages() -> Iterator[Page]:
        for number in (1, 2):
            read_so_far.append(number)
            yield page(line("text", 10, 10, 90), number=number)

    pieces = write(pages())
    next(pieces)
    assert read_so_far == [1]


def test_a_receipt_reads_as_it_was_printed(engine: Engine) -> None:
    text = written(read(engine, picture("tall.png")))
    assert text.startswith("社区小超市\nMonday 08:35\n鸡蛋十个\n$12.80\n")
    assert "\n\n" not in text


def test_two_printed_columns_are_not_mixed(engine: Engine) -> None:
    columns = [
        ["The harbour was quiet", "when the first boats", "came back with nets", "full of silver"],
        ["Market traders waited", "on the cold stones and", "counted the baskets", "one by one"],
    ]
    image = np.full((300, 1000), 255, np.uint8)
    for left, rows in zip((30, 540), columns, strict=True):
        for index, row in enumerate(rows):
            top = 30 + 60 * index
            image[top : top + 40, left : left + 440] -= lettered(row, 440, 40)
    text = written(read(engine, np.dstack([image] * 3)))
    assert text.split() == " ".join(" ".join(rows) for rows in columns).split()


def test_it_needs_no_words() -> None:
    assert (FORMAT.media_types, FORMAT.needs_words) == (("text/plain",), False)
