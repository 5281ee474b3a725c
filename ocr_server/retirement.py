"""Workers that have grown too large or served long enough leave one after the other."""

import fcntl
import mmap
import os


class RetirementPermit:
    """What a worker needs to retire; there is one, made by the master and inherited by all.

    It comes back when a worker has loaded its engine, so the next worker leaves only after the
    place of the one before is filled.
    """

    def __init__(self) -> None:
        self._taken = mmap.mmap(-1, 1)  # shared with the workers
        self._lock = os.memfd_create("ocr_server-retirement", os.MFD_CLOEXEC)

    def take(self) -> bool:
        """Return whether the caller may retire."""
        fcntl.lockf(self._lock, fcntl.LOCK_EX)  # opened by the kernel should the holder die
        try:
            is_mine = not self._taken[0]
            self._taken[0] = 1
            return is_mine
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def put_back(self) -> None:
        """Allow somebody else to retire."""
        self._taken[0] = 0

    def close(self) -> None:
        """Close this process's descriptors."""
        os.close(self._lock)
        self._taken.close()
