"""A real nginx with the shipped configuration, on a free port of the loopback."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.gunicorn_server import GUNICORN, ROOT, Server, children, wait_until
from tests.live.gunicorn_server import started as gunicorn_started

SHIPPED = ROOT / "deploy" / "nginx"
SNIPPETS = ["ocr_server-http.conf", "ocr_server-proxy.conf"]
# What the distribution's own nginx.conf says around the shipped files.
MAIN = """
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 768; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include conf.d/*.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx: its master process, its own folder, where it answers."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Where it answers: http://host:port."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> set[int]:
        """The process ids of the workers."""
        return set(children(self.process.pid))

    def requests_logged(self) -> list[dict[str, Any]]:
        """The lines of the shipped access log."""
        return [json.loads(line) for line in self._log("ocr_server.access.log").splitlines()]

    def errors_logged(self) -> str:
        """The shipped error log, and nginx's own."""
        return self._log("ocr_server.error.log") + self._log("error.log")

    def _log(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


def binary() -> str:
    """Return the path of nginx; Debian keeps it where users other than root do not look."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert found, "nginx is not installed: apt-get install nginx-light"
    return found


def free_port() -> int:
    """Return a port of the loopback that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """Return a text with parts of it replaced; each must be there."""
    for old, new in changes:
        assert old in text, f"the shipped file no longer says {old!r}"
        text = text.replace(old, new)
    return text


def install(folder: Path, port: int, upstream: Path, *changes: tuple[str, str]) -> None:
    """Lay the shipped files out as they say, with another port, socket and folder for logs."""
    (folder / "snippets").mkdir(parents=True)
    (folder / "conf.d").mkdir()
    for name in SNIPPETS:
        text = (SHIPPED / name).read_text("utf-8")
        if name == "ocr_server-proxy.conf":
            text = replaced(text, ("/var/log/nginx", str(folder)))
        (folder / "snippets" / name).write_text(text, "utf-8")
    text = (SHIPPED / "ocr_server.conf").read_text("utf-8")
    text = replaced(
        text,
        ("    listen 80 default_server;", f"    listen 127.0.0.1:{port} default_server;"),
        ("    listen [::]:80 default_server;\n", ""),
        ("server unix:/run/ocr_server/ocr_server.sock;", f"server unix:{upstream};"),
        *changes,
    )
    (folder / "conf.d" / "ocr_server.conf").write_text(text, "utf-8")
    # Its workers would be those of a user who may not enter the test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(user=user, folder=folder), "utf-8")


def check(folder: Path) -> None:
    """Let nginx check its configuration; it may not even warn."""
    told = subprocess.run([*_command(folder), "-t"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert not re.search(r"\[(warn|error|emerg|alert|crit)\]", told.stderr), told.stderr


@contextmanager
def started(folder: Path, port: int) -> Iterator[Nginx]:
    """Start nginx with what is installed in a folder; stop it; it must stop by itself, in order."""
    check(folder)
    process = subprocess.Popen([*_command(folder), "-g", "daemon off;"])
    nginx = Nginx(process, folder, port)
    try:
        wait_until(lambda: _listens(nginx))
        yield nginx
        process.send_signal(signal.SIGQUIT)
        assert process.wait(30) == 0
        assert not re.search(r"\[(emerg|alert)\]", nginx.errors_logged())
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


@contextmanager
def serve(folder: Path, upstream: Path) -> Iterator[Nginx]:
    """Start nginx in front of a socket in the file system, whoever listens on it."""
    port = free_port()
    install(folder, port, upstream)
    with started(folder, port) as nginx:
        yield nginx


@contextmanager
def ocr_server(
    folder: Path, upstream: Path, flags: Sequence[str] = (), **settings: str
) -> Iterator[Server]:
    """Start the server on such a socket alone; wait until all workers can read pictures."""
    log = folder / "server.log"
    command = [*GUNICORN, "-b", f"unix:{upstream}", *flags]
    settings = {"workers": "1", **settings}
    with gunicorn_started(command, ROOT, log, **settings) as process:
        wait_until(lambda: _loaded(process, log) == int(settings["workers"]), 60)
        yield Server(process, log, f"unix:{upstream}")


def _loaded(process: subprocess.Popen[bytes], log: Path) -> int:
    assert process.poll() is None, log.read_text()
    return log.read_text().count("Engine loaded by worker")


def _command(folder: Path) -> list[str]:
    return [binary(), "-p", f"{folder}", "-c", "nginx.conf", "-e", f"{folder}/error.log"]


def _listens(nginx: Nginx) -> bool:
    assert nginx.process.poll() is None, nginx.errors_logged()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", nginx.port)) == 0
