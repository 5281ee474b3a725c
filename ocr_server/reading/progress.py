"""A bar on standard error that counts pages: a picture is one, a document has its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from types import TracebackType

from tqdm import tqdm


class Progress:
    """How far the reading is; any number of threads may tell it. A context manager."""

    def __init__(self, files: int, is_shown: bool) -> None:
        """Begin with a page for each file; without `is_shown` nothing is ever written."""
        self._lock = RLock()
        tqdm.set_lock(self._lock)  # Its own is for processes too, which there are none of here.
        self._bar = tqdm(
            total=files, unit="page", disable=not is_shown, file=sys.stderr, leave=False
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()

    def __str__(self) -> str:
        return str(self._bar)

    @contextmanager
    def file(self) -> Iterator["FileProgress"]:
        """Count the pages of a file that is read in the `with` block."""
        pages = FileProgress(self)
        try:
            yield pages
        finally:
            pages.end()

    def move(self, pages: int, more: int = 0) -> None:
        """Count pages that are read, and `more` that are still to be read."""
        with self._lock:
            self._bar.total = (self._bar.total or 0) + more
            self._bar.update(pages)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar off the terminal for a `with` block that writes there."""
        with tqdm.external_write_mode(file=sys.stderr):
            yield


class FileProgress:
    """How far the reading of one file is."""

    def __init__(self, all_files: Progress) -> None:
        self._all = all_files
        self._expected = 1
        self._read = 0

    def page(self, remaining: int = 0) -> None:
        """Count a page; `remaining` are still to come."""
        self._read += 1
        more = self._read + remaining - self._expected
        self._expected += more
        self._all.move(1, more)

    def end(self) -> None:
        """Count the pages that did not come."""
        self._all.move(self._expected - self._read)
