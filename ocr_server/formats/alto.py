"""Pages -> ALTO 4.4, the XML in which libraries keep what was read and where."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from ocr_server.formats.failure import told
from ocr_server.formats.format import Format
from ocr_server.formats.xml_element import Element, child, element_of, written
from ocr_server.layout.layout import Paragraph, Row, blocks_of
from ocr_server.layout.rectangle import Rectangle
from ocr_server.layout.words import PlacedWord
from ocr_server.page import Page

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# \
http://www.loc.gov/standards/alto/v4/alto-4-4.xsd" SCHEMAVERSION="4.4">
  <Description>
    <MeasurementUnit>pixel</MeasurementUnit>
    <Processing ID="processing_1">
      <processingCategory>contentGeneration</processingCategory>
      <processingSoftware>
        <softwareName>ocr_server</softwareName>
      </processingSoftware>
    </Processing>
  </Description>
  <Layout>
"""
_TAIL = """  </Layout>
</alto>
"""
_LEVEL_OF_PAGES = 2


def write(pages: Iterable[Page]) -> Iterator[str]:
    """Yield the head, each page as soon as it is there, and the tail.

    A TextBlock is a paragraph. A page that could not be read has the quality "Damaged", with the
    reason as its detail.
    """
    yield _HEAD
    for page in pages:
        yield written(_page(page), _LEVEL_OF_PAGES)
    yield _TAIL


def _page(page: Page) -> Element:
    attributes: dict[str, object] = {"ID": f"page_{page.number}", "PHYSICAL_IMG_NR": page.number}
    if page.error is not None:
        detail = told(page.number, page.error)
        return element_of("Page", {**attributes, "QUALITY": "Damaged", "QUALITY_DETAIL": detail})
    element = element_of("Page", {**attributes, "HEIGHT": page.height, "WIDTH": page.width})
    print_space = child(element, "PrintSpace", _place(Rectangle(0, 0, page.width, page.height)))
    paragraphs = (paragraph for block in blocks_of(page) for paragraph in block.paragraphs)
    for index, paragraph in enumerate(paragraphs, 1):
        _add_block(print_space, paragraph, f"{page.number}_{index}")
    return element


def _add_block(parent: Element, paragraph: Paragraph, name: str) -> None:
    element = child(parent, "TextBlock", {"ID": f"block_{name}", **_place(paragraph.rectangle)})
    for index, row in enumerate(paragraph.rows, 1):
        _add_line(element, row, f"{name}_{index}")


def _add_line(parent: Element, row: Row, name: str) -> None:
    element = child(parent, "TextLine", {"ID": f"line_{name}", **_place(row.rectangle)})
    # A TextLine must hold a String, also where the recognizer did not run.
    words = row.words or (PlacedWord("", row.rectangle, None),)
    for index, (word, following) in enumerate(pairwise((*words, None)), 1):
        assert word is not None
        attributes: dict[str, object] = {"ID": f"string_{name}_{index}", **_place(word.rectangle)}
        if word.score is not None:
            attributes["WC"] = f"{word.score:.4f}"
        child(element, "String", {**attributes, "CONTENT": word.text})
        if following is not None:
            child(element, "SP", _place(_between(word.rectangle, following.rectangle)))


def _between(left: Rectangle, right: Rectangle) -> Rectangle:
    return Rectangle(left.right, left.top, max(left.right, right.left), left.bottom)


def _place(rectangle: Rectangle) -> dict[str, object]:
    return {
        "HPOS": rectangle.left,
        "VPOS": rectangle.top,
        "WIDTH": rectangle.width,
        "HEIGHT": rectangle.height,
    }


FORMAT = Format("alto", ("application/alto+xml",), write, needs_words=True)
