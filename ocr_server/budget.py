"""A bound on how much is under way at once, in one process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext


class Budget:
    """So much may be held at once, by any threads; none is overtaken by who comes much later.

    What is larger than the whole is not refused: it is held alone.
    """

    def __init__(self, whole: int) -> None:
        self._whole = whole
        self._held = 0
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def hold(
        self, amount: int, while_waiting: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> Iterator[None]:
        """Hold an amount for the length of a `with` block.

        Who has to wait for it does so in a `while_waiting` block.
        """
        is_held = self._taken_at_once(amount)
        try:
            if not is_held:
                with while_waiting():
                    self._wait(amount)
                    is_held = True
            yield
        finally:
            if is_held:
                with self._changed:
                    self._held -= amount
                    self._changed.notify()

    def _taken_at_once(self, amount: int) -> bool:
        if not self._turn.acquire(blocking=False):
            return False  # Somebody waits already.
        try:
            with self._changed:
                if not self._has_room(amount):
                    return False
                self._held += amount
                return True
        finally:
            self._turn.release()

    def _wait(self, amount: int) -> None:
        with self._turn, self._changed:  # One waits for room, the rest behind it for their turn.
            self._changed.wait_for(lambda: self._has_room(amount))
            self._held += amount

    def _has_room(self, amount: int) -> bool:
        return not self._held or self._held + amount <= self._whole
