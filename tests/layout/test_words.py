"""Characters -> words."""

from dataclasses import replace

import pytest

from ocr_server.layout.piece import pieces_of
from ocr_server.layout.rectangle import Rectangle
from ocr_server.layout.words import PlacedWord, words_of
from ocr_server.text_line import TextLine, Word
from tests.formats.pages import box, line, page, with_characters


def words(text_line: TextLine) -> list[PlacedWord]:
    read = page(text_line)
    return words_of(pieces_of(read)[0], read)


def test_characters_up_to_the_next_space_are_a_word_within_their_boxes() -> None:
    first, second = words(with_characters("ab 中文", 100, 50, 10))
    assert (first.text, first.rectangle) == ("ab", Rectangle(100, 50, 120, 60))
    assert (second.text, second.rectangle) == ("中文", Rectangle(130, 50, 150, 60))
    assert first.score == pytest.approx(0.505)
    assert second.score == pytest.approx(0.535)


def test_words_may_come_in_larger_pieces_and_without_spaces() -> None:
    pieces = (Word("to", box(0, 0, 20, 9), 0.5), Word("day", box(25, 0, 30, 9), 1.0))
    two = words(replace(line("to day", 0, 0, 60), words=pieces))
    assert [(word.text, word.rectangle.left, word.score) for word in two] == [
        ("to", 0, 0.5),
        ("day", 25, 1.0),
    ]
    (one,) = words(replace(line("today", 0, 0, 60), words=pieces))
    assert (one.text, one.rectangle, one.score) == ("today", Rectangle(0, 0, 55, 9), 0.75)


@pytest.mark.parametrize("told", ["", "to", "to day or", "no way", "od tay"])
def test_where_the_characters_spell_something_else_the_line_is_one_word(told: str) -> None:
    pieces = tuple(Word(character, box(0, 0, 9, 9), 0.5) for character in told)
    (word,) = words(replace(line("to day", 7, 8, 60, 20), words=pieces))
    assert word == PlacedWord("to day", Rectangle(7, 8, 67, 28), 0.9)


def test_a_line_nobody_asked_the_characters_of_is_one_word() -> None:
    assert [word.text for word in words(line("to day", 0, 0, 60))] == ["to day"]


@pytest.mark.parametrize("text", [None, "", " "])
def test_where_nothing_was_read_there_are_no_words(text: str | None) -> None:
    assert words(line(text, 0, 0, 60)) == []
