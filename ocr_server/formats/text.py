"""Pages -> plain text, as a person would type it off.

What lies on one row is one line, its parts separated by a space, or by a tab where a wide gap sets
them apart as in a table. An empty line stands between paragraphs and between columns, which are
read one after the other; a form feed stands between pages.
"""

from collections.abc import Iterable, Iterator

from ocr_server.formats.failure import told
from ocr_server.formats.format import Format
from ocr_server.layout.layout import blocks_of
from ocr_server.page import Page

_FORM_FEED = "\f"


def write(pages: Iterable[Page]) -> Iterator[str]:
    """Yield each page's text as soon as the page is there."""
    for index, page in enumerate(pages):
        text = _text(page) if page.error is None else f"[{told(page.number, page.error)}]\n"
        yield _FORM_FEED + text if index else text


def _text(page: Page) -> str:
    paragraphs = [
        [text for row in paragraph.rows if (text := row.text())]
        for block in blocks_of(page)
        for paragraph in block.paragraphs
    ]
    text = "\n\n".join("\n".join(rows) for rows in paragraphs if rows)
    return text + "\n" if text else ""


FORMAT = Format("text", ("text/plain",), write)
