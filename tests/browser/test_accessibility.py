"""axe-core finds nothing serious in any state of the pages."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.files import choose, picture, read
from tests.browser.watched import shoot

# What WCAG 2.2 asks at its levels A and AA, and what is held to be good practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def assert_accessible(page: Page) -> None:
    found = Axe().run(page, options={"runOnly": _RULES}).response
    assert len(found["passes"]) > 10
    serious = [
        (violation["id"], node["html"], node["failureSummary"])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
    assert serious == []


def test_the_empty_page_is_accessible(open_page: Opened) -> None:
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        assert_accessible(page)
        page.locator("summary").click()
        assert_accessible(page)


def test_a_page_with_a_picture_read_is_accessible(open_page: Opened) -> None:
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        item = read(page, "page_latin.png")
        item.locator(".line").nth(1).focus()
        assert_accessible(page)


def test_a_page_with_an_error_is_accessible(open_page: Opened) -> None:
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        choose(page, picture("small.png") | {"buffer": b"nothing"})
        expect(page.get_by_role("alert")).to_be_visible()
        assert_accessible(page)


def test_a_page_that_asks_for_a_key_is_accessible(page: Page) -> None:
    page.route(re.compile("/ocr$"), lambda route: route.fulfill(status=401, json={}))
    choose(page, picture("small.png"))
    expect(page.get_by_label("API key")).to_be_visible()
    assert_accessible(page)


def test_the_documentation_is_accessible(open_page: Opened) -> None:
    for scheme in ("light", "dark"):
        page = open_page("/docs", color_scheme=scheme)
        page.locator(".opblock-summary-control").first.click()
        page.locator(".opblock pre.example").first.wait_for()
        shoot(page, f"docs_{scheme}")
        assert_accessible(page)
