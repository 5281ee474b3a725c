"""A bound on how much is under way at once, in one process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """So much may be held at once, by any threads, first come, first served.

    What is larger than the whole is not refused: it is held alone.
    """

    def __init__(self, whole: int) -> None:
        self._whole = whole
        self._held = 0
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, amount: int) -> Iterator[None]:
        """Hold an amount for the length of a `with` block; waits until it can be had."""
        with self._turn, self._changed:  # One waits for room, the rest behind it for their turn.
            self._changed.wait_for(lambda: not self._held or self._held + amount <= self._whole)
            self._held += amount
        try:
            yield
        finally:
            with self._changed:
                self._held -= amount
                self._changed.notify()
