"""The connection under a request, as gunicorn hands it over; other servers may have none."""

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ocr_server.deadlines import Deadlines
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


def send_within(seconds: float, environ: Mapping[str, Any]) -> None:
    """Let each piece of a request's answer take so long; then its connection is given up."""
    connection = environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(seconds)


@contextmanager
def upload_within(
    seconds: float, environ: Mapping[str, Any], deadlines: Deadlines
) -> Iterator[None]:
    """Read a request's body in a `with` block; raises UploadTimeout if it does not arrive in time.

    When the time is over, whoever is reading comes to the end of the stream.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    deadlines.set(connection, seconds)
    try:
        yield
    finally:
        if not deadlines.clear(connection):
            raise UploadTimeout(f"The request body must arrive within {seconds:g} seconds.")
