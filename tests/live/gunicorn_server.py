"""A real gunicorn on a free port of the loopback, for the length of a test."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parent.parent.parent
GUNICORN = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
_START_SECONDS = 60


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that only another process can tell by its state."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


def processor_ticks(process: int) -> int:
    """Return how many hundredths of a second a process has computed."""
    user, system = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return int(user) + int(system)


def children(process: int) -> list[int]:
    """Return the ids of a process's children, oldest first."""
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return sorted(int(child) for child in text.split())


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, its master process, and what it logs."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers, oldest first."""
        return children(self.process.pid)

    def post(
        self, image: bytes, timeout: float = 60, fields: dict[str, str] | None = None
    ) -> requests.Response:
        """Send a picture as a file, with other form fields."""
        files = {"image_file": ("1.png", image)}
        return requests.post(f"{self.url}/ocr", files=files, data=fields, timeout=timeout)


@contextmanager
def started(
    command: Sequence[str], folder: Path, log: Path, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server in a folder, stop it; it must stop by itself, in order."""
    environment = {**os.environ, **{f"OCR_SERVER_{k.upper()}": v for k, v in settings.items()}}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def serve(
    folder: Path, flags: Sequence[str] = (), command: Sequence[str] = GUNICORN, **settings: str
) -> Iterator[Server]:
    """Start a server, wait until it answers, stop it; it must stop by itself, in order."""
    log = folder / "server.log"
    bound = [*command, "-b", "127.0.0.1:0", *flags]
    with started(bound, ROOT if command is GUNICORN else folder, log, **settings) as process:
        yield Server(process, log, _wait_for_answer(process, log))


def _wait_for_answer(process: subprocess.Popen[bytes], log: Path) -> str:
    def listening() -> re.Match[str] | None:
        assert process.poll() is None, log.read_text()
        return re.search(r"Listening at: (http://[^\s,]+)", log.read_text())

    wait_until(lambda: listening() is not None)
    found = listening()
    assert found
    url = found[1]
    # The kernel holds the connection until a worker has loaded its engine.
    requests.get(f"{url}/healthz", timeout=_START_SECONDS).raise_for_status()
    return url
