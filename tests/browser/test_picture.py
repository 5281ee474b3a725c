"""A picture beside its text."""

import io
import json
import re

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests import pictures
from tests.browser.conftest import Opened
from tests.browser.files import choose, finished, picture, read, texts
from tests.browser.watched import shoot

NAME = "page_latin.png"
LINES = pictures.LINES[NAME]
LIT = re.compile(r"\blit\b")


def test_a_picture_is_shown_with_its_text_and_a_box_for_each_line(page: Page) -> None:
    shoot(page, "empty")
    item = read(page, NAME)
    assert texts(item) == LINES
    expect(item.locator(".box")).to_have_count(len(LINES))
    expect(item.locator(".state")).to_contain_text(f"{len(LINES)} lines")
    expect(page.get_by_role("status")).to_contain_text(f"{len(LINES)} lines")
    shoot(page, "picture")


def test_a_box_lies_where_the_server_says(page: Page) -> None:
    with page.expect_response("**/ocr") as answer:
        item = read(page, NAME)
    shown, box = (item.locator(place).bounding_box() for place in ("img", ".box >> nth=0"))
    assert shown
    assert box
    scale = shown["width"] / image_of(NAME).width
    corners = answer.value.json()["0"]["dt_boxes"]
    left, top = (scale * min(corner[axis] for corner in corners) for axis in (0, 1))
    assert box["x"] - shown["x"] == pytest.approx(left, abs=3)
    assert box["y"] - shown["y"] == pytest.approx(top, abs=3)


def test_a_line_and_its_box_light_up_together_under_the_pointer(page: Page) -> None:
    item = read(page, NAME)
    line, box = item.locator(".line").nth(2), item.locator(".box").nth(2)
    for pointed in (line, box):
        pointed.hover()
        assert_lit(item, 2)
        page.mouse.move(0, 0)
        expect(line).not_to_have_class(LIT)
        expect(box).not_to_have_class(LIT)


def test_a_line_and_its_box_light_up_together_with_the_keyboard(page: Page) -> None:
    item = read(page, NAME)
    for stops in (".box", ".line"):
        item.locator(stops).first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(item.locator(stops).nth(2)).to_be_focused()
        assert_lit(item, 2)
    page.keyboard.press("End")
    assert_lit(item, len(LINES) - 1)


def test_a_click_on_a_box_and_enter_go_to_its_line(page: Page) -> None:
    item = read(page, NAME)
    item.locator(".box").nth(3).click()
    expect(item.locator(".line").nth(3)).to_be_focused()
    item.locator(".box").nth(1).focus()
    page.keyboard.press("Enter")
    expect(item.locator(".line").nth(1)).to_be_focused()


def test_boxes_have_names_for_those_who_do_not_see_them(page: Page) -> None:
    item = read(page, NAME)
    expect(item.get_by_role("button", name=f"Line 1: {LINES[0]}")).to_be_attached()


def test_lines_of_a_low_score_are_marked_in_words(page: Page) -> None:
    page.route("**/ocr", lambda route: route.fulfill(json=entry(score="0.61")))
    item = read(page, "small.png")
    expect(item.locator(".line.unsure .score")).to_have_text("unsure, 0.61")
    expect(item.locator(".box.unsure")).to_have_count(1)


def test_text_is_never_taken_for_markup(page: Page) -> None:
    markup = "<img src=x onerror=alert(1)>"
    page.route("**/ocr", lambda route: route.fulfill(json=entry(rec_txt=markup)))
    choose(page, picture("small.png") | {"name": f"{markup}.png"})
    item = finished(page)
    assert texts(item) == [markup]
    expect(item.get_by_role("heading")).to_have_text(f"{markup}.png")


def test_a_picture_without_text_says_so(page: Page) -> None:
    expect(read(page, "blank.png")).to_contain_text("No text was found.")


def test_a_picture_stored_on_its_side_is_shown_upright_with_its_boxes(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("exif") / "side.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = image_of(NAME)
    upright.transpose(Image.Transpose.ROTATE_90).save(file, quality=95, exif=exif)
    page.set_input_files("#files", file)
    item = finished(page)
    assert texts(item) == LINES
    assert (
        item.locator("svg.boxes").get_attribute("viewBox")
        == f"0 0 {upright.width} {upright.height}"
    )


def test_the_text_is_copied(open_page: Opened) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    item = read(page, NAME)
    item.get_by_role("button", name="Copy text").click()
    expect(item.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(LINES)


def test_the_text_is_copied_also_where_the_browser_gives_no_clipboard(page: Page) -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    item = read(page, NAME)
    item.get_by_role("button", name="Copy text").click()
    expect(item.get_by_role("button", name="Copied")).to_be_focused()
    page.locator("summary").click()
    page.locator("[name=pages]").press("Control+V")
    assert page.locator("[name=pages]").input_value().startswith(LINES[0])


def test_the_answer_is_downloaded_in_every_format(page: Page) -> None:
    item = read(page, "small.png")
    formats = item.get_by_label("Format to download")
    saved: dict[str, bytes] = {}
    for value in formats.locator("option").evaluate_all("all => all.map((one) => one.value)"):
        formats.select_option(value)
        with page.expect_download() as download:
            item.get_by_role("button", name="Download").click()
        saved[download.value.suggested_filename] = download.value.path().read_bytes()
    endings = ["txt", "json", "md", "hocr", "xml", "tsv", "boxes.png", "searchable.pdf"]
    assert list(saved) == [f"small.{ending}" for ending in endings]
    for name in ("small.txt", "small.md", "small.hocr", "small.xml", "small.tsv"):
        assert b"Harvest" in saved[name]
    assert json.loads(saved["small.json"])["0"]["rec_txt"] == "Harvest"
    assert saved["small.boxes.png"].startswith(b"\x89PNG")
    assert saved["small.searchable.pdf"].startswith(b"%PDF-")


def test_options_go_with_the_picture_and_it_can_be_read_again(page: Page) -> None:
    item = read(page, "small.png")
    expect(item.locator(".box")).to_have_count(1)
    page.locator("summary").click()
    shoot(page, "options")
    page.get_by_label("Look for text lines").uncheck()
    page.get_by_role("button", name="Read again").click()
    expect(item.locator(".box")).to_have_count(0)
    finished(page)
    assert [text.strip() for text in texts(item)] == pictures.LINES["small.png"]


def test_characters_have_boxes_if_asked_for(page: Page) -> None:
    page.locator("summary").click()
    page.get_by_label("Boxes of characters").check()
    item = read(page, "small.png")
    assert item.locator(".box .word").count() > 1


def test_lines_that_were_not_to_be_read_say_so(page: Page) -> None:
    page.locator("summary").click()
    page.get_by_label("Read the text").uncheck()
    item = read(page, "small.png")
    assert texts(item) == ["not read"]
    shoot(page, "not_read")


def test_how_sure_the_classifier_is_says_nothing_of_the_text(page: Page) -> None:
    alone = {"0": {"cls_label": "0", "score": "0.61"}}
    page.route("**/ocr", lambda route: route.fulfill(json=alone))
    item = read(page, "small.png")
    assert texts(item) == ["Lies at 0 degrees"]
    expect(item.locator(".state")).to_contain_text("1 line")
    expect(item).not_to_contain_text("unsure")


def set_wrong_option(page: Page) -> Locator:
    """Set an option that is not allowed, and fold the options away."""
    page.locator("summary").click()
    score = page.get_by_label("Least score of a line")
    score.fill("2")
    page.locator("summary").click()
    expect(score).to_be_hidden()
    return score


def test_a_file_waits_until_all_options_are_allowed(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    score = set_wrong_option(page)
    choose(page, [picture("small.png"), picture(NAME)])
    expect(score).to_be_focused()
    waits = "Waits: an option is not allowed"
    expect(page.locator(".state")).to_have_text([waits, waits])
    shoot(page, "option_not_allowed")
    page.get_by_role("button", name="Cancel").last.click()
    assert not any(url.endswith("/ocr") for url in asked)
    score.fill("0.4")
    score.press("Tab")
    assert texts(finished(page)) == pictures.LINES["small.png"]
    expect(page.locator(".state").last).to_have_text("Cancelled")
    assert len([url for url in asked if url.endswith("/ocr")]) == 1


def test_reading_again_shows_which_option_is_not_allowed(page: Page) -> None:
    item = read(page, "small.png")
    score = set_wrong_option(page)
    page.get_by_role("button", name="Read again").click()
    expect(score).to_be_focused()
    assert texts(item) == pictures.LINES["small.png"]


def test_what_is_tried_again_waits_for_the_options_too(page: Page) -> None:
    choose(page, picture("small.png") | {"buffer": b"nothing"})
    page.get_by_role("button", name="Try again").wait_for()
    score = set_wrong_option(page)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".state")).to_contain_text("Waits")
    score.fill("0.4")
    score.press("Enter")
    expect(page.locator(".state")).to_have_text("Not read")


def image_of(name: str) -> Image.Image:
    return Image.open(io.BytesIO(pictures.read(name))).convert("RGB")


def entry(**members: str) -> dict[str, dict[str, object]]:
    box = [[8, 7], [112, 7], [112, 39], [8, 39]]
    return {"0": {"rec_txt": "Harvest", "dt_boxes": box, "score": "0.99", **members}}


def assert_lit(item: Locator, index: int) -> None:
    for kind in (".line", ".box"):
        expect(item.locator(f"{kind}.lit")).to_have_count(1)
        expect(item.locator(kind).nth(index)).to_have_class(LIT)


def test_a_file_that_the_browser_cannot_show_is_read_all_the_same(page: Page) -> None:
    file: FilePayload = {**picture("small.png"), "name": "small.tif", "mimeType": "image/tiff"}
    page.locator("summary").click()
    page.get_by_label("Take files as").select_option("picture")
    page.route("**/ocr", lambda route: route.fulfill(json=entry()))
    choose(page, {**file, "buffer": b"II*\x00"})
    item = finished(page)
    expect(item).to_contain_text("This browser cannot show the file.")
    assert texts(item) == ["Harvest"]


def test_read_again_takes_the_place_of_a_download(page: Page) -> None:
    choose(page, picture("small.png"))
    item = finished(page)
    page.route("**/ocr*", lambda _: None)  # Nothing is answered any more.
    item.get_by_role("button", name="Download").click()
    expect(item.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_role("button", name="Read again").click()
    expect(page.locator(".state")).to_have_text("Being read")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(item.get_by_role("button", name="Cancel")).to_be_visible()
    expect(item.get_by_role("button", name="Download")).to_have_count(0)
