"""A server that keeps what it is sent, to see what nginx passes on."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request: its first line, its headers by name in small letters, its body."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class Recorder:
    """The requests that came, over so many connections; each gets these parts as its answer.

    A part is sent when the semaphore lets it go. What has no parts gets its connection closed.
    """

    requests: list[Recorded] = field(default_factory=list)
    connections: int = 0
    answer: list[bytes] = field(default_factory=lambda: [_ANSWER])
    goes_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1_000_000))


@contextmanager
def recorder(path: Path) -> Iterator[Recorder]:
    """Listen on a socket in the file system."""
    kept = Recorder()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            kept.connections += 1
            with suppress(OSError):  # nginx may have gone away.
                while self._answer_one():
                    pass

        def _answer_one(self) -> bool:
            line = self._line()
            if not line:
                return False
            headers = []
            while header := self._line():
                name, _, value = header.partition(":")
                headers.append((name.lower(), value.strip()))
            size = int(dict(headers).get("content-length", "0"))
            kept.requests.append(Recorded(line, headers, self.rfile.read(size)))
            for part in kept.answer:
                kept.goes_on.acquire()
                self.wfile.write(part)
            return kept.answer == [_ANSWER]

        def _line(self) -> str:
            return self.rfile.readline().decode("latin-1").strip()

    with Listener(str(path), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        try:
            yield kept
        finally:
            kept.goes_on.release(1000)
            listener.shutdown()
            thread.join()


class Listener(socketserver.ThreadingUnixStreamServer):
    """A thread for each connection."""

    request_queue_size = 1024
