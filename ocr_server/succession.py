"""Workers that a reload replaces go on until their successors are loaded."""

import mmap
import os
import struct
from contextlib import suppress


class Succession:
    """Counts reloads, and the workers that are ready to take over; made by the master.

    A worker forked since the last reload puts one byte into a pipe when it has loaded its engine,
    and one that was told to leave waits for a byte: so there are never fewer workers than there
    should be.
    """

    def __init__(self) -> None:
        self._count = mmap.mmap(-1, 4)  # shared with the workers
        self._successors, self._announcements = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    @property
    def reloads(self) -> int:
        """How many reloads there were."""
        return int(struct.unpack("I", self._count)[0])

    def reload(self) -> None:
        """Count one more reload; who is loaded already takes over from nobody. For the master."""
        while self.take():
            pass
        self._count[:] = struct.pack("I", self.reloads + 1)

    def announce(self) -> None:
        """Tell that one more worker is ready to take over."""
        with suppress(BlockingIOError):  # Full: thousands came since somebody last left.
            os.write(self._announcements, b".")

    def take(self) -> bool:
        """Return whether there is a worker to take over that nobody else has taken."""
        try:
            return bool(os.read(self._successors, 1))
        except BlockingIOError:
            return False

    def fileno(self) -> int:
        """Return the descriptor that can be read from when somebody is ready."""
        return self._successors

    def close(self) -> None:
        """Close this process's descriptors."""
        os.close(self._successors)
        os.close(self._announcements)
        self._count.close()
