"""Pages of documents, read in order, on one slot or on several."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from ocr_server.documents.document import Document, Pictures
from ocr_server.elastic import OneCore
from ocr_server.engine import Engine
from ocr_server.errors import ClientGone, InvalidPage
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.pages import Pages
from ocr_server.reader import Picture, Reader, Work
from ocr_server.slots import Slots
from ocr_server.stopwatch import Stopwatch
from ocr_server.watchdog import Watchdog
from tests import pictures
from tests.processes import leaving_nothing

NAMES = ["small.png", "blank.png", "palette.png", "upside_down.png", "one_bit.png"]
FILES = [pictures.read(name) for name in NAMES]
BLANK = Picture(np.full((40, 60, 3), 255, np.uint8))


class Blanks:
    """A document of blank pages, some of which do something when they are begun or loaded."""

    ahead = 16
    is_serial = False

    def __init__(self, count: int, **at: Callable[[], None]) -> None:
        """Call `at["begin_3"]` when page 3 is begun, `at["load_3"]` when it is loaded."""
        self.page_count = count
        self.begun: list[int] = []
        self.loaded: list[int] = []
        self._at = at

    def page(self, number: int) -> Callable[[], Picture]:
        self.begun.append(number)
        self._at.get(f"begin_{number}", lambda: None)()

        def load() -> Picture:
            self.loaded.append(number)
            self._at.get(f"load_{number}", lambda: None)()
            return BLANK

        return load

    def close(self) -> None:
        pass


@pytest.fixture
def reader(engine: Engine, slots: Slots) -> Reader:
    return Reader(engine, slots, OneCore(), Watchdog(60))


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else asks for slots, so that pages are read ahead."""
    monkeypatch.setattr(Slots, "quiet", True)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others ask for slots, so that one page is read at a time."""
    monkeypatch.setattr(Slots, "quiet", False)


def pages(
    reader: Reader,
    document: Document,
    check: Callable[[], None] = lambda: None,
    keep: Callable[[Page, Picture], None] = lambda _, __: None,
) -> Iterator[Page]:
    """All pages of a document."""
    numbers = range(1, document.page_count + 1)
    work = Work(Options(), None, Stopwatch(), check)
    with closing(Pages(reader, document, numbers, work, keep).read()) as reading:
        yield from reading


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def texts(page: Page) -> list[str | None]:
    return [line.text for line in page.lines]


@pytest.mark.parametrize("state", ["quiet", "busy"])
def test_pages_are_read_as_single_pictures_are_and_come_in_order(
    reader: Reader, state: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(state)
    found = list(pages(reader, Pictures(FILES * 2, 10**8)))
    assert [page.number for page in found] == list(range(1, 11))
    for index, page in enumerate(found):
        alone = Pictures([FILES[index % 5]], 10**8)
        work = Work(Options(), 10, Stopwatch())
        with reader.read(alone.page(1), work) as reading:
            assert page.lines == reading.page.lines
            assert (page.width, page.height) == (reading.page.width, reading.page.height)


def test_pages_chosen_are_read_and_no_others(reader: Reader) -> None:
    document = Blanks(100)
    work = Work(Options(), None, Stopwatch())
    found = list(Pages(reader, document, [2, 30, 97], work).read())
    assert [page.number for page in found] == [2, 30, 97]
    assert document.begun == [2, 30, 97]


@pytest.mark.parametrize("when", ["begin_2", "load_2"])
@pytest.mark.parametrize("state", ["quiet", "busy"])
def test_a_page_that_fails_is_given_in_its_place_with_its_error(
    reader: Reader, when: str, state: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(state)
    error = InvalidPage("It is torn.")
    found = list(pages(reader, Blanks(4, **{when: failing(error)})))
    assert [page.number for page in found] == [1, 2, 3, 4]
    assert [page.error for page in found] == [None, error, None, None]
    assert (found[1].width, found[1].height, found[1].lines) == (0, 0, ())


@pytest.mark.parametrize("when", ["begin", "load"])
@pytest.mark.parametrize("state", ["quiet", "busy"])
def test_a_page_on_which_the_server_itself_fails_is_an_internal_error_and_in_the_log(
    reader: Reader,
    when: str,
    state: str,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    request.getfixturevalue(state)
    at = {f"{when}_{number}": failing(ZeroDivisionError("secret")) for number in range(2, 9)}
    found = list(pages(reader, Blanks(9, **at)))
    codes = [page.error and page.error.code for page in found]
    assert codes == [None, *["internal_error"] * 7, None]
    assert "secret" not in str(found[1].error)
    assert caplog.text.count("ZeroDivisionError: secret") == 7


def test_what_keeps_a_page_gets_its_picture_while_its_slot_is_held(
    reader: Reader, busy: None
) -> None:
    kept: list[tuple[int, bool, int]] = []

    def keep(page: Page, picture: Picture) -> None:
        kept.append((page.number, picture is BLANK, reader.slots.free))

    list(pages(reader, Blanks(3), keep=keep))
    assert kept == [(number, True, 1) for number in (1, 2, 3)]


def test_a_client_that_is_gone_ends_the_whole(reader: Reader) -> None:
    gone = threading.Event()

    def check() -> None:
        if gone.is_set():
            raise ClientGone("It hung up.")

    document = Blanks(50)
    with leaving_nothing():
        reading = pages(reader, document, check)
        next(reading)
        gone.set()
        with pytest.raises(ClientGone):
            list(reading)
    assert len(document.loaded) < 10
    assert reader.slots.free == 2


@pytest.mark.parametrize("state", ["quiet", "busy"])
def test_closing_early_ends_the_work(
    reader: Reader, state: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(state)
    document = Blanks(100)
    with leaving_nothing():
        reading = pages(reader, document)
        next(reading)
        next(reading)
        reading.close()  # type: ignore[attr-defined]
        assert reader.slots.free == 2
        seen = len(document.loaded)
    assert seen <= 10
    time.sleep(0.1)  # in which nothing more may happen
    assert len(document.loaded) == seen


def test_closing_before_the_first_page_does_nothing(reader: Reader) -> None:
    document = Blanks(3)
    with leaving_nothing():
        Pages(reader, document, [1, 2], Work(Options(), None, Stopwatch())).read().close()
    assert document.begun == []


def test_pages_are_read_ahead_on_slots_that_nobody_wants(reader: Reader, quiet: None) -> None:
    second = threading.Event()
    # The third page is loaded only when another, later one is: so two are read at once.
    document = Blanks(5, load_3=lambda: wait_for(second), load_4=second.set)
    assert [page.number for page in pages(reader, document)] == [1, 2, 3, 4, 5]


def wait_for(event: threading.Event) -> None:
    assert event.wait(20)


def test_one_page_is_read_at_a_time_while_others_ask_for_slots(reader: Reader, busy: None) -> None:
    free: list[int] = []
    at = {f"load_{number}": lambda: free.append(reader.slots.free) for number in range(1, 9)}
    list(pages(reader, Blanks(8, **at)))
    assert free == [1] * 8


def test_no_more_pages_are_begun_than_the_document_allows(reader: Reader, quiet: None) -> None:
    document = Blanks(30)
    document.ahead = 1
    reading = pages(reader, document)
    for number in range(1, 31):
        assert next(reading).number == number
        assert len(document.begun) <= number + 1


def test_a_slow_reader_of_pages_holds_no_slot(reader: Reader, quiet: None) -> None:
    reading = pages(reader, Blanks(100))
    next(reading)
    next(reading)
    deadline = time.monotonic() + 20
    while reader.slots.free < 2:  # until what is read ahead is read
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert next(reading).number == 3
    reading.close()  # type: ignore[attr-defined]


def test_several_documents_are_read_side_by_side(reader: Reader, quiet: None) -> None:
    with leaving_nothing(), ThreadPoolExecutor(4, "client") as clients:
        found = list(clients.map(lambda count: list(pages(reader, Blanks(count))), [7, 1, 12, 5]))
    assert [[page.number for page in each] for each in found] == [
        list(range(1, count + 1)) for count in (7, 1, 12, 5)
    ]
    assert reader.slots.free == 2


def test_only_one_slot_is_held_while_a_page_of_a_serial_document_takes_long_to_load(
    reader: Reader, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocr_server.pages._LOADING_SECONDS", 0.01)
    go_on, loads = threading.Event(), threading.Event()

    def load_long() -> None:
        loads.set()
        wait_for(go_on)

    document = Blanks(6, load_2=load_long)
    document.is_serial = True
    reading = pages(reader, document)
    assert next(reading).number == 1
    with ThreadPoolExecutor(1) as client:
        rest = client.submit(lambda: [page.number for page in reading])
        wait_for(loads)
        for _ in range(20):
            with reader.slots.hold(timeout=5):
                time.sleep(0.005)
        go_on.set()
        assert rest.result(20) == [2, 3, 4, 5, 6]
    assert document.loaded == [1, 2, 3, 4, 5, 6]


def test_pages_are_read_without_helpers_where_no_thread_can_be_started(
    reader: Reader, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
    assert [page.number for page in pages(reader, Blanks(4))] == [1, 2, 3, 4]


def test_no_page_is_lost_that_is_begun_just_when_all_others_are_given(
    reader: Reader, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SlowFuture(Future[Page]):
        def __init__(self) -> None:
            time.sleep(0.02)
            super().__init__()

    monkeypatch.setattr("ocr_server.pages.Future", SlowFuture)
    for count in range(2, 9):
        assert [page.number for page in pages(reader, Blanks(count))] == [*range(1, count + 1)]
