"""The command line, from the checkout and from a wheel."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.live.gunicorn_server import ROOT, Server, serve, wait_until

SCRIPT = str(Path(sys.executable).parent / "ocr_server")
# Not `python -m gunicorn`, which cannot start itself again: the folder of its own modules comes
# first on the path then, and hides Python's `http`.
BY_GUNICORN = [str(Path(SCRIPT).with_name("gunicorn")), "-c", "python:ocr_server.gunicorn_config"]
BY_GUNICORN.append("ocr_server:create_app()")


def answers(server: Server) -> bool:
    try:
        return requests.get(f"{server.url}/healthz", timeout=10).ok
    except requests.ConnectionError:
        return False


def reads(server: Server) -> bool:
    answer = server.post(pictures.read("small.png")).json()
    return [entry["rec_txt"] for entry in answer.values()] == pictures.LINES["small.png"]


@pytest.mark.parametrize("command", [[SCRIPT], [sys.executable, "-m", "ocr_server"]])
def test_the_demo_servers_flags_work(command: list[str], tmp_path: Path) -> None:
    flags = ["-ip", "127.0.0.1", "-p", "9003", "-workers", "2"]
    with serve(tmp_path, command=[*command, *flags]) as server:
        assert reads(server)
        assert len(server.workers) == 2


@pytest.mark.parametrize("flags", [["-w", "1", "-workers", "2"], ["-workers", "2", "-w", "1"]])
def test_gunicorns_own_flags_win(flags: list[str], tmp_path: Path) -> None:
    with serve(tmp_path, command=[SCRIPT, *flags]) as server:
        assert len(server.workers) == 1


@pytest.mark.parametrize("command", [BY_GUNICORN, [SCRIPT]])
def test_a_second_master_takes_over_from_the_first(command: list[str], tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"], command) as server:
        os.kill(server.process.pid, signal.SIGUSR2)
        wait_until(lambda: server.log.read_text().count("Engine loaded") == 2, 60)
        second = int(re.findall(r"Listening at: .* \((\d+)\)", server.log.read_text())[-1])
        assert second != server.process.pid
        try:
            server.process.terminate()
            assert server.process.wait(30) == 0
            assert reads(server)
        finally:
            os.kill(second, signal.SIGTERM)
            # It is no child of ours, so its end is seen by its closing what it listened on.
            wait_until(lambda: not answers(server))


def test_a_wrong_port_is_refused_with_the_reason() -> None:
    command = [SCRIPT, "-p", "99999"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "-p/--port: it must be a whole number from 1 to 65535" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_installed_wheel_serves(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "wheel", *offline, "-w", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    subprocess.run([*pip, "install", *offline, "--target", site, wheel], check=True)
    # Put before the checkout's editable install, which comes last on the path.
    start = (
        f"import sys; sys.path.insert(0, {str(site)!r}); from ocr_server.cli import main; main()"
    )
    with serve(tmp_path, ["-w", "1"], command=[sys.executable, "-c", start]) as server:
        assert reads(server)
