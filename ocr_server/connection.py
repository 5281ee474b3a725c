"""The connection under a request, as gunicorn hands it over; other servers may have none."""

import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ocr_server.errors import ClientGone, UploadTimeout


def check_still_there(environ: Mapping[str, Any]) -> None:
    """Raise ClientGone if the client has closed its connection."""
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
    late = threading.Event()
    timer = threading.Timer(seconds, _end_stream, (connection, late))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():
            raise UploadTimeout(f"The request body must arrive within {seconds:g} seconds.")


def _end_stream(connection: socket.socket, late: threading.Event) -> None:
    late.set()
    connection.shutdown(socket.SHUT_RD)
