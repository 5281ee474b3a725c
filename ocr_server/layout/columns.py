"""Pieces of a page -> its columns of running text, in the order a person reads them.

Two columns are told apart where a strip as wide as the text is high runs between them, both hold
at least three lines of running text, and few lines (headings) cross the strip. What crosses it
divides the columns: they are read above it first. Anything else is one column, read row by row;
so are tables, whose cells are shorter than lines of running text.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from statistics import median

from ocr_server.layout.piece import Piece

_LEAST_LINES = 3
_LEAST_LINE_IN_HEIGHTS = 6
_MOST_CROSSING = 0.2
_BINS_PER_HEIGHT = 2
_LEAST_STRIP_IN_BINS = 2
_MOST_BINS = 10_000


def in_columns(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces by column, in reading order; within a column they keep their order."""
    strip = _strip(pieces)
    if strip is None:
        return [list(pieces)] if pieces else []
    columns = list[list[Piece]]()
    for crosses, band in _bands(pieces, strip):
        if crosses:
            columns.append(band)
            continue
        columns += in_columns([piece for piece in band if piece.right <= strip])
        columns += in_columns([piece for piece in band if piece.right > strip])
    return columns


def _bands(pieces: Sequence[Piece], strip: float) -> Iterator[tuple[bool, list[Piece]]]:
    """Cut a page from top to bottom into what crosses the strip and what lies beside it."""
    band, crossed = list[Piece](), False
    for piece in sorted(pieces, key=lambda piece: piece.middle):
        crosses = piece.left < strip < piece.right
        if band and crosses is not crossed:
            yield crossed, band
            band = []
        band.append(piece)
        crossed = crosses
    yield crossed, band


def _strip(pieces: Sequence[Piece]) -> float | None:
    """Return where the strip between two columns runs, if there is one."""
    if len(pieces) < 2 * _LEAST_LINES:
        return None
    height = median(piece.height for piece in pieces)
    for x in _gaps(pieces, height):
        left = [piece for piece in pieces if piece.right <= x]
        right = [piece for piece in pieces if piece.left >= x]
        if _is_running(left, height) and _is_running(right, height) and _are_level(left, right):
            return x
    return None


def _gaps(pieces: Sequence[Piece], height: float) -> list[float]:
    """Return the middles of the strips that few pieces cross, the least crossed first."""
    start = min(piece.left for piece in pieces)
    extent = max(piece.right for piece in pieces) - start
    size = max(height / _BINS_PER_HEIGHT, extent / _MOST_BINS)
    if size <= 0:
        return []
    changes = [0] * (int(extent / size) + 2)
    for piece in pieces:
        changes[int((piece.left - start) / size)] += 1
        changes[int((piece.right - start) / size) + 1] -= 1
    crossing = list(accumulate(changes))
    found = list[tuple[int, int, float]]()
    first = 0
    for last in range(1, len(crossing) + 1):
        if last < len(crossing) and crossing[last] == crossing[first]:
            continue
        length = last - first
        if length >= _LEAST_STRIP_IN_BINS and crossing[first] <= _MOST_CROSSING * len(pieces):
            found.append((crossing[first], -length, start + (first + last) / 2 * size))
        first = last
    return [x for _, _, x in sorted(found)]


def _is_running(pieces: Sequence[Piece], height: float) -> bool:
    """Tell whether these are lines of running text, not cells of a table or entries of a list."""
    return len(pieces) >= _LEAST_LINES and (
        median(piece.width for piece in pieces) >= _LEAST_LINE_IN_HEIGHTS * height
    )


def _are_level(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Tell whether two columns lie beside each other for at least half of the shorter one."""
    tops = [min(piece.top for piece in side) for side in (left, right)]
    bottoms = [max(piece.bottom for piece in side) for side in (left, right)]
    shorter = min(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return min(bottoms) - max(tops) >= shorter / 2
