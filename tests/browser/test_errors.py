"""What goes wrong is said in the page, with what to do."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests import pictures
from tests.browser.conftest import Opened
from tests.browser.files import choose, finished, picture, read, texts
from tests.browser.watched import shoot
from tests.live.gunicorn_server import Server, serve

KEY = "a-key-for-the-browser"
SMALL = pictures.LINES["small.png"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that wants a key."""
    key_hash = hashlib.sha256(KEY.encode()).hexdigest()
    with serve(tmp_path_factory.mktemp("guarded"), ["-w", "1"], api_keys=key_hash) as running:
        yield running


def test_the_servers_own_words_are_shown_as_an_alert(page: Page) -> None:
    choose(page, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"just some text\n"})
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Picture format is not supported")
    expect(alert).to_contain_text("JPEG")
    expect(alert).to_contain_text("Code unsupported_format")
    expect(page.locator(".state")).to_have_text("Not read")
    shoot(page, "error")


def test_a_bad_file_does_not_stop_the_others(page: Page) -> None:
    bad = picture("small.png") | {"buffer": b"nothing"}
    choose(page, [bad, picture("small.png")])
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.locator("article").nth(1).locator(".text")).to_have_text(SMALL)


def test_a_file_that_is_too_large_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(pictures.read("small.png") + bytes(20 * 2**20))
    page.set_input_files("#files", large)
    expect(page.get_by_role("alert")).to_contain_text("Picture is too large")


def test_a_proxy_that_refuses_a_large_file_is_understood_too(page: Page) -> None:
    page.route("**/ocr", lambda route: route.fulfill(status=413, body="<h1>Too large</h1>"))
    choose(page, picture("small.png"))
    expect(page.get_by_role("alert")).to_contain_text("The file is too large")


def test_a_busy_server_is_asked_again_when_it_said(page: Page) -> None:
    page.route("**/ocr", Busy(times=1))
    choose(page, picture("small.png"))
    expect(page.locator(".state")).to_contain_text("busy; tries again in 1 s")
    assert texts(finished(page)) == SMALL


def test_a_server_that_stays_busy_is_left_alone_until_a_person_tries_again(page: Page) -> None:
    page.clock.install()
    busy = Busy(times=5)
    page.route("**/ocr", busy)
    choose(page, picture("small.png"))
    for tries in range(1, 5):
        expect(page.locator(".state")).to_contain_text("busy")
        wait_for_tries(page, busy, tries)
        page.clock.run_for(1100)
    expect(page.get_by_role("alert")).to_contain_text("Server is busy")
    page.get_by_role("button", name="Try again").click()
    assert texts(finished(page)) == SMALL


def test_a_network_that_is_down_is_told_and_can_be_tried_again(page: Page) -> None:
    page.context.set_offline(True)
    choose(page, picture("small.png"))
    expect(page.get_by_role("alert")).to_contain_text("The server did not answer")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    assert texts(finished(page)) == SMALL
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_server_with_keys_makes_the_page_ask_for_one(guarded: Server, open_page: Opened) -> None:
    page = open_page(url=guarded.url)
    field = page.get_by_label("API key")
    expect(field).to_be_hidden()
    choose(page, picture("small.png"))
    expect(field).to_be_focused()
    assert (field.get_attribute("type"), field.get_attribute("autocomplete")) == ("password", "off")
    shoot(page, "key")
    page.keyboard.type("wrong-key")
    page.keyboard.press("Enter")
    expect(page.locator("#key-note")).to_contain_text("does not know that key")
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    assert texts(finished(page)) == SMALL
    expect(field).to_be_hidden()


def test_the_time_that_a_key_takes_to_type_is_not_counted(page: Page) -> None:
    page.clock.install()
    page.route("**/ocr", lambda route: route.fulfill(status=401, json={}), times=1)
    choose(page, picture("small.png"))
    page.get_by_label("API key").fill(KEY)
    page.clock.fast_forward(3600_000)
    page.keyboard.press("Enter")
    expect(finished(page).locator(".state")).to_have_text(re.compile(r" \d{1,3}\.\d s$"))


def test_a_key_is_kept_for_the_tab_alone(guarded: Server, open_page: Opened) -> None:
    page = open_page(url=guarded.url)
    choose(page, picture("small.png"))
    page.get_by_label("API key").fill(KEY)
    page.keyboard.press("Enter")
    finished(page)
    page.reload()
    assert texts(read(page, "small.png")) == SMALL
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    other = page.context.new_page()
    other.goto(guarded.url)
    choose(other, picture("small.png"))
    expect(other.get_by_label("API key")).to_be_visible()


class Busy:
    """Answers 503 for some times, as the server does, then lets requests pass."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.seen = 0

    def __call__(self, route: Route) -> None:
        self.seen += 1
        if self.seen > self.times:
            route.fallback()
            return
        problem = {"title": "Server is busy", "detail": "Send it again.", "code": "server_busy"}
        route.fulfill(
            status=503,
            json=problem,
            headers={"Retry-After": "1"},
            content_type="application/problem+json",
        )


def wait_for_tries(page: Page, busy: Busy, tries: int) -> None:
    while busy.seen < tries:
        page.wait_for_timeout(10)
