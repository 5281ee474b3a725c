"""Documents, whose pages appear as they are read."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests import pictures
from tests.browser import documents
from tests.browser.documents import PAGES
from tests.browser.files import choose, finished, picture
from tests.browser.test_accessibility import assert_accessible
from tests.browser.watched import shoot

# Blanks come and go with how finely a page is rendered.
LINES = [["".join(line.split()) for line in pictures.LINES[name]] for name in PAGES]
LONG = ["page_latin.png"] * 30


@pytest.mark.parametrize("document", [documents.pdf(), documents.tiff()], ids=["pdf", "tiff"])
def test_a_document_is_shown_page_by_page(document: FilePayload, page: Page) -> None:
    choose(page, document)
    item = finished(page)
    assert shown(page) == LINES
    heads = ["Page 1 1 line", *(f"Page {n} {len(LINES[n - 1])} lines" for n in (2, 3))]
    expect(item.locator("h3")).to_have_text(heads)
    expect(item.locator(".state")).to_contain_text(f"{sum(map(len, LINES))} lines")
    expect(item.get_by_role("progressbar")).to_be_hidden()
    shoot(page, "document")


def test_an_animated_gif_is_a_picture_unless_it_is_said_to_be_a_document(page: Page) -> None:
    choose(page, documents.gif())
    expect(finished(page).locator("img")).to_be_visible()
    page.locator("summary").click()
    page.get_by_label("Take files as").select_option("document")
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("article h3")).to_have_count(len(PAGES))


def test_pages_appear_while_others_are_still_to_come(page: Page) -> None:
    choose(page, documents.pdf(LONG))
    progress = page.get_by_role("progressbar")
    expect(progress).to_have_attribute("max", str(len(LONG)))
    expect(page.locator("article section").nth(1)).to_be_visible()
    expect(page.locator(".state")).to_have_text(re.compile(rf"Page \d+ of {len(LONG)} is read"))
    assert 2 <= page.locator("article section").count() < len(LONG)
    assert_accessible(page)
    shoot(page, "document_in_progress")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".state")).to_have_text("Cancelled")
    expect(progress).to_be_hidden()
    read = page.locator("article section").count()
    assert 2 <= read < len(LONG)
    expect(page.get_by_role("button", name="Copy text")).to_be_visible()
    # The server is free again, and what was cancelled can be asked for anew.
    choose(page, documents.pdf())
    assert finished(page).locator("section").count() == len(PAGES)
    assert page.locator("article").nth(1).locator("section").count() == read


def test_a_page_that_cannot_be_read_says_so_in_its_place(page: Page) -> None:
    choose(page, documents.pdf(broken_page=2))
    item = finished(page)
    expect(item.locator("section")).to_have_count(3)
    problem = item.locator("section").nth(1).locator(".problem")
    expect(problem).to_contain_text("Code invalid_page")
    expect(item.locator(".state")).to_contain_text("1 page not read")
    shoot(page, "document_with_a_bad_page")
    assert shown(page) == [LINES[0], [], LINES[2]]
    assert_accessible(page)


def test_only_the_pages_asked_for_are_read(page: Page) -> None:
    page.locator("summary").click()
    page.get_by_role("textbox", name="Pages").fill("2-3")
    choose(page, documents.pdf())
    expect(finished(page).locator("h3")).to_contain_text(["Page 2", "Page 3"])
    assert shown(page) == LINES[1:]


def test_a_password_is_asked_for_and_taken(page: Page) -> None:
    choose(page, documents.pdf(password="open sesame"))
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Type it under Options, Password, and press Enter.")
    expect(alert).to_contain_text("Code invalid_password")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.locator("#locked")).to_be_hidden()
    page.keyboard.type("open sesame")
    with page.expect_request("**/ocr/document*") as asked:
        page.keyboard.press("Enter")
    assert "sesame" not in asked.value.url
    finished(page)
    assert shown(page) == LINES


def test_of_several_files_the_one_that_the_password_is_for_is_named(page: Page) -> None:
    locked = documents.pdf(["small.png"], password="open sesame") | {"name": "letter.pdf"}
    choose(page, [picture("small.png"), locked])
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.locator("#locked")).to_have_text("Needed for letter.pdf")
    expect(page.get_by_label("Password")).to_have_accessible_description("Needed for letter.pdf")
    assert_accessible(page)
    shoot(page, "password")
    page.keyboard.type("open sesame")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copy text")).to_have_count(2)
    expect(page.locator("#locked")).to_be_hidden()


def test_pages_that_were_to_be_looked_at_alone_say_not_read(page: Page) -> None:
    page.locator("summary").click()
    page.get_by_label("Read the text").uncheck()
    choose(page, documents.pdf(["small.png"]))
    finished(page)
    assert shown(page) == [["notread"]]


def test_a_broken_document_is_refused_in_words(page: Page) -> None:
    choose(page, documents.pdf() | {"buffer": b"%PDF-1.7\nnothing"})
    expect(page.get_by_role("alert")).to_contain_text("Code invalid_document")


def test_an_answer_that_breaks_off_is_not_taken_for_the_whole(page: Page) -> None:
    line = '{"page": 1, "page_count": 2, "remaining": 1, "lines": {"0": {"rec_txt": "Harvest"}}}\n'
    page.route("**/ocr/document*", lambda route: route.fulfill(body=line))
    choose(page, documents.pdf())
    expect(page.get_by_role("alert")).to_contain_text("The answer broke off")
    assert shown(page) == [["Harvest"]]


@pytest.mark.parametrize("format_", ["ndjson", "pdf"])
def test_all_pages_are_downloaded_in_a_format(format_: str, page: Page) -> None:
    choose(page, documents.pdf())
    item = finished(page)
    item.get_by_label("Format to download").select_option(format_)
    with page.expect_download() as download:
        item.get_by_role("button", name="Download").click()
    # Never the name of the file that was sent.
    ending = "searchable.pdf" if format_ == "pdf" else format_
    assert download.value.suggested_filename == f"scan.{ending}"
    content = download.value.path().read_bytes()
    assert content.startswith(b"%PDF-" if format_ == "pdf" else b"{")


def test_a_password_goes_with_a_download_too(page: Page) -> None:
    page.locator("summary").click()
    page.get_by_label("Password").fill("open sesame")
    choose(page, documents.pdf(password="open sesame"))
    item = finished(page)
    with page.expect_download() as download:
        item.get_by_role("button", name="Download").click()
    assert download.value.path().read_text("utf-8").count("\f") == len(PAGES) - 1


def shown(page: Page) -> list[list[str]]:
    sections = page.locator("article").first.locator("section")
    lines = [section.locator("p.line").all_text_contents() for section in sections.all()]
    return [["".join(line.split()) for line in page_lines] for page_lines in lines]
