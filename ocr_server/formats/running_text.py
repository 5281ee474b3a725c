"""Where text was broken only because the row was full."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from ocr_server.formats.markdown_text import is_wide
from ocr_server.layout.layout import Row

# Narrower than this it is no running text but a receipt, a list, a sign.
_LEAST_WIDTH_IN_HEIGHTS = 15
_ROOM_IN_HEIGHTS = 0.5


def were_full(rows: Sequence[Row]) -> list[bool]:
    """Tell of each row but the last whether the next one's first word had no room left in it.

    Where most rows are not full, none is: they are entries, addresses, verses.
    """
    left, right = min(row.left for row in rows), max(row.right for row in rows)
    full = [_was_full(above, below, right) for above, below in pairwise(rows)]
    is_wide_enough = right - left >= _LEAST_WIDTH_IN_HEIGHTS * fmean(row.height for row in rows)
    return full if is_wide_enough and 2 * sum(full) > len(full) else [False] * len(full)


def _was_full(above: Row, below: Row, right: float) -> bool:
    text = below.text(wide_gap=" ")
    first = 1 if is_wide(text[0]) else len(text.split(maxsplit=1)[0])
    needed = (below.right - below.left) * first / len(text)
    return right - above.right < needed + _ROOM_IN_HEIGHTS * above.height
