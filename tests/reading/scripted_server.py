"""A real HTTP server whose answers a test writes down beforehand."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """What to answer; with `reads_body` off, before the body has come."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    reads_body: bool = True


@dataclass(frozen=True)
class Request:
    """What came."""

    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Where it answers, and what came so far."""

    url: str
    requests: list[Request] = field(default_factory=list)


@contextmanager
def scripted(*replies: Reply) -> Iterator[ScriptedServer]:
    """Give these answers, one a request, and then hang up on whoever asks again."""
    left = list(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if not left:
                return
            reply = left.pop(0)
            length = int(self.headers["Content-Length"]) if reply.reads_body else 0
            body = self.rfile.read(length)
            server.requests.append(Request(self.path, dict(self.headers), body))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server = ScriptedServer(f"http://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
