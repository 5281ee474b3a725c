"""The worker's process: gunicorn's threads, and what a server left alone for months needs."""

import errno
import mmap
import selectors
import socket
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from resource import getpagesize
from types import FrameType, SimpleNamespace
from typing import Any, cast

from gunicorn import util
from gunicorn.http import Request
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from ocr_server import malformed, record, request_id
from ocr_server.errors import OcrServerError
from ocr_server.extension import Extension
from ocr_server.keys import Keys
from ocr_server.log import Logger
from ocr_server.record import Record
from ocr_server.retirement import RetirementPermit
from ocr_server.settings import Settings
from ocr_server.succession import Succession

_MIB = 1024 * 1024
_STATM = Path("/proc/self/statm")
_SECONDS_BETWEEN_LOOKS = 1.0
_LINGER_SECONDS = 2.0
_HEAD_START_SECONDS = 0.001  # An idle process wakes in a fraction of that.


class Worker(ThreadWorker):
    """gunicorn's threaded worker, which can be left alone.

    - It leaves on a reload only when its successor is loaded.
    - It retires when it has grown too large, or after gunicorn's `max_requests`, one at a time.
    - It ends connections on which a request's head does not arrive in time.
    - It waits in a thread, and not in its only loop, for clients to close answered connections.
    - It leaves new connections to workers that read nothing, if there are any.
    - It takes in what already waits on the listening sockets when it stops.
    """

    _accepting: bool  # gunicorn's

    # Set by the master before the fork.
    settings: Settings
    succession: Succession
    reloads_seen: int
    permit: RetirementPermit
    loaded: mmap.mmap  # one byte that both processes see, 1 when the engine is loaded
    load_delay: float  # seconds to wait before loading, after others failed to
    number: int  # the lowest that no other worker has
    metrics_folder: Path
    keys: Keys

    # Set by the worker itself when it is loaded.
    extension: Extension

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # gunicorn itself would let all workers retire at once.
        self._most_requests, self.max_requests = self.max_requests, sys.maxsize
        self._next_look = 0.0
        self._waits_for_successor = False

    def load_wsgi(self) -> None:
        """Take the application, and heed it when it wants a connection closed."""
        super().load_wsgi()
        self.wsgi = _heeding_close(self.wsgi)

    def notify(self) -> None:
        """Tell the master that this process lives; called at least once a second."""
        super().notify()
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _SECONDS_BETWEEN_LOOKS
            self.extension.deadlines.enforce()
            self._retire_if_due()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGTERM: stop, but if that comes of a reload only when a successor is loaded."""
        reloads = self.succession.reloads
        if reloads > self.reloads_seen:
            self.reloads_seen = reloads
            self.method_queue.defer(self._wait_for_successor)
        else:
            super().handle_exit(sig, frame)

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, if no worker that reads nothing does before.

        Two pictures in one process would share its interpreter and its room in the detector.
        """
        if self.alive and self.extension.reader.watchdog.is_watching:
            time.sleep(_HEAD_START_SECONDS)
        super().accept(listener)

    def handle(self, conn: TConn) -> Any:
        """Handle a request, in a thread; false if the connection is to be closed."""
        self.extension.deadlines.set(conn.sock, self.settings.max_header_seconds)
        try:
            keep = super().handle(conn)
        finally:
            self.extension.deadlines.clear(conn.sock)
        if not keep:
            _await_close(conn.sock)
        return keep

    def handle_request(self, req: Request, conn: TConn) -> bool:
        """Handle a request whose head is there."""
        self.extension.deadlines.clear(conn.sock)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError as error:
            # The kernel gave up on a client that does not read its answer: it is gone, and gunicorn
            # need not tell of it at length.
            raise BrokenPipeError(errno.EPIPE, str(error)) from error

    def handle_error(
        self, req: Request | None, client: socket.socket, addr: Any, exc: BaseException
    ) -> None:
        """Answer what could not be parsed, in the form of all other errors; log and count it."""
        error = malformed.error_of(exc, bool(self.extension.keys))
        if error is None:
            error = OcrServerError("The server failed on this request.")
        # Not the complaint's text: it quotes what the client sent, queries and keys too.
        told = Record(request_id.make(), error.code, reason=type(exc).__name__)
        if error.status >= 500:
            self.log.error("Request %s failed", told.request_id, exc_info=exc)
        self.extension.metrics.refuse(error.status, told)
        answer = malformed.answer(error, told.request_id)
        environ = {"REMOTE_ADDR": addr[0] if addr else "", record.NAME: told}
        sent = SimpleNamespace(status=error.status, sent=len(answer))
        cast("Logger", self.log).access(sent, req, environ, timedelta())
        with suppress(OSError):
            util.write_nonblock(client, answer)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Return whether the connection of an answered request can be used for another one."""
        try:
            return bool(super()._keepalive_after(conn, keepalive))  # type: ignore[misc]
        except ParseException:
            return False  # The rest of the body cannot be read; the request has its answer.

    def set_accept_enabled(self, enabled: bool | None) -> None:
        """Begin or cease to accept connections."""
        if enabled or self.alive:
            super().set_accept_enabled(enabled)
            return
        if self._accepting:
            self._accept_all()
        super().set_accept_enabled(False)
        for listener in self.sockets:
            listener.close()  # Clients that come now are refused, or go to other workers.
        for conn in self.pending_conns:  # Silent ones; gunicorn would wait for them.
            soon = time.monotonic() + _LINGER_SECONDS
            conn.timeout = min(conn.timeout or soon, soon)

    def _wait_for_successor(self) -> None:
        if not self._waits_for_successor:
            self._waits_for_successor = True
            self.poller.register(self.succession, selectors.EVENT_READ, self._leave_to_successor)

    def _leave_to_successor(self, _: object) -> None:
        if not self.alive or self.succession.take():
            self.poller.unregister(self.succession)
            self.alive = False

    def _retire_if_due(self) -> None:
        resident = _resident_bytes()
        self.extension.metrics.resident(resident)
        is_due = resident > self.settings.max_worker_bytes or self.nr >= self._most_requests
        if is_due and self.alive and self.permit.take():
            self.log.info("Retires after %d requests, with %d MiB", self.nr, resident // _MIB)
            self.alive = False

    def _accept_all(self) -> None:
        for listener in self.sockets:
            before = -1
            while before < self.nr_conns < self.worker_connections:
                before = self.nr_conns
                self.accept(listener)


def _heeding_close(application: Any) -> Any:
    """Return an application after whose `Connection: close` gunicorn closes the connection.

    gunicorn drops that header and would go on reading, with the rest of a body as a request.
    """

    def application_heeded(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if ("Connection", "close") in headers:
                start_response.__self__.force_close()
            return start_response(status, headers, exc_info)

        return application(environ, start)

    return application_heeded


def _await_close(connection: socket.socket) -> None:
    """Wait, for at most two seconds, until the client closes a connection.

    What is closed before the client has read the last answer may be lost to it (RFC 9112, section
    9.6). gunicorn waits too, but where the whole worker waits with it.
    """
    with suppress(OSError):
        util.close_graceful(connection.dup())
        connection.shutdown(socket.SHUT_RD)  # Now gunicorn finds the end at once.


def _resident_bytes() -> int:
    return int(_STATM.read_text().split()[1]) * getpagesize()
