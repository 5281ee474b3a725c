"""One server and one Chromium for all; each test has a page that is watched."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.watched import FLAGS, Watched, chromium, watch
from tests.live.gunicorn_server import Server, serve

Opened = Callable[..., Page]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers and two slots, whatever the machine has."""
    with serve(tmp_path_factory.mktemp("server"), ["-w", "2"], slots="2") as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. While Playwright lives, asyncio runs: it must end before other folders' tests."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make contexts with settings of their own; whatever was loaded in them was allowed."""
    made: list[tuple[BrowserContext, Watched]] = []

    def new(**settings: object) -> BrowserContext:
        context = browser.new_context(**settings)  # type: ignore[arg-type] # Playwright checks
        made.append((context, watch(context)))
        return context

    yield new
    for context, watched in made:
        context.close()
        watched.check()


@pytest.fixture
def open_page(server: Server, new_context: Callable[..., BrowserContext]) -> Opened:
    """Open a page of the server's."""

    def opened(path: str = "/", url: str = "", **settings: object) -> Page:
        page = new_context(**settings).new_page()
        page.goto(f"{url or server.url}{path}")
        return page

    return opened


@pytest.fixture
def page(open_page: Opened) -> Page:
    """The page that reads pictures, on a wide screen."""
    return open_page()
