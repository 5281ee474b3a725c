"""The servers that are compared: ours, and the demo servers in environments of their own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = ROOT / ".bench"
PEERS = {
    "rapidocr_api 0.1.5": ["rapidocr_api==0.1.5", "rapidocr_onnxruntime==1.4.4"],
    "rapidocr_api 0.2.0": ["rapidocr_api==0.2.0", "rapidocr==3.10.0", "onnxruntime==1.32.0"],
}


@dataclass(frozen=True)
class Contender:
    """A running server."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    workers: int

    def memory_per_worker(self) -> float:
        """Return the proportional set size of all its processes in MiB, divided by workers."""
        return sum(map(_proportional_mib, _family(self.process.pid))) / self.workers


@contextmanager
def ours(workers: int) -> Iterator[Contender]:
    """Serve ours."""
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    port = _free_port()
    command = [*gunicorn, "-b", f"127.0.0.1:{port}", "-w", str(workers)]
    with _running("ocr_server", command, port, workers) as contender:
        yield contender


@contextmanager
def peer(name: str, workers: int) -> Iterator[Contender]:
    """Serve a peer, installing it first if need be."""
    script = _environment(name) / "bin" / "rapidocr_api"
    port = _free_port()
    command = [str(script), "-ip", "127.0.0.1", "-p", str(port), "-workers", str(workers)]
    label = f"{name}, {workers} worker{'s' if workers > 1 else ''}"
    with _running(label, command, port, workers) as contender:
        yield contender


def _environment(name: str) -> Path:
    folder = ENVIRONMENTS / re.sub(r"\W+", "-", name)
    if not (folder / "installed").exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "install"]
        subprocess.run([*pip, *PEERS[name]], check=True)
        (folder / "installed").touch()
    return folder


@contextmanager
def _running(name: str, command: list[str], port: int, workers: int) -> Iterator[Contender]:
    # A session of its own, so that the demo's worker processes can be ended with it.
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for_answer(url, process)
        yield Contender(name, url, process, workers)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait_for_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            requests.get(url, timeout=60).raise_for_status()
            return
        except requests.ConnectionError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(member for child in children for member in _family(int(child)))]


def _proportional_mib(process: int) -> float:
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(rollup.split("\nPss:", 1)[1].split()[0]) / 1024
