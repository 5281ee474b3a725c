"""The documentation page."""

from playwright.sync_api import expect

from tests.browser.conftest import Opened


def test_swagger_ui_starts_and_asks_for_the_description(open_page: Opened) -> None:
    page = open_page("/docs")
    expect(page.locator(".swagger-ui").first).to_be_visible()
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    names = {address.rpartition("/")[2] for address in loaded}
    assert {"swagger-ui-bundle.js", "swagger-ui.css", "docs.js", "openapi.json"} <= names


def test_all_that_one_can_ask_for_is_described(open_page: Opened) -> None:
    page = open_page("/docs")
    expect(page.locator(".opblock-summary-path").filter(has_text="/ocr")).to_have_count(2)


def test_one_comes_back_to_the_page_that_reads_pictures(open_page: Opened) -> None:
    page = open_page("/docs")
    page.get_by_role("link", name="Read a picture").click()
    expect(page.get_by_label("Choose files")).to_be_visible()
    page.get_by_role("link", name="API documentation").click()
    expect(page).to_have_title("OCR server: API documentation")
