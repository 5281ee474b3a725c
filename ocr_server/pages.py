"""A document's pages, read one after the other and, on slots that nobody wants, ahead."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace

from ocr_server.documents.document import Document
from ocr_server.errors import ClientGone, OcrServerError
from ocr_server.page import Page
from ocr_server.reader import Picture, Reader, Work
from ocr_server.slots import Hold

_log = logging.getLogger(__name__)

# For how long somebody with a slot waits while another page is loaded: most take less.
_LOADING_SECONDS = 0.25

Keep = Callable[[Page, Picture], None]


class Stopped(Exception):
    """Nobody wants the pages any more."""


class Pages:
    """Pages of a document, read for one request, which is one client like any other.

    One page at a time waits for a slot as other requests do. Helpers read pages ahead on slots
    that they borrow while nobody else has asked for one for a while.
    """

    def __init__(
        self,
        reader: Reader,
        document: Document,
        numbers: Sequence[int],
        work: Work,
        keep: Keep = lambda _, __: None,
    ) -> None:
        """Prepare to read the pages of these numbers.

        keep: is called with each page and its picture while its slot is held; by any thread.
        """
        self._reader = reader
        self._document = document
        self._work = replace(work, check=self._check)
        self._check_client = work.check
        self.keep = keep
        self._stopped = False
        self._turn = threading.Lock()
        self._loading = threading.Semaphore(1 if document.is_serial else len(numbers))
        self._todo = deque(numbers)
        self._begun: deque[Future[Page]] = deque()  # not yet given, in their order
        self._most_helpers = reader.slots.count - 1
        self._most_begun = min(document.ahead, 2 * reader.slots.count)

    def read(self) -> Generator[Page]:
        """Give the pages in their order, each as soon as it is read and those before it are given.

        A page that fails is given with its error. When the iterator is closed, what was begun is
        finished or dropped before that returns. Raises what the work's check raises.
        """
        helpers: list[Future[None]] = []
        with ExitStack() as held:
            # The first page alone: on all cores it is there sooner.
            pool = ThreadPoolExecutor(max(1, self._most_helpers), "page")
            held.callback(pool.shutdown, cancel_futures=True)
            held.callback(self._stop)
            while self._todo or self._begun:
                if self._begun and (self._begun[0].done() or not self._has_room()):
                    page = self._begun[0].result()
                    self._begun.popleft()
                    yield page
                    helpers = [helper for helper in helpers if not helper.done()]
                    if self._is_help_wanted(len(helpers)):
                        with suppress(RuntimeError):  # The system allows no more threads.
                            helpers.append(pool.submit(self._help))
                else:
                    self._read_next(None)

    def _has_room(self) -> bool:
        return bool(self._todo) and len(self._begun) < self._most_begun

    def _is_help_wanted(self, helpers: int) -> bool:
        slots = self._reader.slots
        return helpers < self._most_helpers and slots.quiet and slots.free > 0

    def _help(self) -> None:
        slots = self._reader.slots
        with slots.hold_if_free() as slot:
            while slot and slots.quiet and not slots.waiting and self._read_next(slot):
                pass

    def _read_next(self, slot: Hold | None) -> bool:
        """Read the next page that nobody has begun; return whether it did.

        It does not where another page of a serial document takes long to load: a slot must not be
        held for that. slot: held by the caller; None to wait for one.
        """
        if not self._loading.acquire(timeout=_LOADING_SECONDS):
            return False
        with ExitStack() as turn:
            turn.callback(self._loading.release)
            return self._read_one(slot, turn.close)

    def _read_one(self, slot: Hold | None, loaded: Callable[[], None]) -> bool:
        with self._turn:
            if self._stopped or not self._has_room():
                return False
            found: Future[Page] = Future()
            # Before it is taken away there: `read` must never see the page in neither.
            self._begun.append(found)
            number = self._todo.popleft()
            try:
                load = self._document.page(number)
            except Exception as error:
                found.set_result(_failed(number, error))
                return True
        try:
            found.set_result(self._read(number, _then(load, loaded), slot))
        except BaseException as error:
            found.set_exception(error)
        return True

    def _read(self, number: int, load: Callable[[], Picture], slot: Hold | None) -> Page:
        try:
            with self._reader.read(load, self._work, slot) as reading:
                page = replace(reading.page, number=number)
                self.keep(page, reading.picture)
                return page
        except (ClientGone, Stopped):
            raise
        except Exception as error:
            return _failed(number, error)

    def _check(self) -> None:
        if self._stopped:
            raise Stopped
        self._check_client()

    def _stop(self) -> None:
        self._stopped = True


def _then(load: Callable[[], Picture], loaded: Callable[[], None]) -> Callable[[], Picture]:
    def load_and_tell() -> Picture:
        try:
            return load()
        finally:
            loaded()

    return load_and_tell


def _failed(number: int, error: Exception) -> Page:
    if not isinstance(error, OcrServerError):
        _log.error("Page %d failed", number, exc_info=error)
        error = OcrServerError("The server failed on this page.")
    return Page(number, 0, 0, error=error)
