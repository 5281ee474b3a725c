"""ALTO, held against our own schema of the part that we write (alto_subset.xsd)."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ocr_server.engine import Engine
from ocr_server.errors import InvalidImage
from ocr_server.formats.alto import FORMAT, write
from ocr_server.page import Page
from ocr_server.text_line import TextLine
from tests.formats.pages import line, page, picture, read, with_characters

ALTO = "{http://www.loc.gov/standards/alto/ns-v4#}"
SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("alto_subset.xsd")))


def valid(*pages: Page) -> etree._Element:
    """Return the root of what was written, after it proved valid."""
    root = etree.fromstring("".join(write(pages)).encode())
    SCHEMA.assertValid(root)
    return root


def attributes(root: etree._Element, tag: str) -> list[dict[str, str]]:
    return [dict(element.attrib) for element in root.iter(ALTO + tag)]


def test_words_and_the_spaces_between_them_have_their_places() -> None:
    root = valid(page(with_characters("ab c", 100, 50, 10)))
    assert attributes(root, "String") == [
        {
            "ID": "string_1_1_1_1",
            "HPOS": "100",
            "VPOS": "50",
            "WIDTH": "20",
            "HEIGHT": "10",
            "WC": "0.5050",
            "CONTENT": "ab",
        },
        {
            "ID": "string_1_1_1_2",
            "HPOS": "130",
            "VPOS": "50",
            "WIDTH": "10",
            "HEIGHT": "10",
            "WC": "0.5300",
            "CONTENT": "c",
        },
    ]
    assert attributes(root, "SP") == [
        {"HPOS": "120", "VPOS": "50", "WIDTH": "10", "HEIGHT": "10"},
    ]


def test_paragraphs_are_blocks() -> None:
    tops = [10, 35, 60, 130]
    root = valid(page(*(line(str(top), 10, top, 300) for top in tops)))
    assert [len(block) for block in root.iter(ALTO + "TextBlock")] == [3, 1]


def test_pages_are_numbered_and_sized() -> None:
    root = valid(page(number=1), page(number=2))
    assert attributes(root, "Page")[1] == {
        "ID": "page_2",
        "PHYSICAL_IMG_NR": "2",
        "HEIGHT": "800",
        "WIDTH": "1000",
    }


def test_a_page_that_failed_is_damaged_and_says_why() -> None:
    root = valid(Page(1, 0, 0, error=InvalidImage("It is <broken>.")))
    assert attributes(root, "Page") == [
        {
            "ID": "page_1",
            "PHYSICAL_IMG_NR": "1",
            "QUALITY": "Damaged",
            "QUALITY_DETAIL": "Page 1 could not be read: It is <broken>. (invalid_image)",
        }
    ]


@pytest.mark.parametrize(
    "text_line", [line(None, 10, 10, 90), TextLine(angle="180", score=0.9), line("", 1, 1, 9)]
)
def test_a_line_that_was_not_read_is_an_empty_string(text_line: TextLine) -> None:
    (string,) = attributes(valid(page(text_line)), "String")
    assert string["CONTENT"] == ""
    assert "WC" not in string


@settings(deadline=None)
@given(st.text())
def test_any_text_makes_a_valid_file(text: str) -> None:
    root = valid(page(line(text, 10, 10, 90)))
    assert len(attributes(root, "String")) == 1


def test_characters_that_xml_forbids_are_replaced() -> None:
    (string,) = attributes(valid(page(line("a\x00b\x07\ufffe<&\"'>", 10, 10, 90))), "String")
    assert string["CONTENT"] == "a\ufffdb\ufffd\ufffd<&\"'>"


@pytest.mark.parametrize("name", ["page_mixed_sizes.png", "rotated.jpg", "tall.png", "blank.png"])
def test_real_pages_are_valid(engine: Engine, name: str) -> None:
    read_page = read(engine, picture(name))
    strings = attributes(valid(read_page), "String")
    expected = " ".join(line.text or "" for line in read_page.lines)
    assert " ".join(string["CONTENT"] for string in strings) == expected


def test_it_needs_words() -> None:
    assert (FORMAT.media_types, FORMAT.needs_words) == (("application/alto+xml",), True)
