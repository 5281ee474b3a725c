"""Bytes over a connection, and the answers that come back."""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import replies

_NAMES_NGINX_VERSION = re.compile(r"nginx/[\d.]")
Address = tuple[str, int] | Path


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: its status, its headers by name in small letters, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(address: Address, client: str = "127.0.0.1") -> socket.socket:
    """Connect to a port, from one of the loopback's addresses, or to a socket in a folder."""
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=60, source_address=(client, 0))
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(str(address))
    return connection


def ask(address: Address, sent: bytes, client: str = "127.0.0.1") -> list[Answer]:
    """Send bytes, read until the other side closes; return the answers."""
    with connect(address, client) as connection:
        with suppress(ConnectionError):  # Refused before it was whole: the answer is there.
            connection.sendall(sent)
        return answers(received(connection))


def received(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    pieces = []
    with suppress(ConnectionResetError):  # The other side had not read all when it closed.
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def answers(raw: bytes) -> list[Answer]:
    """Take answers apart, and check that each has its proper form and gives nothing away."""
    found = []
    while raw:
        head, _, rest = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        assert re.fullmatch(r"HTTP/1\.\d \d{3} [\w -]*", lines[0]), raw
        status = int(lines[0].split()[1])
        headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}
        size = int(headers.get("content-length", "0"))
        body, raw = rest[:size], rest[size:]
        assert len(body) == size
        assert not _NAMES_NGINX_VERSION.search(head.decode("latin-1") + body.decode("latin-1"))
        if status >= 200:
            replies.check(status, head.decode("latin-1"), body.decode())
        found.append(Answer(status, headers, body))
    return found
