"""hOCR, held against the rules of its specification (version 1.2).

Checked of every file: it is XML; `ocr-system` and `ocr-capabilities` are told, and all classes
used are among the latter; elements nest as page, area, paragraph, line, word; a title is properties
parted by semicolons; each has a bbox of whole numbers within its parent's; x_wconf is 0 to 100.
"""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from ocr_server.engine import Engine
from ocr_server.errors import InvalidImage
from ocr_server.formats.hocr import FORMAT, write
from ocr_server.page import Page
from ocr_server.text_line import TextLine
from tests.formats.pages import line, page, picture, read, with_characters

XHTML = "{http://www.w3.org/1999/xhtml}"
NESTING = ["ocr_page", "ocr_carea", "ocr_par", "ocr_line", "ocrx_word"]


def written(*pages: Page) -> str:
    return "".join(write(pages))


def valid(*pages: Page) -> etree._Element:
    """Return the root of what was written, after it proved valid."""
    root = etree.fromstring(written(*pages).encode())
    meta = {element.get("name"): element.get("content") for element in root.iter(XHTML + "meta")}
    assert meta["ocr-system"] == "ocr_server"
    capabilities = (meta["ocr-capabilities"] or "").split()
    elements = root.xpath("//*[@class]")
    assert {element.get("class") for element in elements} <= set(capabilities)
    assert len({element.get("id") for element in elements}) == len(elements)
    for element in elements:
        check_element(element)
    return root


def check_element(element: etree._Element) -> None:
    level = NESTING.index(element.get("class") or "")
    left, top, right, bottom = bbox(element)
    assert 0 <= left <= right
    assert 0 <= top <= bottom
    if level:
        parent = element.getparent()
        assert parent is not None
        assert parent.get("class") == NESTING[level - 1]
        outer = bbox(parent)
        assert outer[0] <= left
        assert outer[1] <= top
        assert right <= outer[2]
        assert bottom <= outer[3]


def properties(element: etree._Element) -> dict[str, str]:
    title = element.get("title") or ""
    return dict(each.strip().split(" ", 1) for each in title.split(";"))


def bbox(element: etree._Element) -> list[int]:
    numbers = properties(element)["bbox"].split(" ")
    assert len(numbers) == 4
    assert all(re.fullmatch("[0-9]+", number) for number in numbers)
    return [int(number) for number in numbers]


def of_class(root: etree._Element, name: str) -> list[etree._Element]:
    return [element for element in root.iter() if element.get("class") == name]


def test_words_tell_their_place_and_confidence() -> None:
    words = of_class(valid(page(with_characters("ab c", 100, 50, 10))), "ocrx_word")
    assert [(word.text, word.get("title")) for word in words] == [
        ("ab", "bbox 100 50 120 60; x_wconf 50"),
        ("c", "bbox 130 50 140 60; x_wconf 53"),
    ]


def test_a_page_tells_number_size_and_resolution() -> None:
    first, second = of_class(valid(page(), page(number=2, dpi=200)), "ocr_page")
    assert first.get("title") == "bbox 0 0 1000 800; ppageno 0"
    assert second.get("title") == "bbox 0 0 1000 800; ppageno 1; scan_res 200 200"


def test_a_line_that_was_not_read_has_a_box_and_no_words() -> None:
    lines = [line(None, 10, 10, 90), TextLine(angle="180", score=0.9)]
    root = valid(page(*lines))
    assert (len(of_class(root, "ocr_line")), of_class(root, "ocrx_word")) == (2, [])


def test_a_page_that_failed_is_told_outside_of_the_classes() -> None:
    (failed,) = of_class(valid(Page(1, 0, 0, error=InvalidImage("It is <broken>."))), "ocr_page")
    assert [(child.tag, child.text) for child in failed] == [
        (XHTML + "p", "Page 1 could not be read: It is <broken>. (invalid_image)")
    ]


@settings(deadline=None)
@given(st.text())
def test_any_text_makes_a_valid_file(text: str) -> None:
    root = valid(page(line(text, 10, 10, 90)))
    assert len(of_class(root, "ocrx_word")) == bool(text.split())


def test_characters_that_xml_forbids_are_replaced() -> None:
    (word,) = of_class(valid(page(line("a\x00<&\"'>", 10, 10, 90))), "ocrx_word")
    assert word.text == "a\ufffd<&\"'>"


def test_html_parsers_see_the_same_elements(engine: Engine) -> None:
    pages = [read(engine, picture("page_latin.png")), page(line(None, 1, 1, 9), number=2)]
    as_xml, as_html = valid(*pages), html.document_fromstring(written(*pages).encode())
    for name in NESTING:
        seen = [element.get("id") for element in as_html.iter() if element.get("class") == name]
        assert seen == [element.get("id") for element in of_class(as_xml, name)]


def test_real_pages_hold_what_was_read(engine: Engine) -> None:
    for name in ("page_mixed_sizes.png", "rotated.jpg", "perspective.jpg", "blank.png"):
        read_page = read(engine, picture(name))
        words = of_class(valid(read_page), "ocrx_word")
        expected = " ".join(line.text or "" for line in read_page.lines)
        assert " ".join(word.text or "" for word in words) == expected


def test_it_needs_words() -> None:
    assert (FORMAT.media_types, FORMAT.needs_words) == (("text/vnd.hocr+html",), True)
