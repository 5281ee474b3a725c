"""How glibc allocates the models' large tensors: in huge pages, and from one heap.

Huge pages save the detector about a tenth of its time. One heap for all threads instead of one
for each keeps a worker some 0.15 GB smaller; few allocations are made, so threads need not wait.
What is freed is kept for the next picture: the system takes long to provide memory again.

glibc takes this from the environment when a program starts (glibc manual, "Memory Allocation
Tunables"), and a forked worker starts no program: the master has to start itself again, once.
"""

import os
import platform
import sys
from pathlib import Path

_VARIABLE = "GLIBC_TUNABLES"
_MIB = 1024 * 1024
_WANTED = {
    "glibc.malloc.hugetlb": 1,
    "glibc.malloc.arena_max": 1,
    "glibc.malloc.mmap_threshold": 32 * _MIB,
    "glibc.malloc.trim_threshold": 256 * _MIB,
}
# Names the process that has started again, which keeps its number. The tunables themselves cannot
# tell: gunicorn's --env may set others over them, and glibc drops some for privileged programs.
MARK = "OCR_SERVER_STARTED_AGAIN"
# Where the program was started: gunicorn imports this before it changes folder (--chdir).
_FOLDER = Path.cwd()


def missing_tunables() -> list[str]:
    """Return the tunables to start again with; the environment's own win."""
    started_again = os.environ.get(MARK) == str(os.getpid())
    if started_again or platform.libc_ver()[0] != "glibc" or not sys.executable:
        return []
    present = os.environ.get(_VARIABLE, "")
    return [f"{name}={value}" for name, value in _WANTED.items() if name not in present]


def with_tunables(tunables: list[str]) -> dict[str, str]:
    """Return the environment with these tunables added."""
    present = filter(None, [os.environ.get(_VARIABLE)])
    return {**os.environ, _VARIABLE: ":".join([*present, *tunables])}


def start_again(tunables: list[str]) -> None:
    """Run this very program anew, in the folder where it was started; does not return."""
    environment = {**with_tunables(tunables), MARK: str(os.getpid())}
    os.chdir(_FOLDER)
    os.execve(sys.executable, sys.orig_argv, environment)  # noqa: S606
