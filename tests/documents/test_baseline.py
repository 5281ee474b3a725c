"""Where the text of a line runs."""

import math

import pytest

from ocr_server.documents.baseline import Baseline, Piece
from ocr_server.text_line import Box, Word
from tests.pdfs import rectangle, words_of

BOX = rectangle(100, 50, 300, 80)


def baseline(box: Box, text: str, words: tuple[Word, ...] | None = None) -> Baseline:
    found = Baseline.of(box, text, words)
    assert found is not None
    return found


def pieces(text: str, words: tuple[Word, ...]) -> list[Piece]:
    return list(baseline(BOX, text, words).pieces(text, words))


def word(text: str, left: float, right: float) -> Word:
    return Word(text, rectangle(left, 50, right, 80), 1.0)


def leaning(degrees: float, length: float = 400) -> Box:
    angle = math.radians(degrees)
    right, down = math.cos(angle), math.sin(angle)
    x, y = 300 + right * length, 300 + down * length
    return (300, 300), (x, y), (x - 40 * down, y + 40 * right), (300 - 40 * down, 300 + 40 * right)


def test_text_runs_along_the_lower_edge() -> None:
    assert baseline(BOX, "text") == Baseline((100, 80), (1, 0), 200, 30)


def test_text_in_a_tall_box_runs_from_top_to_bottom() -> None:
    assert baseline(rectangle(50, 100, 80, 300), "text") == Baseline((50, 100), (0, 1), 200, 30)


def test_a_single_character_stands_upright_in_a_tall_box() -> None:
    assert baseline(rectangle(50, 100, 80, 300), "1") == Baseline((50, 300), (1, 0), 30, 200)


def test_words_from_right_to_left_tell_that_a_line_stands_on_its_head() -> None:
    words = words_of("abcd", BOX)
    turned = tuple(
        Word(letter.text, place.box, 1.0)
        for letter, place in zip(words, reversed(words), strict=True)
    )
    assert baseline(BOX, "abcd", turned) == Baseline((300, 50), (-1, 0), 200, 30)


def test_a_box_may_tell_itself_that_its_line_stands_on_its_head() -> None:
    turned = (BOX[2], BOX[3], BOX[0], BOX[1])
    assert baseline(turned, "abcd") == Baseline((300, 50), (-1, 0), 200, 30)


def test_a_line_that_leans_keeps_its_slope() -> None:
    found = baseline(leaning(20), "leaning text")
    assert found.direction == pytest.approx(
        (math.cos(math.radians(20)), math.sin(math.radians(20)))
    )
    assert (found.length, found.height) == pytest.approx((400, 40))


@pytest.mark.parametrize("degrees", [-3, 2, 4])
def test_a_line_that_hardly_leans_is_level_and_off_by_less_than_half_its_height(
    degrees: float,
) -> None:
    box = leaning(degrees)
    found = baseline(box, "text")
    assert found.direction == (1.0, 0.0)
    (left, left_y), (right, right_y) = box[3], box[2]
    assert max(abs(found.start[1] - left_y), abs(found.start[1] - right_y)) < 0.4 * found.height
    assert (found.start[0], found.start[0] + found.length) == pytest.approx((left, right))


def test_a_vertical_line_that_hardly_leans_is_upright() -> None:
    box = ((50, 100), (80, 101), (74, 300), (44, 299))
    found = baseline(box, "text")
    assert found.direction == (0.0, 1.0)
    assert found.start == pytest.approx((47, 100))


def test_without_words_a_text_is_one_piece() -> None:
    assert pieces("two words", ()) == [Piece("two words", 0, 200)]


def test_words_with_a_space_between_them_leave_it_its_room() -> None:
    found = pieces("two words", (word("two", 110, 160), word("words", 180, 290)))
    assert found == [Piece("two", 10, 50), Piece(" ", 60, 20), Piece("words", 80, 110)]


def test_words_without_a_space_between_them_touch() -> None:
    found = pieces("abc", (word("a", 100, 120), word("b", 150, 160), word("c", 190, 250)))
    assert found == [Piece("a", 0, 50), Piece("b", 50, 40), Piece("c", 90, 60)]


def test_space_at_the_ends_reaches_to_the_ends() -> None:
    assert pieces(" a ", (word("a", 150, 180),)) == [
        Piece(" ", 0, 50),
        Piece("a", 50, 30),
        Piece(" ", 80, 120),
    ]


@pytest.mark.parametrize(
    "words",
    [
        (word("other", 100, 200),),
        (word("tw", 100, 200), word("words", 220, 280)),
        (word("two", 100, 200),),
        (word("words", 100, 200), word("two", 220, 280)),
        (word("", 100, 200),),
    ],
    ids=["other", "cut", "missing", "disordered", "empty"],
)
def test_words_that_are_not_those_of_the_text_do_not_count(words: tuple[Word, ...]) -> None:
    assert pieces("two words", words) == [Piece("two words", 0, 200)]


def test_words_in_one_place_follow_each_other() -> None:
    found = pieces("abc", (word("a", 100, 140), word("b", 100, 140), word("c", 100, 140)))
    ends = [piece.start + piece.width for piece in found]
    assert [piece.start for piece in found] == [0, *ends[:-1]]
    assert all(piece.width > 0 for piece in found)


def test_corners_of_words_may_come_in_any_order() -> None:
    (corners,) = (word("a", 110, 130).box,)
    turned = Word("a", (corners[2], corners[0], corners[3], corners[1]), 1.0)
    assert pieces("ab", (turned, word("b", 130, 150))) == [Piece("a", 10, 20), Piece("b", 30, 20)]
