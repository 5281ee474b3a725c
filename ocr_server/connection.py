"""The connection under a request, as gunicorn hands it over; other servers may have none."""

import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from ocr_server.errors import ClientGone, UploadTimeout


def check_still_there(environ: Mapping[str, Any]) -> None:
    """Raise ClientGone if the client has closed its connection, or its half of it."""
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return
    poller = select.poll()
    poller.register(connection, select.POLLRDHUP)
    if poller.poll(0):
        raise ClientGone("The client closed the connection before its picture was read.")


@contextmanager
def upload_within(seconds: float, environ: Mapping[str, Any]) -> Iterator[None]:
    """Read a request's body in a `with` block; raises UploadTimeout if it does not arrive in time.

    A time limit on each piece would let clients send a byte now and then for ever. So the whole
    has a limit, and the end of it is made the end of the stream for whoever is reading.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    upload = _Upload(connection)
    timer = threading.Timer(seconds, upload.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if not upload.is_in_time():
            raise UploadTimeout(f"The request body must arrive within {seconds:g} seconds.")


class _Upload:
    """A body on its way: either its reader is done first, or its time is up first."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._done = self._late = False

    def end(self) -> None:
        """End the stream, unless its reader is done with it."""
        with self._lock:
            if not self._done:
                self._late = True
                with suppress(OSError):  # The client may be gone.
                    # Not the method of a TLS socket, which would go on unencrypted.
                    socket.socket.shutdown(self._connection, socket.SHUT_RD)

    def is_in_time(self) -> bool:
        """Say that the reader is done, and return whether that was in time."""
        with self._lock:
            self._done = True
            return not self._late
