"""A text line's characters -> its words, and where they lie."""

from dataclasses import dataclass
from statistics import fmean

from ocr_server.layout.piece import Piece
from ocr_server.layout.rectangle import Rectangle, around, around_box
from ocr_server.page import Page
from ocr_server.text_line import Word


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """What stands between two spaces; Chinese, which has no spaces, is one word up to the next.

    score: 0 to 1; None where the recognizer did not tell.
    """

    text: str
    rectangle: Rectangle
    score: float | None


def words_of(piece: Piece, page: Page) -> list[PlacedWord]:
    """Return the words of a text line; all of it is one where the engine told no characters."""
    if not piece.text:
        return []
    characters = [word for word in piece.line.words or () if word.text.strip()]
    texts = piece.text.split()
    groups = _grouped(texts, characters)
    if groups:
        return [_placed(*pair, page) for pair in zip(texts, groups, strict=True)]
    rectangle = around_box(piece.box).within(page.width, page.height)
    return [PlacedWord(piece.text, rectangle, piece.line.score)]


def _grouped(texts: list[str], characters: list[Word]) -> list[list[Word]]:
    """Return the characters that spell each text; none at all if they spell something else."""
    groups, rest = list[list[Word]](), iter(characters)
    for text in texts:
        group, spelt = list[Word](), ""
        while len(spelt) < len(text) and (character := next(rest, None)):
            group.append(character)
            spelt += character.text.strip()
        if spelt != text:
            return []
        groups.append(group)
    return [] if any(rest) else groups


def _placed(text: str, characters: list[Word], page: Page) -> PlacedWord:
    boxes = (around_box(character.box) for character in characters)
    rectangle = around(boxes).within(page.width, page.height)
    return PlacedWord(text, rectangle, fmean(character.score for character in characters))
