"""Where workers count, whatever happens to the place."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from prometheus_client import values

from ocr_server import metrics

ME = os.getuid(), os.getgid()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for folders that no other server uses; what `join` sets is taken back."""
    monkeypatch.setattr(metrics, "_MEMORY", tmp_path)
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    return tmp_path


def test_the_folder_is_for_its_user_alone(place: Path) -> None:
    folder = metrics.make_folder(*ME)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder.stat().st_uid, folder.stat().st_gid) == ME


def test_a_system_without_shared_memory_has_the_temporary_folder(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "_MEMORY", place / "nowhere")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    assert metrics.make_folder(*ME).parent == place


def test_what_killed_servers_left_is_removed_and_what_others_use_is_not(place: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from ocr_server import metrics; "
        "metrics._MEMORY = Path(sys.argv[1]); "
        "print(metrics.make_folder(os.getuid(), os.getgid()), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout
        theirs = Path(other.stdout.readline().strip())
        mine = metrics.make_folder(*ME)
        assert theirs.exists()
        other.kill()
    later = metrics.make_folder(*ME)
    assert not theirs.exists()
    assert mine.exists()
    assert later.exists()


def test_files_are_there_in_full_before_anybody_counts(place: Path) -> None:
    folder = metrics.make_folder(*ME)
    assert metrics.join(folder, 3)
    files = sorted(folder.glob("*_3.db"))
    assert len(files) == 4
    assert all(file.stat().st_blocks * 512 >= 64 * 1024 for file in files)


def test_a_folder_that_was_removed_is_made_again(place: Path) -> None:
    folder = metrics.make_folder(*ME)
    metrics.remove_folder(folder)
    assert metrics.join(folder, 0)


def test_who_finds_no_room_counts_for_itself(place: Path) -> None:
    in_the_way = place / "file"
    in_the_way.touch()
    assert not metrics.join(in_the_way, 0)
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    assert values.ValueClass is values.MutexValue


def test_a_half_written_file_is_never_taken_for_a_whole_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = metrics.make_folder(*ME)
    whole = Path.write_bytes

    def half(path: Path, data: bytes) -> int:
        whole(path, data[: len(data) // 2])
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", half)
        assert not metrics.join(folder, 0)
    assert not list(folder.glob("*.db"))
    assert metrics.join(folder, 0)


def test_a_dead_worker_leaves_its_counters_and_no_gauges(place: Path) -> None:
    folder = metrics.make_folder(*ME)
    metrics.join(folder, 0)
    for file in folder.glob("*.db"):
        with file.open("r+b") as opened:
            opened.write(b"x")
    metrics.leave(folder, 0)
    kept = {file.name for file in folder.glob("*.db") if any(file.read_bytes())}
    assert kept == {"counter_0.db", "histogram_0.db"}
    assert len(list(folder.glob("*.db"))) == 4


def test_leaving_a_folder_that_is_gone_is_no_error(place: Path) -> None:
    metrics.leave(place / "nowhere", 0)
