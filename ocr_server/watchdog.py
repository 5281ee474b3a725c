"""Ends a process whose work takes too long, with the traceback of all its threads in the log."""

import faulthandler
import sys
import threading
import time
from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Watchdog:
    """Watches any number of pieces of work in this process, each with the same limit.

    Python's own threads and signals cannot interrupt a call into a library that hangs; the timer
    of `faulthandler` runs outside Python. There is one for each process, set for whatever piece
    of work began first.
    """

    def __init__(self, limit: float) -> None:
        """Allow each piece of work `limit` seconds."""
        self._limit = limit
        self._lock = threading.Lock()
        self._deadlines: list[float] = []  # oldest first
        self._timer: float | None = None  # the deadline for which the timer is set

    @contextmanager
    def watch(self) -> Iterator["Watch"]:
        """Watch the work of a `with` block."""
        watch = Watch(self, time.monotonic() + self._limit)
        self.add(watch.deadline)
        try:
            yield watch
        finally:
            self.remove(watch.deadline)

    @property
    def is_watching(self) -> bool:
        """Whether any work is under way."""
        return bool(self._deadlines)

    def add(self, deadline: float) -> None:
        """Watch a piece of work that must be done by then."""
        with self._lock:
            insort(self._deadlines, deadline)
        self._set_timer()

    def remove(self, deadline: float) -> None:
        """Watch it no more."""
        with self._lock:
            self._deadlines.remove(deadline)
        self._set_timer()

    def _set_timer(self) -> None:
        """Set the timer for the oldest piece of work, if that is another than before."""
        with self._lock:
            oldest = self._deadlines[0] if self._deadlines else None
            if oldest == self._timer:
                return
            self._timer = None
            if oldest is None:
                faulthandler.cancel_dump_traceback_later()
                return
            left = max(0.001, oldest - time.monotonic())
            # Where the system allows no more threads, the next piece of work tries again.
            with suppress(RuntimeError):
                faulthandler.dump_traceback_later(left, exit=True, file=sys.__stderr__ or 2)
                self._timer = oldest


class Watch:
    """A piece of work that is watched."""

    def __init__(self, watchdog: Watchdog, deadline: float) -> None:
        self._watchdog = watchdog
        self.deadline = deadline

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the time of a `with` block not count."""
        start = time.monotonic()
        self._watchdog.remove(self.deadline)
        try:
            yield
        finally:
            self.deadline += time.monotonic() - start
            self._watchdog.add(self.deadline)
