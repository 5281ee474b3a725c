"""The cores that a request may use: its own slot's, and those of free slots, borrowed."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from queue import Empty, SimpleQueue
from threading import get_ident
from typing import TypeVar

from ocr_server.slots import Slots

# About as long as a picture takes.
_TURN_SECONDS = 0.25

Item = TypeVar("Item")
Result = TypeVar("Result")


class OneCore:
    """The caller's core alone."""

    @contextmanager
    def gather(self, counts: Collection[int]) -> Iterator[int]:
        """Hold cores for the length of a `with` block: the most of `counts` that can be had.

        `counts` holds 1: the caller's own core.
        """
        yield min(counts)

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the function's results in the items' order."""
        return [function(item) for item in items]


class ElasticCores(OneCore):
    """The caller's core and those of slots that are free while nobody waits for one.

    A borrowed slot is given back as soon as its piece of work is done and somebody waits.
    """

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._helpers = ThreadPoolExecutor(slots.count, "helper")

    @contextmanager
    def gather(self, counts: Collection[int]) -> Iterator[int]:
        """Hold cores for the length of a `with` block: the most of `counts` that can be had.

        `counts` holds 1: the caller's own core. What would be too few or too many goes back.
        """
        borrowed: list[int] = []
        try:
            while 1 + len(borrowed) < max(counts):
                slot = self._slots.borrow()
                if slot is None:
                    break
                borrowed.append(slot)
            most = max(count for count in counts if count <= 1 + len(borrowed))
            while 1 + len(borrowed) > most:
                self._slots.give_back(borrowed.pop())
            yield most
        finally:
            while borrowed:
                self._slots.give_back(borrowed.pop())

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the function's results in the items' order, worked out on all cores to be had."""
        todo: SimpleQueue[int] = SimpleQueue()
        for index in range(len(items)):
            todo.put(index)
        results: dict[int, Result] = {}

        def do(index: int) -> None:
            results[index] = function(items[index])

        helpers: list[Future[None]] = []
        try:
            for index in _taken(todo):
                helpers += self._recruit(do, todo)
                do(index)
        finally:
            for _ in _taken(todo):
                pass  # After an error nobody needs the rest.
            wait(helpers)
        for helper in helpers:
            helper.result()
        return [results[index] for index in range(len(items))]

    def _recruit(
        self, do: Callable[[int], None], todo: "SimpleQueue[int]"
    ) -> Iterator[Future[None]]:
        """Set as many helpers to work as there are things to do and slots to borrow."""
        for _ in range(min(todo.qsize(), self._slots.free)):
            try:
                yield self._helpers.submit(self._help, do, todo)
            except RuntimeError:  # The system allows no more threads; the caller goes on alone.
                return

    def _help(self, do: Callable[[int], None], todo: "SimpleQueue[int]") -> None:
        # Borrowed here and not by who sent for help, which may come late or never.
        slot = self._slots.borrow()
        if slot is None:
            return
        try:
            for index in _taken(todo):
                do(index)
                if self._slots.waiting:
                    return
        finally:
            self._slots.give_back(slot)


class PoliteCores(OneCore):
    """The cores of one page of a long work, which leaves room for other requests.

    Others' slots are borrowed only while it is quiet, and its own is lent now and then to who
    waits, so that a document has no more of the machine than a client that sends pictures.
    """

    def __init__(
        self,
        cores: OneCore,
        slots: Slots,
        lent: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Take what borrows, and what lends the slot that the present thread holds."""
        self._cores = cores
        self._slots = slots
        self._lent = lent
        self._owner = get_ident()
        self._since = time.monotonic()

    @contextmanager
    def gather(self, counts: Collection[int]) -> Iterator[int]:
        """Hold cores for the length of a `with` block: its own alone, unless it is quiet."""
        with self._now().gather(counts) as count:
            yield count

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the function's results in the items' order."""

        def politely(item: Item) -> Result:
            result = function(item)
            self._give_way()
            return result

        return self._now().map(politely, items)

    def _now(self) -> OneCore:
        return self._cores if self._slots.quiet else OneCore()

    def _give_way(self) -> None:
        is_due = time.monotonic() - self._since > _TURN_SECONDS
        if is_due and get_ident() == self._owner and self._slots.waiting:
            with self._lent():
                pass
            self._since = time.monotonic()


def _taken(todo: "SimpleQueue[int]") -> Iterator[int]:
    """Take things to do until none is left."""
    while True:
        try:
            yield todo.get_nowait()
        except Empty:
            return
