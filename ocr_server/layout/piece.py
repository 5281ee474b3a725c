"""A text line where it would lie if the page were level."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import atan2, cos, hypot, sin
from statistics import median

from ocr_server.page import Page
from ocr_server.text_line import Box, TextLine

_LEAST_LENGTH_IN_HEIGHTS = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A text line that has a box, and its edges in pixels once the page is turned level."""

    line: TextLine
    box: Box
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Half way from top to bottom."""
        return (self.top + self.bottom) / 2

    @property
    def text(self) -> str:
        """What was read, without line breaks, tabs and repeated spaces."""
        return " ".join((self.line.text or "").split())


def pieces_of(page: Page) -> list[Piece]:
    """Return the page's text lines, turned by the angle at which most of them lean.

    A line without a box, as the engine gives without its detector, fills the page.
    """
    width, height = float(page.width), float(page.height)
    whole: Box = (0.0, 0.0), (width, 0.0), (width, height), (0.0, height)
    lines = [line if line.box else replace(line, box=whole) for line in page.lines]
    boxes = [line.box or whole for line in lines]
    angle = _angle(boxes)
    return [_levelled(line, box, angle) for line, box in zip(lines, boxes, strict=True)]


def _angle(boxes: Sequence[Box]) -> float:
    """Return how far text leans clockwise, in radians; short boxes cannot tell."""
    angles = [
        atan2(right[1] - left[1], right[0] - left[0])
        for left, right, _, below in boxes
        if _distance(left, right) >= _LEAST_LENGTH_IN_HEIGHTS * _distance(left, below)
    ]
    return median(angles) if angles else 0.0


def _levelled(line: TextLine, box: Box, angle: float) -> Piece:
    top_left, top_right, bottom_right, bottom_left = box
    x, y = sum(x for x, _ in box) / 4, sum(y for _, y in box) / 4
    x, y = x * cos(angle) + y * sin(angle), y * cos(angle) - x * sin(angle)
    across = (_distance(top_left, top_right) + _distance(bottom_left, bottom_right)) / 4
    down = (_distance(top_left, bottom_left) + _distance(top_right, bottom_right)) / 4
    return Piece(line, box, x - across, y - down, x + across, y + down)


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return hypot(other[0] - one[0], other[1] - one[1])
