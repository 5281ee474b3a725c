"""What belongs together on a page, and in which order it is read."""

from math import cos, radians, sin

import pytest

from ocr_server.layout.layout import blocks_of
from ocr_server.layout.rectangle import Rectangle
from ocr_server.page import Page
from ocr_server.text_line import Box, TextLine
from tests.formats.pages import line, page


def texts(read: Page) -> list[list[str]]:
    """Return the text of each row, by paragraph."""
    return [
        [row.text() for row in paragraph.rows]
        for block in blocks_of(read)
        for paragraph in block.paragraphs
    ]


def column(words: str, left: float, top: float, width: float) -> list[TextLine]:
    return [
        line(f"{word} {word} {word}", left, top + 30 * index, width)
        for index, word in enumerate(words.split())
    ]


def turned(lines: list[TextLine], degrees: float) -> list[TextLine]:
    """Turn text lines clockwise around the picture's top left corner."""
    c, s = cos(radians(degrees)), sin(radians(degrees))

    def turn(box: Box) -> Box:
        one, two, three, four = ((x * c - y * s, x * s + y * c) for x, y in box)
        return one, two, three, four

    return [TextLine(turn(each.box), each.text, each.score) for each in lines if each.box]


def test_a_page_without_text_has_no_blocks() -> None:
    assert blocks_of(page()) == []


def test_text_lines_beside_each_other_are_one_row_from_left_to_right() -> None:
    assert texts(page(line("right", 200, 12, 90), line("left", 10, 10, 90))) == [["left\tright"]]


def test_a_narrow_gap_is_a_space() -> None:
    assert texts(page(line("left", 10, 10, 90), line("right", 115, 12, 90))) == [["left right"]]


def test_text_lines_below_each_other_are_rows_though_their_boxes_overlap_a_little() -> None:
    assert texts(page(line("one", 10, 10, 90), line("two", 10, 24, 90))) == [["one", "two"]]


def test_boxes_that_lie_on_each_other_are_no_row() -> None:
    assert texts(page(line("one", 10, 10, 90), line("two", 20, 15, 90))) == [["one", "two"]]


def test_a_wider_gap_ends_a_paragraph() -> None:
    tops = [10, 35, 60, 120, 145]
    lines = [line(str(top), 10, top, 300) for top in tops]
    assert texts(page(*lines)) == [["10", "35", "60"], ["120", "145"]]


def test_paragraphs_of_two_rows_are_told_apart() -> None:
    tops = [10, 35, 100, 125, 190, 215]
    lines = [line(str(top), 10, top, 300) for top in tops]
    assert texts(page(*lines)) == [["10", "35"], ["100", "125"], ["190", "215"]]


def test_evenly_spaced_rows_are_one_paragraph_however_wide_the_spacing() -> None:
    lines = [line(str(top), 10, top, 300) for top in range(10, 700, 60)]
    assert len(texts(page(*lines))) == 1


def test_two_rows_far_apart_are_two_paragraphs() -> None:
    assert texts(page(line("top", 10, 10, 90), line("end", 10, 700, 90))) == [["top"], ["end"]]


def test_columns_of_running_text_are_read_one_after_the_other() -> None:
    left, right = column("a b c d", 10, 100, 400), column("w x y z", 450, 100, 400)
    interleaved = [each for pair in zip(left, right, strict=True) for each in pair]
    assert texts(page(*interleaved)) == [
        ["a a a", "b b b", "c c c", "d d d"],
        ["w w w", "x x x", "y y y", "z z z"],
    ]


def test_three_columns_are_read_from_left_to_right() -> None:
    columns = [column(words, left, 10, 250) for words, left in (("a b c", 10), ("k l m", 300))]
    lines = [*columns[1], *columns[0], *column("x y z", 590, 10, 250)]
    assert [rows[0] for rows in texts(page(*lines))] == ["a a a", "k k k", "x x x"]


def test_a_heading_across_columns_divides_them() -> None:
    upper = [*column("a b c d", 10, 50, 400), *column("k l m n", 450, 50, 400)]
    lower = [*column("p q r s", 10, 250, 400), *column("w x y z", 450, 250, 400)]
    read = texts(page(line("Title", 10, 10, 840), *upper, line("Next", 10, 210, 840), *lower))
    assert [rows[0][0] for rows in read] == ["T", "a", "k", "N", "p", "w"]


def test_a_table_is_read_row_by_row() -> None:
    names = [line(f"thing {top}", 10, top, 400) for top in range(10, 200, 30)]
    prices = [line(f"{top}.50", 700, top, 60) for top in range(10, 200, 30)]
    assert texts(page(*names, *prices))[0][:2] == ["thing 10\t10.50", "thing 40\t40.50"]


def test_running_text_in_one_column_is_not_cut() -> None:
    lines = [line(str(top), 10, top, 800 - top % 7 * 30) for top in range(10, 700, 30)]
    assert len(blocks_of(page(*lines))) == 1


@pytest.mark.parametrize("degrees", [-12, -5, 5, 12])
def test_a_page_that_leans_is_read_as_if_it_were_level(degrees: float) -> None:
    lines = [line("left", 100, 100, 300), line("right", 500, 100, 300), line("low", 100, 130, 300)]
    assert texts(page(*turned(lines, degrees))) == [["left\tright", "low"]]


def test_a_tall_box_beside_a_paragraph_is_in_none_of_its_rows() -> None:
    rows = [line(name, 100, top, 300) for name, top in (("a", 10), ("b", 40), ("c", 70))]
    read = texts(page(*rows, line("side", 10, 0, 20, 100)))
    assert sorted(row for paragraph in read for row in paragraph) == ["a", "b", "c", "side"]


def test_a_text_line_without_a_box_fills_the_page() -> None:
    (block,) = blocks_of(page(TextLine(text="all", score=0.9)))
    assert block.rectangle == Rectangle(0, 0, 1000, 800)


def test_rectangles_stay_within_the_page() -> None:
    (block,) = blocks_of(page(line("wide", -5.5, -3, 2000, 20.2)))
    assert block.rectangle == Rectangle(0, 0, 1000, 18)


def test_a_box_without_any_height_is_no_error() -> None:
    assert texts(page(line("one", 10, 10, 50, 0), line("two", 80, 10, 50, 0))) == [["one\ttwo"]]


def test_white_space_in_what_was_read_is_one_space() -> None:
    assert texts(page(line(" a\tb\n\x0c c ", 10, 10, 90))) == [["a b c"]]


def test_boxes_that_are_all_the_same_point_are_no_error() -> None:
    assert len(texts(page(*(line("dot", 10, 10, 0, 0) for _ in range(9))))) == 1
