"""The ways in which files come to the page."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import pictures
from tests.browser import documents
from tests.browser.conftest import Opened
from tests.browser.files import choose, finished, picture, read, texts, transfer
from tests.browser.watched import shoot
from tests.live.gunicorn_server import Server

TELEPHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
SMALL = pictures.LINES["small.png"]


def test_a_picture_is_dropped(page: Page) -> None:
    dropped = transfer(page, picture("small.png"))
    page.dispatch_event("main", "dragenter", {"dataTransfer": dropped})
    page.dispatch_event("main", "dragover", {"dataTransfer": dropped})
    expect(page.locator("body.dropping")).to_be_visible()
    page.dispatch_event("main", "drop", {"dataTransfer": dropped})
    expect(page.locator("body.dropping")).to_have_count(0)
    assert texts(finished(page)) == SMALL


def test_a_picture_is_pasted(page: Page) -> None:
    pasted = transfer(page, picture("small.png"))
    page.evaluate(
        "(clipboardData) => document.body.dispatchEvent("
        "new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))",
        pasted,
    )
    assert texts(finished(page)) == SMALL


def test_text_can_still_be_pasted_into_a_field(page: Page) -> None:
    page.locator("summary").click()
    pages = page.get_by_role("textbox", name="Pages")
    pages.fill("1-3")
    pages.press("Control+A")
    pages.press("Control+X")
    pages.press("Control+V")
    assert pages.input_value() == "1-3"


def test_all_of_it_works_by_keyboard_alone(page: Page) -> None:
    # Chromium opens no dialog of its own where somebody listens; it takes a moment to know that.
    page.on("filechooser", lambda _: None)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="API documentation")).to_be_focused()
    page.keyboard.press("Tab")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(picture("page_latin.png"))
    item = finished(page)
    expect(page.locator("#files")).to_be_focused()
    names = ["Read again", "Clear all", "Copy text", "Download"]
    focused = [tab(page) for _ in range(9)]
    assert [name for name in focused if name in names] == names
    expect(item.locator(".line").first).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(item.locator(".box").first).to_be_focused()


def tab(page: Page) -> str:
    page.keyboard.press("Tab")
    return str(page.evaluate("document.activeElement.textContent"))


def test_focus_can_be_seen(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    style = "getComputedStyle(document.querySelector('.choices .button')).outlineStyle"
    assert page.evaluate(style) == "solid"


def test_several_pictures_are_read_one_after_the_other_in_order(page: Page) -> None:
    names = ["small.png", "grey.jpg", "wide_line.png"]
    under_way = 0
    most = 0

    def begin() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)

    def end() -> None:
        nonlocal under_way
        under_way -= 1

    page.on("request", lambda request: begin() if request.url.endswith("/ocr") else None)
    page.on("requestfinished", lambda request: end() if request.url.endswith("/ocr") else None)
    choose(page, [picture(name) for name in names])
    expect(page.get_by_role("button", name="Copy text")).to_have_count(len(names))
    for index, name in enumerate(names):
        item = page.locator("article").nth(index)
        assert item.get_by_role("heading").text_content() == name
        assert texts(item) == pictures.LINES[name]
    assert most == 1


def test_what_still_waits_is_read_once_when_all_is_to_be_read_again(page: Page) -> None:
    names = ["small.png", "grey.jpg", "wide_line.png"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/ocr", lambda _: None, times=1)  # The first is never answered.
    with page.expect_request("**/ocr"):
        choose(page, [picture(name) for name in names])
    page.get_by_role("button", name="Read again").click()
    expect(page.get_by_role("button", name="Copy text")).to_have_count(len(names))
    assert len([url for url in asked if url.endswith("/ocr")]) == 1 + len(names)


def test_it_works_behind_a_prefix(page: Page) -> None:
    page.route(
        "**/behind/**", lambda route: route.continue_(url=route.request.url.replace("/behind", ""))
    )
    page.goto(f"{page.url}behind/")
    assert texts(read(page, "small.png")) == SMALL
    page.get_by_role("link", name="API documentation").click()
    expect(page.locator(".swagger-ui").first).to_be_visible()
    assert page.url.endswith("/behind/docs")


def test_what_comes_later_stands_above(page: Page) -> None:
    choose(page, picture("small.png"))
    choose(page, picture("wide_line.png"))
    heads = page.locator("article h2")
    expect(heads).to_have_text(["wide_line.png", "small.png"])


def test_items_can_be_removed(page: Page) -> None:
    choose(page, [picture("small.png"), picture("wide_line.png")])
    expect(page.get_by_role("button", name="Copy text")).to_have_count(2)
    page.get_by_role("button", name="Remove small.png").click()
    expect(page.locator("article h2")).to_have_text(["wide_line.png"])
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("article")).to_have_count(0)
    expect(page.get_by_role("button", name="Clear all")).to_be_hidden()


def test_a_telephone_takes_a_photograph_and_needs_no_sideways_scrolling(open_page: Opened) -> None:
    page = open_page(**TELEPHONE)
    expect(page.get_by_label("Take a photograph")).to_be_visible()
    page.locator("summary").tap()
    assert_fits(page)
    page.locator("summary").tap()
    page.set_input_files("#camera", picture("page_latin.png"))
    finished(page)
    assert_fits(page)
    shoot(page, "narrow")


def test_a_desktop_is_not_offered_a_camera(page: Page) -> None:
    expect(page.get_by_label("Take a photograph")).to_be_hidden()


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_page_is_dark_where_the_system_is(open_page: Opened) -> None:
    def brightness(page: Page) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[4:-1].split(","))

    dark = open_page(color_scheme="dark")
    choose(dark, [picture("page_latin.png"), picture("light_on_dark.png")])
    expect(dark.get_by_role("button", name="Copy text")).to_have_count(2)
    shoot(dark, "dark")
    assert brightness(dark) < 150
    assert brightness(open_page(color_scheme="light")) > 600


def test_those_who_want_no_motion_get_none(open_page: Opened) -> None:
    style = "getComputedStyle(document.querySelector('.button')).transitionDuration"
    assert open_page(reduced_motion="reduce").evaluate(style) == "0s"


@pytest.fixture
def plain_page(server: Server, new_context: Callable[..., BrowserContext]) -> Page:
    """The page in a browser without JavaScript."""
    page = new_context(java_script_enabled=False).new_page()
    page.goto(server.url)
    return page


def submit(page: Page, name: str = "Read") -> Any:
    with page.expect_navigation() as answer:
        page.get_by_role("button", name=name, exact=True).click()
    return answer.value.json()


def test_the_form_works_without_javascript(plain_page: Page) -> None:
    shoot(plain_page, "no_javascript")
    choose(plain_page, picture("small.png"))
    assert [line["rec_txt"] for line in submit(plain_page).values()] == SMALL


def test_options_work_without_javascript(plain_page: Page) -> None:
    plain_page.locator("summary").click()
    plain_page.get_by_label("Look for text lines").uncheck()
    choose(plain_page, picture("small.png"))
    (line,) = submit(plain_page).values()
    assert list(line) == ["rec_txt", "score"]


def test_documents_are_read_without_javascript(plain_page: Page) -> None:
    choose(plain_page, documents.pdf())
    answer = submit(plain_page, "Read all pages of a document")
    assert answer["page_count"] == len(answer["pages"]) == len(documents.PAGES)
