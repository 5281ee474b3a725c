"""Workers that have grown too large or served long enough leave one after the other."""

import fcntl
import mmap
import os
import struct
from pathlib import Path


class RetirementPermit:
    """What a worker needs to retire; there is one, made by the master and inherited by all.

    It comes back when the holder is dead and another worker has loaded its engine, so the next
    one leaves only after the place of the one before is filled.
    """

    def __init__(self) -> None:
        self._holder = mmap.mmap(-1, 4)  # a process id or 0; shared with the workers
        self._lock = os.memfd_create("ocr_server-retirement", os.MFD_CLOEXEC)

    def take(self) -> bool:
        """Return whether the caller may retire."""
        fcntl.lockf(self._lock, fcntl.LOCK_EX)  # opened by the kernel should the holder die
        try:
            if self.holder:
                return False
            self._holder[:] = struct.pack("I", os.getpid())
            return True
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)

    @property
    def holder(self) -> int:
        """The process that retires; 0 if there is none."""
        return int(struct.unpack("I", self._holder)[0])

    def put_back(self) -> None:
        """Allow somebody else to retire."""
        self._holder[:] = bytes(4)

    def put_back_of_the_dead(self) -> None:
        """Allow somebody else to retire if the holder is dead. For one that fills its place."""
        if self.holder and not Path(f"/proc/{self.holder}").exists():
            self.put_back()

    def close(self) -> None:
        """Close this process's descriptors."""
        os.close(self._lock)
        self._holder.close()
