"""Pages -> a table with Tesseract's columns, its levels and its way of not quoting."""

from collections.abc import Iterable, Iterator

from ocr_server.formats.failure import told
from ocr_server.formats.format import Format
from ocr_server.layout.layout import blocks_of
from ocr_server.layout.rectangle import Rectangle
from ocr_server.page import Page

_COLUMNS = (
    "level",
    "page_num",
    "block_num",
    "par_num",
    "line_num",
    "word_num",
    "left",
    "top",
    "width",
    "height",
    "conf",
    "text",
)
_PAGE, _BLOCK, _PARAGRAPH, _LINE, _WORD = range(1, 6)
_NO_CONFIDENCE = "-1"


def write(pages: Iterable[Page]) -> Iterator[str]:
    """Yield the head, then each page's rows as soon as the page is there.

    Levels 1 to 5 are page, block, paragraph, line and word; only words have a confidence, 0 to
    100. A page that could not be read is a row of level 1 that says so.
    """
    yield "\t".join(_COLUMNS) + "\n"
    for page in pages:
        yield "".join(_rows(page))


def _rows(page: Page) -> Iterator[str]:
    failure = "" if page.error is None else told(page.number, page.error)
    whole = Rectangle(0, 0, page.width, page.height)
    yield _row(_PAGE, (page.number,), whole, text=failure)
    for block_number, block in enumerate(blocks_of(page), 1):
        yield _row(_BLOCK, (page.number, block_number), block.rectangle)
        for paragraph_number, paragraph in enumerate(block.paragraphs, 1):
            place = (page.number, block_number, paragraph_number)
            yield _row(_PARAGRAPH, place, paragraph.rectangle)
            for row_number, row in enumerate(paragraph.rows, 1):
                yield _row(_LINE, (*place, row_number), row.rectangle)
                for word_number, word in enumerate(row.words, 1):
                    numbers = (*place, row_number, word_number)
                    yield _row(_WORD, numbers, word.rectangle, _confidence(word.score), word.text)


def _confidence(score: float | None) -> str:
    return _NO_CONFIDENCE if score is None else f"{100 * score:.6f}"


def _row(
    level: int,
    numbers: tuple[int, ...],
    rectangle: Rectangle,
    confidence: str = _NO_CONFIDENCE,
    text: str = "",
) -> str:
    places = (*numbers, *[0] * (_WORD - len(numbers)))
    box = (rectangle.left, rectangle.top, rectangle.width, rectangle.height)
    return "\t".join([*map(str, (level, *places, *box)), confidence, text]) + "\n"


FORMAT = Format("tsv", ("text/tab-separated-values",), write, needs_words=True)
