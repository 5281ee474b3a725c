"""The systemd units, and a server that takes its listeners from systemd."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import pictures
from tests.live.gunicorn_server import GUNICORN, ROOT, wait_until
from tests.live.load import picture_request

UNITS = ROOT / "deploy" / "systemd"
# Of ten; a unit that protects nothing has 9.6.
MOST_EXPOSURE = 1.0
# What systemd does for a service: its descriptors from 3 on, and their count for this process.
ACTIVATE = """
import fcntl, os, sys
copies = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number in sys.argv[1].split(",")]
for number, copy in enumerate(copies, 3):
    os.dup2(copy, number)
    os.close(copy)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(copies)))
os.execv(sys.argv[2], sys.argv[2:])
"""
PICTURE = picture_request(pictures.read("small.png"))
MASTER = re.compile(r"Listening at: .* \((\d+)\)")
Address = str | tuple[str, int]


def test_the_units_hold_nothing_that_systemd_does_not_know(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        text = re.sub("^ExecStart=.*", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
    command = ["systemd-analyze", "verify", "--recursive-errors=one"]
    command += map(str, tmp_path.iterdir())
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_service_is_hardly_exposed() -> None:
    unit = UNITS / "ocr_server.service"
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Overall exposure level for ocr_server.service: ([0-9.]+)", done.stdout)
    assert found
    assert float(found[1]) <= MOST_EXPOSURE


def test_the_server_has_more_time_to_stop_than_it_gives_its_requests() -> None:
    stop = re.search(r"^TimeoutStopSec=(\d+)$", (UNITS / "ocr_server.service").read_text(), re.M)
    check = [*GUNICORN, "--print-config"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=True)
    graceful = re.search(r"^graceful_timeout\s*=\s*(\d+)$", done.stdout, re.MULTILINE)
    assert stop
    assert graceful
    assert int(stop[1]) > int(graceful[1])


@dataclass(frozen=True)
class Listeners:
    """Listening sockets that a server may take, as systemd keeps them."""

    sockets: Sequence[socket.socket]

    @property
    def addresses(self) -> list[Address]:
        return [listener.getsockname() for listener in self.sockets]

    @contextmanager
    def server(self, log: Path, program: Sequence[str] = GUNICORN) -> Iterator[Path]:
        """Start a server that takes them, wait until it has loaded its engine; yield its log."""
        numbers = [listener.fileno() for listener in self.sockets]
        activated = [sys.executable, "-c", ACTIVATE, ",".join(map(str, numbers))]
        command = [*activated, *program, "-w", "2"]
        environment = {**os.environ, "OCR_SERVER_SLOTS": "2", "PYTHONPATH": str(ROOT)}
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                pass_fds=numbers,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

        def is_loaded() -> bool:
            assert process.poll() is None, log.read_text()
            return "Engine loaded" in log.read_text()

        try:
            wait_until(is_loaded, 60)
            yield log
            process.terminate()
            assert process.wait(60) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[Listeners]:
    with (
        socket.socket(socket.AF_UNIX) as local,
        socket.create_server(("127.0.0.1", 0), backlog=128) as tcp,
    ):
        local.bind(str(tmp_path / "ocr_server.sock"))
        local.listen(128)
        yield Listeners([local, tcp])


def ask(address: Address, request: bytes) -> bytes:
    """Send a request on a connection of its own; return all that came back."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as connection:
        connection.settimeout(60)
        connection.connect(address)
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def is_read(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/1.1 200 ") and b"Harvest" in answer


class Clients:
    """Clients that connect again and again, each to its own address."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self.good = 0
        self.bad: list[str] = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=[to]) for to in addresses]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let each have its last answer."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, address: Address) -> None:
        while not self._stopping.is_set():
            try:
                answer = ask(address, PICTURE)
            except OSError as error:
                answer = repr(error).encode()
            if is_read(answer):
                self.good += 1
            else:
                self.bad.append(answer[:200].decode(errors="replace"))

    def wait_for_answers(self, count: int) -> None:
        """Wait until so many more were right, or one was not."""
        enough = self.good + count
        wait_until(lambda: self.good >= enough or bool(self.bad), 60)


def test_the_server_answers_on_all_listeners_that_it_is_given(
    listeners: Listeners, tmp_path: Path
) -> None:
    with listeners.server(tmp_path / "server.log") as log:
        assert "Starting again" in log.read_text()  # and the listeners outlived that
        assert all(is_read(ask(address, PICTURE)) for address in listeners.addresses)


@pytest.mark.timeout(240)
def test_a_restart_refuses_nobody_and_loses_nothing(listeners: Listeners, tmp_path: Path) -> None:
    with Clients(listeners.addresses * 2) as clients:
        with listeners.server(tmp_path / "first.log"):
            clients.wait_for_answers(10)
        # Now there is no server at all, and all clients wait.
        with listeners.server(tmp_path / "second.log"):
            clients.wait_for_answers(10)
            clients.stop()
    assert clients.bad == []


@pytest.mark.timeout(240)
def test_a_second_master_takes_the_same_listeners(listeners: Listeners, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    # A second master cannot be started from `python -m gunicorn`.
    program = [str(Path(sys.executable).with_name("gunicorn")), *GUNICORN[3:]]
    with listeners.server(log, program):
        (first,) = MASTER.findall(log.read_text())
        os.kill(int(first), signal.SIGUSR2)
        wait_until(lambda: len(MASTER.findall(log.read_text())) == 2, 60)
    second = int(MASTER.findall(log.read_text())[-1])
    try:
        assert all(is_read(ask(address, PICTURE)) for address in listeners.addresses)
    finally:
        os.kill(second, signal.SIGTERM)
        wait_until(lambda: "Shutting down: Master" in log.read_text().split(f"[{second}]")[-1], 60)
