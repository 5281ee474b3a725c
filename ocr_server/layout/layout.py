"""A page -> blocks of paragraphs of rows: the order and the grouping that all formats share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, quantiles

from ocr_server.layout.columns import in_columns
from ocr_server.layout.piece import Piece, pieces_of
from ocr_server.layout.rectangle import Rectangle, around, around_box
from ocr_server.layout.words import PlacedWord, words_of
from ocr_server.page import Page

# Boxes of one row overlap by at least this part of the lower one's height, and one is at most so
# many times as high as the other: a tall box beside a paragraph is in none of its rows.
_LEAST_OVERLAP = 0.5
_MOST_TIMES_AS_HIGH = 3
# A paragraph ends where the next row is further away than rows usually are, by this many heights.
_PARAGRAPH_GAP_IN_HEIGHTS = 0.6
_WIDE_GAP_IN_HEIGHTS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """Text lines that lie beside each other, from left to right, and the words in them."""

    pieces: tuple[Piece, ...]
    words: tuple[PlacedWord, ...]
    rectangle: Rectangle

    @property
    def left(self) -> float:
        """Its left edge, the page turned level, in pixels."""
        return self.pieces[0].left

    @property
    def right(self) -> float:
        """Its right edge, the page turned level, in pixels."""
        return max(piece.right for piece in self.pieces)

    @property
    def height(self) -> float:
        """How high its text is, in pixels."""
        return fmean(piece.height for piece in self.pieces)

    def text(self, wide_gap: str = "\t") -> str:
        """Return what was read in it; text lines are parted by a space or, far apart, otherwise."""
        said = [piece for piece in self.pieces if piece.text]
        text = said[0].text if said else ""
        for left, right in pairwise(said):
            wide = _WIDE_GAP_IN_HEIGHTS * min(left.height, right.height)
            text += (wide_gap if right.left - left.right > wide else " ") + right.text
        return text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Rows that belong together, from top to bottom."""

    rows: tuple[Row, ...]
    rectangle: Rectangle


@dataclass(frozen=True, slots=True)
class Block:
    """Paragraphs below each other: a column, or all of the page."""

    paragraphs: tuple[Paragraph, ...]
    rectangle: Rectangle


def blocks_of(page: Page) -> list[Block]:
    """Return what is on a page in reading order; rectangles are within the page."""
    return [_block(column, page) for column in in_columns(pieces_of(page))]


def _block(column: Sequence[Piece], page: Page) -> Block:
    rows = _rows(column)
    paragraphs = [_paragraph(group, page) for group in _paragraphs(rows)]
    return Block(tuple(paragraphs), around(paragraph.rectangle for paragraph in paragraphs))


def _paragraph(rows: Sequence[Sequence[Piece]], page: Page) -> Paragraph:
    placed = [_row(row, page) for row in rows]
    return Paragraph(tuple(placed), around(row.rectangle for row in placed))


def _row(pieces: Sequence[Piece], page: Page) -> Row:
    ordered = sorted(pieces, key=lambda piece: piece.left)
    words = [word for piece in ordered for word in words_of(piece, page)]
    boxes = [around_box(piece.box).within(page.width, page.height) for piece in ordered]
    rectangle = around([*boxes, *(word.rectangle for word in words)])
    return Row(tuple(ordered), tuple(words), rectangle)


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    rows = list[list[Piece]]()
    for piece in sorted(pieces, key=lambda piece: piece.middle):
        if rows and _belongs(piece, rows[-1]):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return rows


def _belongs(piece: Piece, row: Sequence[Piece]) -> bool:
    top, bottom = _edges(row)
    low, high = sorted((piece.height, bottom - top))
    overlap = min(piece.bottom, bottom) - max(piece.top, top)
    return (
        overlap >= _LEAST_OVERLAP * low
        and high <= _MOST_TIMES_AS_HIGH * low
        and all(_are_beside(piece, other) for other in row)
    )


def _are_beside(one: Piece, other: Piece) -> bool:
    shared = min(one.right, other.right) - max(one.left, other.left)
    return shared <= min(one.width, other.width) / 2


def _edges(row: Sequence[Piece]) -> tuple[float, float]:
    return fmean(piece.top for piece in row), fmean(piece.bottom for piece in row)


def _paragraphs(rows: Sequence[Sequence[Piece]]) -> list[list[Sequence[Piece]]]:
    edges = [_edges(row) for row in rows]
    gaps = [max(0.0, below[0] - above[1]) for above, below in pairwise(edges)]
    # The lower quartile: where most paragraphs have two rows, half of the gaps are wide.
    usual = quantiles(gaps, method="inclusive")[0] if len(gaps) > 1 else None
    paragraphs = [[rows[0]]]
    for gap, row, (above, below) in zip(gaps, rows[1:], pairwise(edges), strict=True):
        height = min(above[1] - above[0], below[1] - below[0])
        # Of two rows alone nobody can tell what is usual: a row's height, as when double-spaced.
        if gap > (height if usual is None else usual) + _PARAGRAPH_GAP_IN_HEIGHTS * height:
            paragraphs.append([row])
        else:
            paragraphs[-1].append(row)
    return paragraphs
