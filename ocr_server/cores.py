"""How many cores this process may really use."""

import math
import os
from collections.abc import Callable
from pathlib import Path

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN_CGROUPS = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Return the cores this process may use, at least 1.

    `os.cpu_count()` counts the machine's cores; a CPU affinity mask or a cgroup quota (containers,
    systemd's CPUQuota) can allow fewer. A quota of 1.5 cores counts as 2.
    """
    affinity = len(os.sched_getaffinity(0))
    quota = cgroup_quota(_CGROUP_ROOT, _OWN_CGROUPS)
    return max(1, min(affinity, math.ceil(quota)) if quota else affinity)


def cgroup_quota(root: Path, own_cgroups: Path) -> float | None:
    """Return the tightest CPU quota of the process's cgroups in cores, or None without one.

    `root` is where cgroups are mounted, `own_cgroups` a file in the format of /proc/self/cgroup.
    Reads version 2 (`cpu.max`) and version 1 (`cpu.cfs_quota_us`); a parent's quota counts too.
    """
    try:
        entries = own_cgroups.read_text().splitlines()
    except OSError:
        return None
    quotas = []
    for entry in entries:
        _, _, rest = entry.partition(":")
        controllers, _, path = rest.partition(":")
        if entry.startswith("0::"):
            quotas += _quotas(root, path, _quota_version_2)
        elif "cpu" in controllers.split(","):
            quotas += _quotas(root / "cpu", path, _quota_version_1)
    return min(quotas, default=None)


def _quotas(mount: Path, path: str, read_quota: Callable[[Path], float | None]) -> list[float]:
    folder = mount / path.lstrip("/")
    folders = [folder, *folder.parents]
    within = folders[: folders.index(mount) + 1]
    return [quota for folder in within if (quota := read_quota(folder)) is not None]


def _quota_version_2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_version_1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
