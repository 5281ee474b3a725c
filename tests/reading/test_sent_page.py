import json

import pytest

from ocr_server.errors import InvalidPage
from ocr_server.page import Page
from ocr_server.reading.sent_page import SentPage
from ocr_server.serializer import page_objects
from ocr_server.text_line import Box, TextLine, Word

BOX: Box = ((1.0, 2.5), (30.0, 2.0), (30.0, 9.0), (1.0, 9.0))
LINES = (
    TextLine(BOX, "A\N{GREEK SMALL LETTER BETA} \u2028", 0.1 + 0.2),
    TextLine(BOX),
    TextLine(text="", score=1.0),
    TextLine(angle="180", score=0.75),
    TextLine(BOX, "ab", 0.5, words=(Word("a", BOX, 0.4), Word("b", BOX, 0.6))),
    TextLine(BOX, "", 0.5, words=()),
)


def sent(page: Page) -> SentPage:
    """Send a page, the second of five that are asked for of nine."""
    (entry,) = page_objects([page], page_count=9, total=5, request_id="id")
    return SentPage.of(json.loads(json.dumps(entry)))


@pytest.mark.parametrize("dpi", [200, None])
def test_a_page_arrives_as_it_was_sent(dpi: int | None) -> None:
    page = Page(7, 640, 480, LINES, dpi)
    assert sent(page) == SentPage(page, page_count=9, remaining=4)


def test_an_error_arrives_as_it_was_sent() -> None:
    error = sent(Page(7, 0, 0, error=InvalidPage("It is broken."))).page.error
    assert error
    assert error.members("id") == InvalidPage("It is broken.").members("id")


@pytest.mark.parametrize("entry", [{}, [], None, {"page": 1, "page_count": 1, "remaining": 0}])
def test_what_is_no_page_is_refused(entry: object) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        SentPage.of(entry)  # type: ignore[arg-type]
