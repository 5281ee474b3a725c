"""Markdown, as a CommonMark parser understands it."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocr_server.engine import Engine
from ocr_server.errors import InvalidImage
from ocr_server.formats.markdown import write
from ocr_server.page import Page
from ocr_server.text_line import TextLine
from tests.formats.pages import line, page, picture, read

PARSER = MarkdownIt("gfm-like", {"linkify": False})


def written(*pages: Page) -> str:
    return "".join(write(pages))


def rendered(text: str) -> str:
    """Return the HTML that a reader sees, without line breaks between tags."""
    return re.sub(r">\n+<", "><", PARSER.render(text).strip())


def shown(text: str) -> str:
    """Return what a reader sees, as characters."""
    tokens = PARSER.parse(text)
    inlines = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in inlines} <= {"text", "hardbreak", "softbreak", "text_special"}
    return "".join(token.content or "\n" for token in inlines)


def rows(*texts: str, widths: Sequence[float] = (), height: float = 20) -> list[TextLine]:
    every = widths or [400] * len(texts)
    return [
        line(text, 10, 10 + 1.5 * height * index, width, height)
        for index, (text, width) in enumerate(zip(texts, every, strict=True))
    ]


def test_full_rows_of_a_paragraph_are_joined_with_a_space() -> None:
    lines = rows("the quick brown fox", "jumps over the lazy", "dog", widths=[400, 390, 60])
    assert written(page(*lines)) == "the quick brown fox jumps over the lazy dog\n\n"


def test_chinese_rows_are_joined_without_a_space() -> None:
    lines = rows("清晨的菜市场已经很热闹", "卖豆腐的老人", widths=[400, 200])
    assert written(page(*lines)) == "清晨的菜市场已经很热闹卖豆腐的老人\n\n"


def test_a_word_broken_at_a_hyphen_stays_one() -> None:
    lines = rows("a long row of well-", "known words", widths=[400, 200])
    assert written(page(*lines)) == "a long row of well-known words\n\n"


def test_rows_that_end_early_keep_their_end() -> None:
    lines = rows("Harbour Street 5", "Old Town", "Call us today", widths=[330, 150, 260])
    assert written(page(*lines)) == "Harbour Street 5\\\nOld Town\\\nCall us today\n\n"
    assert rendered(written(page(*lines))).count("<br") == 2


def test_entries_of_a_narrow_list_keep_their_ends() -> None:
    lines = rows("1 apple", "2 banana", "3 cherry", widths=[90, 110, 105])
    assert written(page(*lines)) == "1 apple\\\n2 banana\\\n3 cherry\n\n"


def test_large_text_is_a_heading() -> None:
    lines = [
        line("Large", 10, 10, 300, 60),
        line("Middle", 10, 100, 300, 36),
        *(line("ordinary text " * 3, 10, top, 400) for top in (160, 185, 210)),
    ]
    html = rendered(written(page(*lines)))
    assert html.startswith("<h1>Large</h1><h2>Middle</h2><p>ordinary text")


def test_a_heading_of_two_rows_is_one() -> None:
    lines = [
        *(line(text, 10, top, 500, 60) for text, top in (("The Story of", 10), ("a Town", 90))),
        *(line("ordinary text " * 3, 10, top, 400) for top in (180, 205, 230)),
    ]
    assert written(page(*lines)).startswith("# The Story of a Town\n\nordinary")


def test_much_large_text_is_no_heading() -> None:
    lines = [line("large text " * 12, 10, 10, 900, 60), *rows("ordinary " * 30)]
    assert "#" not in written(page(*lines))


@pytest.mark.parametrize("bullet", ["-", "*", "•", "·", "●"])
def test_bullets_make_a_list(bullet: str) -> None:
    lines = rows(f"{bullet} apples", f"{bullet} pears", widths=[90, 80])
    assert rendered(written(page(*lines))) == "<ul><li>apples</li><li>pears</li></ul>"


def test_numbers_make_a_list() -> None:
    lines = rows("3. apples", "4.pears", "5) plums", widths=[90, 80, 80])
    html = rendered(written(page(*lines)))
    assert (
        html == '<ol start="3"><li>apples</li><li>pears</li></ol><ol start="5"><li>plums</li></ol>'
    )


def test_rows_after_an_item_belong_to_it() -> None:
    lines = rows("- apples that were", "picked today", "- pears", widths=[400, 200, 80])
    html = rendered(written(page(*lines)))
    assert html == "<ul><li>apples that were<br />\npicked today</li><li>pears</li></ul>"


@pytest.mark.parametrize("text", ["3.14 metres", "2024. Then", "$1.50", "-5 degrees", "1 apple"])
def test_a_number_is_no_list(text: str) -> None:
    assert rendered(written(page(*rows(text)))) == f"<p>{text}</p>"


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "a *b* _c_ **d** `e` ~~f~~",
        "[a](b) ![c](d) <b> &amp; &lt;",
        "> no quote",
        "- ",
        "---",
        "===",
        "+ ",
        "1.",
        "| a | b |",
        "\\",
        "back\\slash*",
        "#",
        "[x]: http://a",
    ],
)
def test_special_characters_stand_for_themselves(text: str) -> None:
    assert shown(written(page(*rows(text)))) == text.strip()


@settings(deadline=None)
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_a_reader_sees_what_was_read(texts: list[str]) -> None:
    widths = [400 if index % 2 else 100 for index in range(len(texts))]
    seen = "".join(shown(written(page(*rows(*texts, widths=widths)))).split())
    # NUL is the one character that Markdown replaces; a bullet becomes the list's own.
    expected = "".join("".join(texts).replace("\0", "\ufffd").split())
    assert without_markers(seen) == without_markers(expected)


def without_markers(text: str) -> str:
    return re.sub(r"[-*+•·●○▪■◆–\d.)]", "", text)


def test_pages_are_parted_by_a_thematic_break() -> None:
    pages = [page(*rows(text)) for text in ("one", "two")]
    assert rendered(written(*pages)) == "<p>one</p><hr /><p>two</p>"


def test_a_page_that_failed_is_told_in_a_quote() -> None:
    failed = Page(1, 0, 0, error=InvalidImage("It is <broken>."))
    assert rendered(written(failed)) == (
        "<blockquote><p>Page 1 could not be read: It is &lt;broken&gt;. (invalid_image)</p>"
        "</blockquote>"
    )


def test_lines_that_were_not_read_say_nothing() -> None:
    assert written(page(line(None, 10, 10, 90), line("", 10, 40, 90))) == ""


def test_a_page_of_mixed_sizes_has_headings(engine: Engine) -> None:
    text = written(read(engine, picture("page_mixed_sizes.png")))
    assert text.startswith("# 周末读书会\n\n# Weekend Reading\n\n地点在城南图书馆三楼\\\n")
