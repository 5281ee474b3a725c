"""Workers that are killed, stopped and replaced."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from tests import pictures
from tests.live.gunicorn_server import (
    GUNICORN,
    ROOT,
    Server,
    processor_ticks,
    serve,
    started,
    wait_until,
)

HEAVY = pictures.read("tall.png")
LIGHT = pictures.read("small.png")


def kill_in_mid_inference(server: Server, worker: int) -> requests.RequestException | None:
    """Send a heavy picture, kill its worker at work; return the client's error."""
    errors: list[requests.RequestException] = []

    def ask() -> None:
        try:
            server.post(HEAVY)
        except requests.RequestException as error:
            errors.append(error)

    client = threading.Thread(target=ask)
    idle = processor_ticks(worker)
    client.start()
    wait_until(lambda: processor_ticks(worker) > idle + 20)  # 0.2 s of work
    os.kill(worker, signal.SIGKILL)
    client.join(60)
    return errors[0] if errors else None


def test_a_worker_killed_in_mid_inference_loses_one_request_and_no_slot(tmp_path: Path) -> None:
    # With one slot and one worker, a lost slot would leave the next request waiting for ever.
    with serve(tmp_path, ["-w", "1"], slots="1") as server:
        for _ in range(3):
            (worker,) = server.workers
            assert kill_in_mid_inference(server, worker) is not None
            assert server.post(LIGHT, timeout=30).ok
            assert server.workers != [worker]
        assert "died holding 1 slot(s); restored" in server.log.read_text()


def test_the_other_worker_goes_on_while_one_is_replaced(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "2"], slots="2") as server:
        wait_until(lambda: len(server.workers) == 2)
        killed, other = server.workers
        os.kill(killed, signal.SIGKILL)
        assert server.post(LIGHT, timeout=30).ok
        wait_until(lambda: len(server.workers) == 2 and killed not in server.workers)
        assert other in server.workers


def test_a_worker_can_be_stopped_while_it_loads(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"]) as server:
        (first,) = server.workers
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: server.workers not in ([], [first]))
        # serve() ends here with SIGTERM to a master whose only worker is loading.


def test_a_request_that_was_accepted_is_answered_before_the_server_stops(tmp_path: Path) -> None:
    answers: list[requests.Response] = []
    with serve(tmp_path, ["-w", "1"]) as server:
        (worker,) = server.workers
        idle = processor_ticks(worker)
        client = threading.Thread(target=lambda: answers.append(server.post(HEAVY)))
        client.start()
        wait_until(lambda: processor_ticks(worker) > idle + 20)
    client.join(60)
    assert [answer.status_code for answer in answers] == [200]


@pytest.mark.parametrize(
    "flags",
    [["--preload"], ["--reuse-port"], ["--worker-class", "sync"], ["--certfile", "/dev/null"]],
)
def test_what_cannot_be_used_is_refused_with_the_reason(flags: list[str]) -> None:
    command = [*GUNICORN, *flags, "-b", "127.0.0.1:0"]
    ended = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode != 0
    assert f"{flags[0]} cannot be used" in ended.stderr


def test_the_master_does_not_import_onnxruntime() -> None:
    # Workers forked after that import hang or abort when they exit.
    script = "import sys, ocr_server.gunicorn_config; sys.exit('onnxruntime' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def environment_of(process: int) -> str:
    # glibc writes into this while it reads its tunables: there may be a zero where a colon was.
    return Path(f"/proc/{process}/environ").read_text().replace("\0", ":")


LARGE = ["glibc.malloc.mmap_threshold=33554432", "glibc.malloc.trim_threshold=268435456"]
WANTED = ["glibc.malloc.hugetlb=1", "glibc.malloc.arena_max=1", *LARGE]


def test_the_server_starts_again_with_its_tunables_as_the_same_process(tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    with serve(tmp_path, ["-w", "1", "--pid", str(pidfile)]) as server:
        assert server.log.read_text().count("Starting again with") == 1
        assert int(pidfile.read_text()) == server.process.pid
        (worker,) = server.workers
        assert f"GLIBC_TUNABLES={':'.join(WANTED)}" in environment_of(worker)
        assert server.post(LIGHT).ok
    assert not pidfile.exists()


def test_a_server_that_changes_folder_starts_again_too(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "conf.py").write_text("from ocr_server.gunicorn_config import *\n")
    command = [*GUNICORN[:-2], "conf.py", "ocr_server:create_app()"]
    with serve(tmp_path, ["-w", "1", "--chdir", str(elsewhere)], command) as server:
        assert server.log.read_text().count("Starting again with") == 1
        assert Path(f"/proc/{server.process.pid}/cwd").resolve() == elsewhere


def test_a_server_whose_tunables_are_set_over_starts_again_only_once(tmp_path: Path) -> None:
    flags = ["-w", "1", "--env", "GLIBC_TUNABLES=glibc.malloc.tcache_count=9"]
    with serve(tmp_path, flags) as server:
        assert server.log.read_text().count("Starting again with") == 1


def test_tunables_of_the_environment_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0:glibc.malloc.tcache_count=9")
    with serve(tmp_path, ["-w", "1"]) as server:
        (worker,) = server.workers
        kept = ["glibc.malloc.hugetlb=0", "glibc.malloc.tcache_count=9", *WANTED[1:]]
        assert f"GLIBC_TUNABLES={':'.join(kept)}" in environment_of(worker)


@pytest.mark.timeout(120)
def test_an_inference_over_its_limit_ends_its_worker_and_nothing_else(tmp_path: Path) -> None:
    limits = {"max_inference_seconds": "0.8", "slots": "1", "elastic": "0"}
    columns = np.hstack([np.asarray(Image.open(io.BytesIO(HEAVY)).convert("RGB"))] * 4)
    heavier = io.BytesIO()  # some four seconds
    Image.fromarray(columns).save(heavier, "PNG")
    with serve(tmp_path, ["-w", "1"], **limits) as server:
        (worker,) = server.workers
        with pytest.raises(requests.ConnectionError):
            server.post(heavier.getvalue())
        wait_until(lambda: server.workers not in ([], [worker]))
        assert server.post(pictures.read("blank.png")).ok
        log = server.log.read_text()
        assert "Timeout (0:00:00." in log
        assert "in recognize" in log


@pytest.mark.timeout(120)
def test_a_load_over_its_limit_is_tried_again_and_again_but_not_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [*GUNICORN, "-b", "127.0.0.1:0", "-w", "1"]
    with started(command, ROOT, log, max_load_seconds="0.05") as master:
        wait_until(lambda: log.read_text().count("Booting worker") == 3)
        # They come after 0, 1 and 2 seconds.
        assert log.read_text().count("Timeout (0:00:00.0") == 2
        assert master.poll() is None


@pytest.mark.timeout(120)
def test_a_load_that_fails_says_why_and_does_not_stop_the_master(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def create_app():\n    raise OSError('no models here')\n")
    log = tmp_path / "log"
    command = [sys.executable, "-m", "gunicorn", "-c", "python:ocr_server.gunicorn_config"]
    command += ["-b", "127.0.0.1:0", "-w", "1", "broken:create_app()"]
    with started(command, tmp_path, log) as master:
        wait_until(lambda: log.read_text().count("The engine could not be loaded") == 2)
        assert "OSError: no models here" in log.read_text()
        assert master.poll() is None


@pytest.mark.timeout(120)
def test_a_stopped_worker_is_replaced_and_its_slot_comes_back(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1", "--timeout", "3"], slots="1") as server:
        (worker,) = server.workers
        os.kill(worker, signal.SIGSTOP)
        start = time.monotonic()
        assert server.post(LIGHT, timeout=60).ok
        assert time.monotonic() - start < 3 + 1 + 2 + 5  # limit, master's round, load, slow CI
        assert server.workers != [worker]


def test_a_worker_that_holds_too_much_memory_is_replaced(tmp_path: Path) -> None:
    # A worker that has read a small picture holds less than this, one that has read a large, more.
    file = io.BytesIO()
    with Image.open(io.BytesIO(HEAVY)) as tall:
        tall.convert("RGB").resize((1900, 1900)).save(file, "PNG")
    limit = str(512 * 1024 * 1024)
    with serve(tmp_path, ["-w", "1"], slots="1", max_worker_bytes=limit) as server:
        (worker,) = server.workers
        assert server.post(LIGHT).ok
        time.sleep(2)  # in which it looks at its memory
        assert server.workers == [worker]
        assert server.post(file.getvalue()).ok
        wait_until(lambda: server.workers not in ([], [worker]))
        assert server.post(LIGHT).ok
        assert "Retires after 3 requests, with " in server.log.read_text()


def test_a_worker_whose_successors_cannot_load_stays(tmp_path: Path) -> None:
    script = "from ocr_server import create_app\nimport pathlib\n"
    script += "assert not pathlib.Path('broken').exists(), 'it is broken'\napp = create_app()\n"
    (tmp_path / "application.py").write_text(script)
    command = [sys.executable, "-m", "gunicorn", "-c", "python:ocr_server.gunicorn_config"]
    flags = ["-w", "1", "--graceful-timeout", "15", "application:app"]
    with serve(tmp_path, flags, command) as server:
        (old,) = server.workers
        (tmp_path / "broken").touch()
        os.kill(server.process.pid, signal.SIGHUP)
        failure = "The engine could not be loaded"
        wait_until(lambda: server.log.read_text().count(failure) == 4)
        wait_until(lambda: server.workers == [old])
        assert server.post(LIGHT).ok
        assert server.workers == [old]


def test_a_successor_that_fails_to_load_is_tried_again(tmp_path: Path) -> None:
    script = "from ocr_server import create_app\nimport pathlib\n"
    script += "broken = pathlib.Path('broken')\n"
    script += "if broken.exists():\n    broken.unlink()\n    raise OSError('only once')\n"
    (tmp_path / "application.py").write_text(script + "app = create_app()\n")
    command = [sys.executable, "-m", "gunicorn", "-c", "python:ocr_server.gunicorn_config"]
    with serve(tmp_path, ["-w", "2", "application:app"], command) as server:
        wait_until(lambda: server.log.read_text().count("Engine loaded") == 2)
        old = set(server.workers)
        (tmp_path / "broken").touch()
        os.kill(server.process.pid, signal.SIGHUP)
        wait_until(lambda: len(server.workers) == 2 and not old & {*server.workers})
        assert "OSError: only once" in server.log.read_text()


def test_more_workers_than_will_come_after_a_reload_leave_all_the_same(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"]) as server:
        os.kill(server.process.pid, signal.SIGTTIN)
        wait_until(lambda: server.log.read_text().count("Engine loaded") == 2)
        old = set(server.workers)
        os.kill(server.process.pid, signal.SIGHUP)
        wait_until(lambda: len(server.workers) == 1 and not old & {*server.workers}, 20)
