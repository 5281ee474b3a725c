"""Connections on which something must arrive in time: a request's head or its body."""

import socket
import time
from contextlib import suppress


class Deadlines:
    """Ends the streams of those that are late, for whoever is reading; any thread may use it.

    A limit on each read would let clients send a byte now and then for ever, so the whole has
    one. gunicorn's worker enforces it from its own loop: a timer for each request would cost a
    thread each.
    """

    def __init__(self) -> None:
        self._due: dict[socket.socket, float] = {}

    def set(self, connection: socket.socket, seconds: float) -> None:
        """Let a connection's stream end so many seconds from now."""
        self._due[connection] = time.monotonic() + seconds

    def clear(self, connection: socket.socket) -> bool:
        """Take a deadline back; return whether there was one, that is whether it was kept."""
        return self._due.pop(connection, None) is not None

    def enforce(self) -> None:
        """End the streams that are late by now."""
        now = time.monotonic()
        for connection, due in list(self._due.items()):
            if due < now and self.clear(connection):
                with suppress(OSError):  # The client may be gone.
                    connection.shutdown(socket.SHUT_RD)
