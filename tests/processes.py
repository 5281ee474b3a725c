"""What this process has started and not ended: processes, threads, open descriptors."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def children() -> set[int]:
    """The processes that this one has started, in any of its threads."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # The thread has ended since.
            found |= set(map(int, (task / "children").read_text().split()))
    return found


def descriptors() -> set[str]:
    """The numbers of the open descriptors."""
    return {file.name for file in Path("/proc/self/fd").iterdir()}


def readers() -> set[threading.Thread]:
    """The threads that read pages ahead."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("page")}


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """Check that a `with` block leaves no process, no descriptor and no reader behind."""
    before = children(), descriptors(), readers()
    yield
    assert children() <= before[0]
    assert descriptors() <= before[1]
    assert readers() <= before[2]
