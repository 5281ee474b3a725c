"""How long each stage of a request took."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up the seconds of named stages; any number of threads may use it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Add the length of a `with` block to a stage, also if it fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._add(stage, time.perf_counter() - start)

    @contextmanager
    def share(self) -> Iterator["Stopwatch"]:
        """Divide the length of a `with` block among the stages timed with the watch it gives.

        Threads at work side by side spend more seconds than pass; so the stages still add up to
        the whole.
        """
        inner = Stopwatch()
        start = time.perf_counter()
        try:
            yield inner
        finally:
            passed = time.perf_counter() - start
            spent = sum(inner.seconds.values())
            for stage, seconds in inner.seconds.items():
                self._add(stage, passed * seconds / spent if spent else 0.0)

    def _add(self, stage: str, seconds: float) -> None:
        with self._lock:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
