"""A server that is busy when it is asked for the first time, and then asks another."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests


class BusyOnce(ThreadingHTTPServer):
    """Passes requests on to the server at `url`, after it has refused the first."""

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = url
        self.refused = 0
        self.passed_on = 0

    @property
    def url(self) -> str:
        """Where it answers: http://host:port."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: BusyOnce

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.server.refused:
            self.server.refused += 1
            self._answer(503, b"{}", ("Retry-After", "1"))
            return
        self.server.passed_on += 1
        headers = {"Content-Type": self.headers["Content-Type"]}
        answer = requests.post(self.server.target + self.path, body, headers=headers, timeout=60)
        self._answer(answer.status_code, answer.content)

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def busy_once(url: str) -> Iterator[BusyOnce]:
    """Start such a server, and stop it."""
    with BusyOnce(url) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
