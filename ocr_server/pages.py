"""A document's pages, read on all slots that come free, given in their order."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

from ocr_server.document import Document
from ocr_server.errors import ClientGone, OcrServerError
from ocr_server.page import Page
from ocr_server.reader import Picture, Reader, Work

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """Nobody wants the pages any more."""


@dataclass(frozen=True, slots=True)
class PageReader:
    """Reads the pages of documents for one request.

    work: what its check raises ends the whole.
    keep: called with each page that was read and its picture, while its slot is held.
    """

    reader: Reader
    work: Work
    keep: Callable[[Page, Picture], None] = lambda _, __: None
    stopped: threading.Event = field(default_factory=threading.Event)

    def read(self, document: Document, numbers: Sequence[int]) -> Generator[Page]:
        """Give the pages of these numbers in their order, each as soon as it is read.

        A page that fails is given with its error. When the iterator is closed, what was begun is
        finished or dropped before that returns. Raises what `work.check` raises.
        """
        # One more than the slots: while a page waits for room in the detector, its slot is lent.
        threads = self.reader.slots.count + 1
        with ThreadPoolExecutor(threads, "page") as pool:
            begun: deque[Future[Page]] = deque()
            waiting = iter(numbers)
            try:
                while True:
                    room = min(document.ahead, 2 * threads) - len(begun)
                    for number in islice(waiting, room):
                        begun.append(pool.submit(self._read, number, self._load(document, number)))
                    if not begun:
                        return
                    yield begun.popleft().result()
            finally:
                self.stopped.set()
                pool.shutdown(cancel_futures=True)

    def _load(self, document: Document, number: int) -> Callable[[], Picture]:
        try:
            return document.page(number)
        except OcrServerError as error:
            return partial(_fail, error)

    def _read(self, number: int, load: Callable[[], Picture]) -> Page:
        try:
            with self.reader.read(load, replace(self.work, check=self._check)) as reading:
                page = replace(reading.page, number=number)
                self.keep(page, reading.picture)
                return page
        except (ClientGone, Stopped):
            raise
        except OcrServerError as error:
            return Page(number, 0, 0, error=error)
        except Exception:
            _log.exception("Page %d failed", number)
            return Page(number, 0, 0, error=OcrServerError("The server failed on this page."))

    def _check(self) -> None:
        if self.stopped.is_set():
            raise Stopped
        self.work.check()


def _fail(error: OcrServerError) -> Picture:
    raise error
