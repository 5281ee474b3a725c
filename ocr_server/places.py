"""The documents that a worker reads at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ocr_server.errors import ServerBusy

# For each place. Those that wait hold a thread each, which health checks need too.
_WAITING = 2
_SECONDS_BETWEEN_LOOKS = 0.5


class Places:
    """A number of places, for which a few more may wait; any number of threads may ask."""

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)
        self._room = threading.Semaphore(count + _WAITING * count)

    @contextmanager
    def hold(self, wait: float, check: Callable[[], None]) -> Iterator[float]:
        """Hold a place for the length of a `with` block; gives what is left of `wait`, in seconds.

        `check` is called now and then meanwhile; what it raises ends the wait. Raises ServerBusy
        after `wait` seconds, or at once if too many wait already.
        """
        if not self._room.acquire(blocking=False):
            raise _busy()
        try:
            left = self._wait(wait, check)
            try:
                yield left
            finally:
                self._free.release()
        finally:
            self._room.release()

    def _wait(self, wait: float, check: Callable[[], None]) -> float:
        end = time.monotonic() + wait
        while True:
            left = max(0.0, end - time.monotonic())
            if self._free.acquire(timeout=min(left, _SECONDS_BETWEEN_LOOKS)):
                return max(0.0, end - time.monotonic())
            if not left:
                raise _busy()
            check()


def _busy() -> ServerBusy:
    return ServerBusy(
        "As many documents as this server reads at once are being read. Try again after the time "
        "in Retry-After."
    )
