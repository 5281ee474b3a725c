"""Where the text of a text line runs, and how much of it each piece of the text takes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ocr_server.text_line import Box, Point, Word

# RapidOCR turns a crop by a quarter before it reads it from this ratio of height to width on.
_VERTICAL_RATIO = 1.5
# In parts of the height: readers take the second of two equal characters for a shadow of the first
# if they are nearer to each other, and a space must be wide enough to part words.
_LEAST_WIDTH = 0.1
_LEAST_SPACE = 0.2
# A line that leans by less than this part of its height is laid level, so that it is off by at
# most half as much: text extractors take slanted text apart.
_LEVEL = 0.75


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line's text and the stretch of the baseline that it takes, in pixels."""

    text: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """The lower edge of a text line, from where its text begins.

    start: (x, y) in pixels of the picture, y downwards.
    direction: (x, y) of length 1, in which the text runs.
    length, height: in pixels, above zero.
    """

    start: Point
    direction: Point
    length: float
    height: float

    @classmethod
    def of(cls, box: Box, text: str, words: Sequence[Word] | None = None) -> "Baseline | None":
        """Return the baseline of a text in its box; None if the box has no area.

        A tall box's text runs from top to bottom, as the engine has read it, unless it is a
        single character, which runs nowhere. Boxes do not tell when a line stands on its head;
        the order of its words does.
        """
        top_left, top_right, bottom_right, bottom_left = box
        across = max(math.dist(top_left, top_right), math.dist(bottom_left, bottom_right))
        height = max(math.dist(top_left, bottom_left), math.dist(top_right, bottom_right))
        start, end, opposite = bottom_left, bottom_right, (top_right, top_left)
        if len(text) > 1 and height >= _VERTICAL_RATIO * across:
            height = across
            start, end, opposite = top_left, bottom_left, (bottom_right, top_right)
        if _runs_backwards(words or (), start, end):
            start, end = opposite
        # Written so that infinity and "nan" have no area either.
        if not (0 < math.dist(start, end) < math.inf and 0 < height < math.inf):
            return None
        start, end = _levelled(start, end, _LEVEL * height)
        length = math.dist(start, end)
        direction = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
        return cls(start, direction, length, height)

    def pieces(self, text: str, words: Sequence[Word] | None) -> Iterator[Piece]:
        """Cut a text where its words begin; all of it is one piece where that is not known.

        Pieces follow each other without gaps or overlaps, so that readers see no spaces but
        those of the text.
        """
        cuts = self._cuts(text, words or ())
        reached = cuts[0][1]
        for (begin, _), (end, stop) in pairwise(cuts):
            piece = text[begin:end]
            if not piece:
                continue
            least = _LEAST_WIDTH if piece.strip() else _LEAST_SPACE
            width = max(stop - reached, least * self.height)
            yield Piece(piece, reached, width)
            reached += width

    def _cuts(self, text: str, words: Sequence[Word]) -> list[tuple[int, float]]:
        """Return indices into the text and where on the baseline they lie, both ends included."""
        whole = [(0, 0.0), (len(text), self.length)]
        # pdfium reads pieces on one level from left to right, in whatever order they are written.
        if self.direction[0] < -abs(self.direction[1]):
            return whole
        cuts: list[tuple[int, float]] = []
        index, reached = 0, 0.0
        for word in words:
            found = text.find(word.text, index)
            if found < 0 or text[index:found].strip():
                return whole
            start, end = self._stretch(word.box)
            if found > index:
                cuts.append((index, reached))
            cuts.append((found, start))
            index, reached = found + len(word.text), end
        if not cuts or text[index:].strip():
            return whole
        cuts.append((index, reached))
        return [*cuts, (len(text), self.length)] if index < len(text) else cuts

    def _stretch(self, box: Box) -> tuple[float, float]:
        """Return where a box begins and ends along the baseline, in whatever order its corners."""
        along = [
            (x - self.start[0]) * self.direction[0] + (y - self.start[1]) * self.direction[1]
            for x, y in box
        ]
        return min(along), max(along)


def _levelled(start: Point, end: Point, most: float) -> tuple[Point, Point]:
    """Turn a line that leans by at most so many pixels about its middle until it is level."""
    right, down = end[0] - start[0], end[1] - start[1]
    if min(abs(right), abs(down)) > most:
        return start, end
    middle_x, middle_y = start[0] + right / 2, start[1] + down / 2
    if abs(right) >= abs(down):
        return (start[0], middle_y), (end[0], middle_y)
    return (middle_x, start[1]), (middle_x, end[1])


def _runs_backwards(words: Sequence[Word], start: Point, end: Point) -> bool:
    if not words:
        return False
    (first_x, first_y), (last_x, last_y) = _middle(words[0].box), _middle(words[-1].box)
    return (last_x - first_x) * (end[0] - start[0]) + (last_y - first_y) * (end[1] - start[1]) < 0


def _middle(box: Box) -> Point:
    return sum(x for x, _ in box) / 4, sum(y for _, y in box) / 4
