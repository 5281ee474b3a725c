import os
from pathlib import Path

import pytest

from ocr_server.cores import cgroup_quota, usable_cores


def quota(root: Path, own_cgroups: str, files: dict[str, str]) -> float | None:
    """Return what `cgroup_quota` makes of these files below `root`."""
    listing = root / "own_cgroups"
    listing.write_text(own_cgroups)
    mount = root / "mount"
    for name, content in files.items():
        (mount / name).parent.mkdir(parents=True, exist_ok=True)
        (mount / name).write_text(content)
    return cgroup_quota(mount, listing)


def test_usable_cores_are_at_least_one_and_at_most_those_of_the_affinity_mask() -> None:
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))


def test_a_version_2_quota_is_read_in_cores(tmp_path: Path) -> None:
    assert quota(tmp_path, "0::/app\n", {"app/cpu.max": "150000 100000\n"}) == 1.5


def test_a_container_sees_its_version_2_quota_at_the_root(tmp_path: Path) -> None:
    assert quota(tmp_path, "0::/\n", {"cpu.max": "200000 100000\n"}) == 2.0


def test_a_version_1_quota_is_read_in_cores(tmp_path: Path) -> None:
    files = {"cpu/app/cpu.cfs_quota_us": "250000\n", "cpu/app/cpu.cfs_period_us": "100000\n"}
    own_cgroups = "5:memory:/other\n4:cpu,cpuacct:/app\n1:name=systemd:/other\n"
    assert quota(tmp_path, own_cgroups, files) == 2.5


def test_a_version_1_container_that_cannot_see_its_own_folder_reads_the_root(
    tmp_path: Path,
) -> None:
    files = {"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert quota(tmp_path, "4:cpu,cpuacct:/docker/0123\n", files) == 0.5


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("100000 100000", "400000 100000", 1.0),
        ("400000 100000", "100000 100000", 1.0),
        ("300000 100000", "max 100000", 3.0),
        ("max 100000", "300000 100000", 3.0),
    ],
)
def test_the_tightest_of_nested_quotas_counts(
    tmp_path: Path, outer: str, inner: str, expected: float
) -> None:
    files = {"slice/cpu.max": outer, "slice/middle/app/cpu.max": inner}
    assert quota(tmp_path, "0::/slice/middle/app\n", files) == expected


def test_a_sibling_and_a_child_do_not_count(tmp_path: Path) -> None:
    files = {"other/cpu.max": "100000 100000", "app/child/cpu.max": "100000 100000"}
    assert quota(tmp_path, "0::/app\n", files) is None


def test_files_above_the_mount_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000")
    assert quota(tmp_path, "0::/app\n", {}) is None


def test_max_is_no_quota(tmp_path: Path) -> None:
    assert quota(tmp_path, "0::/app\n", {"app/cpu.max": "max 100000\n"}) is None


def test_minus_one_is_no_version_1_quota(tmp_path: Path) -> None:
    files = {"cpu/app/cpu.cfs_quota_us": "-1\n", "cpu/app/cpu.cfs_period_us": "100000\n"}
    assert quota(tmp_path, "4:cpu:/app\n", files) is None


def test_other_controllers_of_version_1_have_no_quota(tmp_path: Path) -> None:
    files = {"cpu/app/cpu.cfs_quota_us": "100000\n", "cpu/app/cpu.cfs_period_us": "100000\n"}
    assert quota(tmp_path, "4:cpuset:/app\n", files) is None


def test_a_hybrid_of_both_versions_takes_the_tighter(tmp_path: Path) -> None:
    files = {
        "cpu/app/cpu.cfs_quota_us": "300000\n",
        "cpu/app/cpu.cfs_period_us": "100000\n",
        "app/cpu.max": "200000 100000\n",
    }
    assert quota(tmp_path, "4:cpu:/app\n0::/app\n", files) == 2.0


def test_a_machine_without_cgroups_has_no_quota(tmp_path: Path) -> None:
    assert cgroup_quota(tmp_path, tmp_path / "absent") is None


@pytest.mark.parametrize("content", ["", "1000", "1000 1000 1000", "abc 1000", "1000 0"])
def test_a_malformed_version_2_quota_is_none(tmp_path: Path, content: str) -> None:
    assert quota(tmp_path, "0::/app\n", {"app/cpu.max": content}) is None


@pytest.mark.parametrize("content", ["", "many", "1.5"])
def test_a_malformed_version_1_quota_is_none(tmp_path: Path, content: str) -> None:
    files = {"cpu/app/cpu.cfs_quota_us": content, "cpu/app/cpu.cfs_period_us": "100000"}
    assert quota(tmp_path, "4:cpu:/app\n", files) is None


@pytest.mark.parametrize("own", ["", "\n\n", "0", "0:", "nonsense\n0::/app\n"])
def test_a_malformed_list_of_cgroups_is_passed_over(tmp_path: Path, own: str) -> None:
    found = quota(tmp_path, own, {"app/cpu.max": "100000 100000\n"})
    assert found == (1.0 if "/app" in own else None)
