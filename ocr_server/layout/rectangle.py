"""An upright rectangle in whole pixels: what output formats tell of a place."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor

from ocr_server.text_line import Box


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Pixels from left and top, which are in it, to right and bottom, which are not."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    def within(self, width: int, height: int) -> "Rectangle":
        """Return what of it lies on a page of this size."""
        return Rectangle(
            min(max(self.left, 0), width),
            min(max(self.top, 0), height),
            min(max(self.right, 0), width),
            min(max(self.bottom, 0), height),
        )


def around_box(box: Box) -> Rectangle:
    """Return the smallest rectangle around a box."""
    across, down = [x for x, _ in box], [y for _, y in box]
    return Rectangle(floor(min(across)), floor(min(down)), ceil(max(across)), ceil(max(down)))


def around(rectangles: Iterable[Rectangle]) -> Rectangle:
    """Return the smallest rectangle around at least one other."""
    found = list(rectangles)
    return Rectangle(
        min(rectangle.left for rectangle in found),
        min(rectangle.top for rectangle in found),
        max(rectangle.right for rectangle in found),
        max(rectangle.bottom for rectangle in found),
    )
