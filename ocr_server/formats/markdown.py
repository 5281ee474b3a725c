"""Pages -> Markdown (CommonMark): headings, paragraphs and lists, as far as sizes tell them.

Rows of a paragraph are joined where the text was broken because the row was full, and keep a hard
break where it was not. Text much larger than the page's usual text is a heading. A thematic break
stands between pages.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from ocr_server.formats.failure import told
from ocr_server.formats.format import Format
from ocr_server.formats.markdown_text import (
    escaped,
    escaped_heading,
    escaped_starts,
    join,
    split_marker,
)
from ocr_server.formats.running_text import were_full
from ocr_server.layout.layout import Paragraph, Row, blocks_of
from ocr_server.page import Page

_THEMATIC_BREAK = "---\n\n"
# How many times as high as the usual text a heading of level 1, 2 is; capitals and long letters
# make boxes of ordinary text differ by up to a third.
_HEADINGS = ((2.0, "# "), (1.4, "## "))
_LONGEST_HEADING = 100  # characters
# Rows of one heading differ less in height than this.
_SAME_HEADING = 1.2


@dataclass(frozen=True, slots=True)
class _Part:
    """A paragraph, heading or list item; marker: nothing, "# ", "- " or the item's number."""

    marker: str
    text: str

    @property
    def list_kind(self) -> str:
        """What the markers of one list have in common; empty for what is no item of a list."""
        return self.marker.lstrip("0123456789").replace("#", "").strip()


def write(pages: Iterable[Page]) -> Iterator[str]:
    """Yield each page as soon as it is there; one that could not be read is a quoted line."""
    for index, page in enumerate(pages):
        failed = "" if page.error is None else f"> {escaped(told(page.number, page.error))}\n\n"
        yield (_THEMATIC_BREAK if index else "") + failed + _laid_out(_page(page))


def _laid_out(parts: Sequence[_Part]) -> str:
    """Return parts an empty line apart, the items of one list right below each other."""
    text = ""
    for part, following in pairwise((*parts, _Part("", ""))):
        same_list = part.list_kind and part.list_kind == following.list_kind
        text += part.marker + part.text + ("\n" if same_list else "\n\n")
    return text


def _page(page: Page) -> list[_Part]:
    paragraphs = [paragraph for block in blocks_of(page) for paragraph in block.paragraphs]
    usual = _usual_height([row for paragraph in paragraphs for row in paragraph.rows])
    return [part for paragraph in paragraphs for part in _parts(paragraph, usual)]


def _usual_height(rows: Sequence[Row]) -> float:
    """Return the height of the text: half of the characters are at most as high."""
    by_height = sorted((row.height, len(row.text())) for row in rows)
    left = sum(length for _, length in by_height) / 2
    for height, length in by_height:
        left -= length
        if left <= 0:
            return height
    return 0.0


def _parts(paragraph: Paragraph, usual: float) -> Iterator[_Part]:
    rows = [row for row in paragraph.rows if row.text()]
    for marker, group in groupby(rows, lambda row: _heading(row, usual)):
        same = list(group)
        yield from _headings(marker, same) if marker else _body(same)


def _heading(row: Row, usual: float) -> str:
    """Return "# " or "## " if the row is large enough for a heading of this level."""
    if len(row.text()) > _LONGEST_HEADING:
        return ""
    return next((marker for times, marker in _HEADINGS if row.height >= times * usual), "")


def _headings(marker: str, rows: Sequence[Row]) -> list[_Part]:
    """Return one heading for all rows of nearly the same size."""
    texts = [escaped_heading(row.text(wide_gap=" ")) for row in rows]
    parts = [_Part(marker, texts[0])]
    for (above, below), text in zip(pairwise(rows), texts[1:], strict=True):
        low, high = sorted((above.height, below.height))
        if high < _SAME_HEADING * low:
            parts[-1] = _Part(marker, join(parts[-1].text, text))
        else:
            parts.append(_Part(marker, text))
    return parts


def _body(rows: Sequence[Row]) -> list[_Part]:
    """Return paragraphs and the items of lists, each with the rows that follow its own."""
    items = [split_marker(row.text(wide_gap=" ")) for row in rows]
    parts = [_Part(marker, escaped(text)) for marker, text in items[:1]]
    for (marker, text), was_full in zip(items[1:], were_full(rows), strict=True):
        if marker:
            parts.append(_Part(marker, escaped(text)))
        else:
            joined = join(parts[-1].text, escaped(text), was_full)
            parts[-1] = replace(parts[-1], text=joined)
    return [replace(part, text=escaped_starts(part.text)) for part in parts]


FORMAT = Format("markdown", ("text/markdown",), write)
