"""Asks an ocr_server over HTTP: straight to it, without a proxy, and again while it is busy."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from ocr_server.reading.failure import ReadError

_CONNECT_SECONDS = 10
_BUSY = (429, 503)
_MAX_RETRY_AFTER = 60
_MAX_PROBLEM_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server answers. prefix: the path before /ocr, without a slash at its end."""

    is_secure: bool
    host: str
    port: int | None
    prefix: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read `http://host:port/prefix`. Raises ValueError with what is allowed."""
        complaint = ValueError("it must be an address such as http://127.0.0.1:9003")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise complaint from None
        others = (parts.username, parts.password, parts.query, parts.fragment)
        if parts.scheme not in ("http", "https") or not parts.hostname or any(others):
            raise complaint
        if not re.fullmatch("[!-~]+", url):
            raise complaint
        return cls(parts.scheme == "https", parts.hostname, port, parts.path.rstrip("/"))

    def connection(self) -> HTTPConnection:
        """Return a connection that is not made yet."""
        kind = HTTPSConnection if self.is_secure else HTTPConnection
        return kind(self.host, self.port, timeout=_CONNECT_SECONDS)


@dataclass(frozen=True, slots=True)
class Client:
    """Sends requests to one server; any number of threads may use it.

    headers: sent with each request.
    timeout: longest time in seconds to wait for a piece of an answer, and for a busy server.
    """

    address: Address
    headers: Mapping[str, str]
    timeout: float

    @contextmanager
    def post(
        self, target: str, body: bytes, content_type: str, wanted: str
    ) -> Iterator[HTTPResponse]:
        """Give the answer to a request, to be read in the `with` block.

        wanted: the media type that a good answer has. Raises ReadError.
        """
        deadline = time.monotonic() + self.timeout
        while True:
            with self._answer(target, body, content_type) as response:
                pause = _retry_after(response)
                if response.status not in _BUSY or time.monotonic() + pause > deadline:
                    _check(response, wanted)
                    yield response
                    return
            time.sleep(pause)

    @contextmanager
    def _answer(self, target: str, body: bytes, content_type: str) -> Iterator[HTTPResponse]:
        with closing(self.address.connection()) as connection:
            try:
                connection.connect()
            except OSError as error:
                detail = f"{_reason(error)}. Check the address after --server, and that it runs."
                title = "Server cannot be reached"
                raise ReadError(title, detail, "server_unreachable") from error
            connection.sock.settimeout(self.timeout)
            try:
                # Who refuses a request may answer and hang up before all of it was sent.
                with suppress(BrokenPipeError, ConnectionResetError):
                    headers = {**self.headers, "Content-Type": content_type}
                    connection.request("POST", self.address.prefix + target, body, headers)
                with connection.getresponse() as response:
                    yield response
            except TimeoutError as error:
                detail = f"No answer came for {self.timeout:g} seconds; --timeout allows more."
                title = "Server did not answer in time"
                raise ReadError(title, detail, "server_timeout") from error
            except (OSError, HTTPException) as error:
                detail = f"{_reason(error)}. Its log may say why; try again."
                raise ReadError("Server broke off", detail, "server_broke_off") from error


def _retry_after(response: HTTPResponse) -> float:
    """Return how many seconds to wait before asking again; 1 if the server does not say."""
    told = response.headers.get("Retry-After", "")
    return max(1, min(int(told), _MAX_RETRY_AFTER)) if re.fullmatch("[0-9]{1,9}", told) else 1


def _check(response: HTTPResponse, wanted: str) -> None:
    found = response.headers.get_content_type()
    if response.status == 200 and found == wanted:
        return
    if found == "application/problem+json":
        with suppress(ValueError, TypeError, KeyError):
            problem = json.loads(response.read(_MAX_PROBLEM_BYTES))
            detail = f"{problem['detail']}{_hint(response)}"
            raise ReadError(str(problem["title"]), detail, str(problem["code"]))
    raise ReadError(
        f"Answer {response.status} of type {found}",
        f"This is no answer of an ocr_server. Check the address.{_hint(response)}",
        "unexpected_answer",
    )


def _hint(response: HTTPResponse) -> str:
    return " --server takes the address without /ocr." if response.status == 404 else ""


def _reason(error: Exception) -> str:
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or str(error) or type(error).__name__
