"""Where the pixels of a rendered PDF page lie in its user space (ISO 32000-2, 8.3.2)."""

import math
from decimal import Decimal

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

# a, b, c, d, e, f: x' = a*x + c*y + e, y' = b*x + d*y + f, as the operator cm takes them.
Matrix = tuple[float, float, float, float, float, float]
Rectangle = tuple[float, float, float, float]

# What renderers take for a page that does not tell its size: US Letter.
_LETTER: Rectangle = (0, 0, 612, 792)
# Deeper page trees are no honest ones, and a broken one may be a circle.
_MAX_DEPTH = 100


def pixels_to_page(page: pikepdf.Page, width: int, height: int) -> Matrix:
    """Return the matrix from pixels, y downwards, to the page's user space.

    width, height: of the upright picture of the page, in pixels; it shows what pdfium shows: the
    crop box where it lies within the media box, turned by /Rotate. The picture's resolution and
    /UserUnit do not matter, as the picture shows all of this area.
    Raises ValueError if the page has no area.
    """
    left, bottom, right, top = _visible_area(page)
    across, down = right - left, top - bottom
    if min(across, down, width, height) <= 0:
        raise ValueError("The page has no area.")
    match _rotation(page):
        case 0:
            return across / width, 0, 0, -down / height, left, top
        case 90:
            return 0, down / width, across / height, 0, left, bottom
        case 180:
            return -across / width, 0, 0, down / height, right, bottom
        case _:
            return 0, -down / width, -across / height, 0, right, top


def _visible_area(page: pikepdf.Page) -> Rectangle:
    media = _rectangle(inherited(page, Name.MediaBox)) or _LETTER
    crop = _rectangle(inherited(page, Name.CropBox)) or media
    return (
        max(media[0], crop[0]),
        max(media[1], crop[1]),
        min(media[2], crop[2]),
        min(media[3], crop[3]),
    )


def _rectangle(box: Object | None) -> Rectangle | None:
    """Return left, bottom, right, top; None for what is no rectangle or an empty one."""
    if not isinstance(box, Array) or len(box) != 4:
        return None
    first_x, first_y, second_x, second_y = (_number(value) for value in box)
    left, right = sorted((first_x, second_x))
    bottom, top = sorted((first_y, second_y))
    return (left, bottom, right, top) if left < right and bottom < top else None


def _rotation(page: pikepdf.Page) -> int:
    """Return by how many degrees the page is turned clockwise: 0, 90, 180 or 270."""
    # Cut to whole quarter turns as pdfium cuts them, towards zero.
    return int(_number(inherited(page, Name.Rotate)) / 90) % 4 * 90


def _number(value: object) -> float:
    number = float(value) if isinstance(value, int | float | Decimal) else 0.0
    return number if math.isfinite(number) else 0.0


def inherited(page: pikepdf.Page, name: Name) -> Object | None:
    """Return an attribute of a page that its ancestors in the page tree may hold."""
    node: Object | None = page.obj
    for _ in range(_MAX_DEPTH):
        if not isinstance(node, Dictionary):
            break
        if name in node:
            return node[name]
        node = node.get(Name.Parent)
    return None
