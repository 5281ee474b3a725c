"""Pages -> hOCR 1.2: XHTML that tells where each word lies, and how sure it is."""

from collections.abc import Iterable, Iterator

from ocr_server.formats.failure import told
from ocr_server.formats.format import Format
from ocr_server.formats.xml_element import Element, child, element_of, written
from ocr_server.layout.layout import Block, Paragraph, Row, blocks_of
from ocr_server.layout.rectangle import Rectangle
from ocr_server.page import Page

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml">
  <head>
    <title>OCR</title>
    <meta charset="utf-8" />
    <meta name="ocr-system" content="ocr_server" />
    <meta name="ocr-capabilities" \
content="ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf" />
  </head>
  <body>
"""
_TAIL = """  </body>
</html>
"""
_LEVEL_OF_PAGES = 2


def write(pages: Iterable[Page]) -> Iterator[str]:
    """Yield the head, each page as soon as it is there, and the tail.

    A page that could not be read says so in a paragraph that belongs to no class of hOCR.
    """
    yield _HEAD
    for page in pages:
        yield written(_page(page), _LEVEL_OF_PAGES, end_tags=True)
    yield _TAIL


def _page(page: Page) -> Element:
    title = f"{_bbox(Rectangle(0, 0, page.width, page.height))}; ppageno {page.number - 1}"
    if page.dpi is not None:
        title += f"; scan_res {page.dpi} {page.dpi}"
    number = str(page.number)
    element = element_of("div", {"class": "ocr_page", "id": f"page_{number}", "title": title})
    if page.error is not None:
        child(element, "p", {}, told(page.number, page.error))
    for index, block in enumerate(blocks_of(page), 1):
        _add_block(element, block, f"{number}_{index}")
    return element


def _add_block(parent: Element, block: Block, name: str) -> None:
    element = child(parent, "div", _attributes("ocr_carea", "block", name, block.rectangle))
    for index, paragraph in enumerate(block.paragraphs, 1):
        _add_paragraph(element, paragraph, f"{name}_{index}")


def _add_paragraph(parent: Element, paragraph: Paragraph, name: str) -> None:
    element = child(parent, "p", _attributes("ocr_par", "par", name, paragraph.rectangle))
    for index, row in enumerate(paragraph.rows, 1):
        _add_line(element, row, f"{name}_{index}")


def _add_line(parent: Element, row: Row, name: str) -> None:
    element = child(parent, "span", _attributes("ocr_line", "line", name, row.rectangle))
    for index, word in enumerate(row.words, 1):
        attributes = _attributes("ocrx_word", "word", f"{name}_{index}", word.rectangle)
        if word.score is not None:
            attributes["title"] += f"; x_wconf {round(100 * word.score)}"
        child(element, "span", attributes, word.text)


def _attributes(kind: str, prefix: str, name: str, rectangle: Rectangle) -> dict[str, str]:
    return {"class": kind, "id": f"{prefix}_{name}", "title": _bbox(rectangle)}


def _bbox(rectangle: Rectangle) -> str:
    return f"bbox {rectangle.left} {rectangle.top} {rectangle.right} {rectangle.bottom}"


FORMAT = Format("hocr", ("text/vnd.hocr+html",), write, needs_words=True)
