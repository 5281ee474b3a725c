"""Huge memory pages for the models' large tensors: the detector needs about a tenth less time.

glibc asks the kernel for them if the environment says so when a program starts (glibc manual,
"Memory Allocation Tunables", `glibc.malloc.hugetlb`), and a forked worker starts no program.
"""

import os
import platform
import sys

_VARIABLE = "GLIBC_TUNABLES"
_TUNABLE = "glibc.malloc.hugetlb"


def to_be_asked_for() -> bool:
    """Return whether this program could have huge pages and nobody has said yes or no."""
    is_glibc = platform.libc_ver()[0] == "glibc"
    return is_glibc and bool(sys.executable) and _TUNABLE not in os.environ.get(_VARIABLE, "")


def start_again_with_them(folder: str) -> None:
    """Run this very program anew, in the folder where it was started; does not return."""
    others = os.environ.get(_VARIABLE)
    wanted = f"{_TUNABLE}=1"
    os.environ[_VARIABLE] = f"{others}:{wanted}" if others else wanted
    os.chdir(folder)
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606
