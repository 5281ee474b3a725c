"""The documentation page."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opened
from tests.browser.files import picture
from tests.browser.watched import shoot


def test_swagger_ui_starts_and_asks_for_the_description(open_page: Opened) -> None:
    page = open_page("/docs")
    expect(page.locator(".swagger-ui").first).to_be_visible()
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    names = {address.rpartition("/")[2] for address in loaded}
    assert {
        "swagger-ui-bundle.js",
        "swagger-ui.css",
        "docs.js",
        "docs_forms.js",
        "openapi.json",
    } <= names


def test_all_that_one_can_ask_for_is_described(open_page: Opened) -> None:
    page = open_page("/docs")
    expect(page.locator(".opblock-summary-path").filter(has_text="/ocr")).to_have_count(2)


def test_one_comes_back_to_the_page_that_reads_pictures(open_page: Opened) -> None:
    page = open_page("/docs")
    page.get_by_role("link", name="Read a picture").click()
    expect(page.get_by_label("Choose files")).to_be_visible()
    page.get_by_role("link", name="API documentation").click()
    expect(page).to_have_title("OCR server: API documentation")


@pytest.fixture
def tried(open_page: Opened) -> Locator:
    """The form with which a picture can be read."""
    operation = open_page("/docs").locator("#operations-Reading-readPicture")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    return operation


def field(operation: Locator, part: str, name: str) -> Locator:
    row = operation.locator(f"{part} tr").filter(has=row_name(operation, name))
    return row.locator("input, select")


def row_name(operation: Locator, name: str) -> Locator:
    return operation.page.locator(".parameter__name").get_by_text(name, exact=True)


def test_what_is_set_in_the_query_is_not_undone_by_the_form(tried: Locator) -> None:
    page: Page = tried.page
    field(tried, ".parameters-container", "use_rec").select_option("false")
    tried.get_by_role("button", name="Add string item").click()
    tried.locator("input[type=file]").set_input_files(picture("small.png"))
    shoot(page, "docs_form")
    with page.expect_response("**/ocr?*") as answer:
        tried.get_by_role("button", name="Execute").click()
    assert parse_qs(urlsplit(answer.value.url).query)["use_rec"] == ["false"]
    assert list(answer.value.json()["0"]) == ["dt_boxes"]


def test_base64_is_typed_and_an_empty_form_sends_nothing(tried: Locator) -> None:
    body = ".opblock-section-request-body"
    assert field(tried, body, "image_data").get_attribute("type") == "text"
    for name in ("use_det", "text_score", "format"):
        assert field(tried, body, name).input_value() == ""
    expect(tried.locator(body)).to_contain_text("Default: 0.5, unless the query says otherwise.")
    with tried.page.expect_request("**/ocr?*") as asked:
        tried.get_by_role("button", name="Execute").click()
    assert b"name=" not in (asked.value.post_data_buffer or b"")
