"""Requests that two servers in a row might cut apart at different places, made by hand.

Each is sent with an honest request, LAST, right behind it on the same connection. HIDDEN lies where
only a server that cuts wrongly would take it for a request.
"""

from collections.abc import Iterator
from dataclasses import dataclass

FIRST, HIDDEN, LAST = b"/first", b"/hidden", b"/last"
_HIDDEN = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % HIDDEN
_LAST = b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % LAST
_CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"

# What becomes of it. The server knows none of these paths: what reaches it gets 404.
READ = (404, 404)  # It and LAST are requests like others.
REFUSED = (400,)  # Nothing behind it is trusted.


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Bytes, and the statuses that come back through nginx. straight: ends without nginx too."""

    name: str
    sent: bytes
    statuses: tuple[int, ...] = REFUSED
    straight: bool = True


def doubtful_requests() -> list[Doubtful]:
    """Return them all."""
    return [
        *_lengths(),
        *_codings(),
        *_chunks(),
        *_line_ends(),
        *_headers(),
        *_targets(),
        *_hosts(),
        *_versions(),
        *_sizes(),
    ]


def _post(
    name: str,
    headers: bytes,
    body: bytes = b"",
    statuses: tuple[int, ...] = REFUSED,
    straight: bool = True,
) -> Doubtful:
    head = b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (FIRST, headers)
    return Doubtful(name, head + body + _LAST, statuses, straight)


def _get(
    name: str,
    target: bytes = FIRST,
    headers: bytes = b"Host: x\r\n",
    statuses: tuple[int, ...] = REFUSED,
    straight: bool = True,
) -> Doubtful:
    head = b"GET %s HTTP/1.1\r\n%s\r\n" % (target, headers)
    return Doubtful(name, head + _LAST, statuses, straight)


def _length(value: bytes) -> bytes:
    return b"Content-Length: " + value


def _lengths() -> Iterator[Doubtful]:
    size = b"%d" % len(_HIDDEN)
    yield _post("a request as a body", _length(size), _HIDDEN, READ)
    yield _post("no length at all", b"X-Some: thing", b"", READ)
    for value in (
        b"+" + size, b"-" + size, b"-1", size + b" " + size, size + b", " + size, size + b",0",
        b"0x" + size, b"0_" + size, size + b".0", b"1e1", b"\xb2", b"\xa0" + size, b"",
        b'"' + size + b'"', size + b";", size + b"\x0b",
    ):  # fmt: skip
        yield _post(f"length {value!r}", _length(value), _HIDDEN)
    for value in (b"18446744073709551616", b"9" * 40):
        yield _post(f"length {value!r}", _length(value), _HIDDEN, straight=False)
    yield _post("zeros before the length", _length(b"000" + size), _HIDDEN, READ)
    yield _post("blanks around the length", b"Content-Length:   " + size + b"  ", _HIDDEN, READ)
    twice = _length(size) + b"\r\n"
    yield _post("the same length twice", twice + _length(size), _HIDDEN)
    yield _post("two lengths, the longer first", twice + _length(b"0"), _HIDDEN)
    yield _post("two lengths, the shorter first", _length(b"0\r\n") + _length(size), _HIDDEN)
    yield _post("a length with an underscore", b"Content_Length: " + size, b"", READ)
    other = _length(b"0\r\n") + b"Content_Length: " + size
    yield _post("another length with an underscore", other, b"", READ)
    sent = b"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (FIRST, _length(size))
    yield Doubtful("a GET with a request as its body", sent + _HIDDEN + _LAST, READ)


def _codings() -> Iterator[Doubtful]:
    chunked = b"Transfer-Encoding: chunked"
    size = _length(b"%d" % len(_CHUNKS + _HIDDEN))
    body = _CHUNKS + _HIDDEN
    yield _post("chunked", chunked, _CHUNKS, READ)
    yield _post("chunked, in capitals", b"TRANSFER-ENCODING: CHUNKED", _CHUNKS, READ)
    yield _post("a length and chunked", size + b"\r\n" + chunked, body)
    yield _post("chunked and a length", chunked + b"\r\n" + size, body)
    yield _post("chunked and the length 0", _length(b"0\r\n") + chunked, body)
    for coding in (
        b"xchunked", b"chunked, identity", b"identity, chunked", b"chunked, chunked", b"identity",
        b"gzip, chunked", b"chunked, gzip", b'"chunked"', b"chunked;q=1", b"chunked,", b",chunked",
        b"\x0bchunked", b"chunked\x0b", b"chu\x00nked", b"\xa0chunked", b"chunke\xc4", b"",
    ):  # fmt: skip
        coded = b"Transfer-Encoding: " + coding
        yield _post(f"coding {coding!r}", coded, _CHUNKS)
        yield _post(f"coding {coding!r} and a length", size + b"\r\n" + coded, body)
    yield _post("chunked twice", chunked + b"\r\n" + chunked, _CHUNKS)
    yield _post("chunked and identity", chunked + b"\r\nTransfer-Encoding: identity", _CHUNKS)
    yield _post("identity and chunked", b"Transfer-Encoding: identity\r\n" + chunked, _CHUNKS)
    yield _post("a blank before the colon", b"Transfer-Encoding : chunked\r\n" + size, body)
    yield _post("a tab before the colon", b"Transfer-Encoding\t: chunked\r\n" + size, body)
    yield _post("folded", b"Transfer-Encoding:\r\n chunked\r\n" + size, body)
    underscore = b"Transfer_Encoding: chunked\r\n" + size
    yield _post("chunked with an underscore", underscore, body, READ)


def _chunks() -> Iterator[Doubtful]:
    chunked = b"Transfer-Encoding: chunked"
    end = b"0\r\n\r\n"
    yield _post("zeros before a size", chunked, b"0005\r\nhello\r\n" + end, READ)
    yield _post("capital figures", chunked, b"A\r\n0123456789\r\n" + end, READ)
    yield _post("an extension", chunked, b'5;a="b"\r\nhello\r\n' + end, READ)
    long = b"5;" + b"a" * 3000 + b"\r\nhello\r\n"
    yield _post("a long extension", chunked, long + end, READ)
    yield _post("a trailer", chunked, b"5\r\nhello\r\n0\r\nX-Some: thing\r\n\r\n", READ)
    trailer = b"5\r\nhello\r\n0\r\nContent-Length: %d\r\n\r\n" % len(_LAST)
    yield _post("a length as a trailer", chunked, trailer, READ, straight=False)
    for start in (
        b"0x5", b"+5", b"-5", b"-0", b"5_0", b"", b"five", b"5.0", b"\x005", b"5\x00",
        b"5,5", b"\xb5",
    ):  # fmt: skip
        yield _post(f"chunk size {start!r}", chunked, start + b"\r\nhello\r\n" + end + _HIDDEN)
    for start in (b"fffffffffffffffff", b"10000000000000005", b"8000000000000000"):
        body = start + b"\r\nhello\r\n" + end + _HIDDEN
        yield _post(f"chunk size {start!r}", chunked, body, straight=False)
    yield _post("blanks behind a size", chunked, b"5 5\r\nhello\r\n" + end, READ)
    yield _post("more than the size", chunked, b"2\r\nhello\r\n" + end + _HIDDEN)
    yield _post("no line end behind a chunk", chunked, b"5\r\nhello" + end + _HIDDEN)
    yield _post("an empty line before a chunk", chunked, b"\r\n5\r\nhello\r\n" + end + _HIDDEN)


def _line_ends() -> Iterator[Doubtful]:
    bare = b"GET %s HTTP/1.1\nHost: x\n\n" % FIRST
    yield Doubtful("bare line feeds", bare + _LAST, READ, straight=False)
    mixed = b"POST %s HTTP/1.1\r\nHost: x\r\nX-Some: thing\nContent-Length: %d\r\n\r\n"
    sent = mixed % (FIRST, len(_HIDDEN)) + _HIDDEN + _LAST
    yield Doubtful("a length behind a bare line feed", sent, READ)
    yield _get("a bare carriage return", headers=b"Host: x\r\nX-Some: thi\rng\r\n")
    smuggled = b"X-Some: thing\rTransfer-Encoding: chunked"
    yield _post("chunked behind a bare carriage return", smuggled, _CHUNKS)
    yield Doubtful("empty lines first", b"\r\n\r\n" + _get("", statuses=READ).sent, READ, False)


def _headers() -> Iterator[Doubtful]:
    yield _get("NUL in a value", headers=b"Host: x\r\nX-Some: thi\x00ng\r\n")
    yield _get("NUL in a name", headers=b"Host: x\r\nX-So\x00me: thing\r\n")
    yield _get("a folded value", headers=b"Host: x\r\nX-Some: thing\r\n more\r\n")
    yield _get("folded first", headers=b" X-Some: thing\r\nHost: x\r\n")
    yield _get("no colon", headers=b"Host: x\r\nX-Some\r\n", statuses=READ)
    yield _get("no name", headers=b"Host: x\r\n: thing\r\n")
    yield _get("a name with a blank", headers=b"Host: x\r\nX Some: thing\r\n")
    yield _get("a name beyond ASCII", headers=b"Host: x\r\nX-S\xf6me: thing\r\n", statuses=READ)
    yield _get("Upgrade: h2c", headers=b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
               b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
               statuses=READ)  # fmt: skip
    yield _get("Upgrade: websocket", headers=b"Host: x\r\nConnection: Upgrade\r\n"
               b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", statuses=READ)  # fmt: skip
    hop = b"Host: x\r\nConnection: X-Request-Start, X-Forwarded-For, Content-Length\r\n"
    yield _get("own headers named as hop by hop", headers=hop, statuses=READ)
    yield _post("the length named as hop by hop", b"Connection: Content-Length\r\n"
                + _length(b"%d" % len(_HIDDEN)), _HIDDEN, READ)  # fmt: skip
    expected = b"Expect: 100-continue\r\n" + _length(b"%d" % len(_HIDDEN))
    yield _post("an expectation", expected, _HIDDEN, (100, *READ))
    yield _post("an unknown expectation", b"Expect: 200-ok\r\n" + _length(b"0"), b"", READ)


def _targets() -> Iterator[Doubtful]:
    yield _get("an absolute target", b"http://x" + FIRST, statuses=READ)
    yield _get("another host in the target", b"http://evil.example" + FIRST, statuses=READ)
    yield _get("a file as target", b"file://" + FIRST)
    yield _get("no slash", FIRST[1:])
    yield _get("two slashes", b"/" + FIRST, statuses=READ)
    yield _get("a blank", FIRST + b" " + HIDDEN)
    yield _get("a version in the target", FIRST + b" HTTP/1.1")
    yield _get("a tab", FIRST + b"\t" + HIDDEN)
    yield _get("NUL", FIRST + b"\x00")
    yield _get("NUL, encoded", FIRST + b"%00", statuses=REFUSED)
    yield _get("bytes beyond ASCII", FIRST + b"\xff", statuses=(400, 404))
    encoded = FIRST + b"%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0a"
    yield _get("a request, encoded", encoded, statuses=READ)
    yield _get("half an encoding", FIRST + b"%0")
    yield _get("above the root", b"/.." + FIRST)
    connect = b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n"
    yield Doubtful("CONNECT", connect + _LAST, straight=False)
    star = b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"
    yield Doubtful("OPTIONS *", star + _LAST, straight=False)
    trace = b"TRACE %s HTTP/1.1\r\nHost: x\r\n\r\n" % FIRST
    yield Doubtful("TRACE", trace + _LAST, (405,))
    small = b"get %s HTTP/1.1\r\nHost: x\r\n\r\n" % FIRST
    yield Doubtful("a method in small letters", small + _LAST)


def _hosts() -> Iterator[Doubtful]:
    yield _get("no Host", headers=b"X-Some: thing\r\n")
    yield _get("two Hosts", headers=b"Host: x\r\nHost: y\r\n")
    yield _get("the same Host twice", headers=b"Host: x\r\nHost: x\r\n")
    for host in (b"", b"x/y", b"../x", b"x y", b"x\x00"):
        yield _get(f"Host {host!r}", headers=b"Host: " + host + b"\r\n")
    # The server makes no use of Host.
    for host in (b"x,y", b"user@x", b"x:80:80", b"[::1"):
        yield _get(f"Host {host!r}", headers=b"Host: " + host + b"\r\n", statuses=READ)


def _versions() -> Iterator[Doubtful]:
    line = b"POST %s HTTP/%s\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield Doubtful("HTTP/1.0 and chunked", line % (FIRST, b"1.0") + _CHUNKS + _LAST)
    kept = b"GET %s HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n" % FIRST
    yield Doubtful("HTTP/1.0, kept", kept + _LAST, READ)
    closed = b"GET %s HTTP/1.0\r\nHost: x\r\n\r\n" % FIRST
    yield Doubtful("HTTP/1.0, a request behind the last", closed + _HIDDEN, (404,))
    closed = b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % FIRST
    yield Doubtful("a request behind the last", closed + _HIDDEN, (404,))
    for version in (b"2.0", b"0.9", b"9", b"01.1", b"1.1x", b""):
        sent = b"GET %s HTTP/%s\r\nHost: x\r\n\r\n" % (FIRST, version)
        yield Doubtful(f"HTTP/{version.decode()}", sent + _LAST)
    for version in (b"1.2", b"1.10"):
        sent = b"GET %s HTTP/%s\r\nHost: x\r\n\r\n" % (FIRST, version)
        yield Doubtful(f"HTTP/{version.decode()}", sent + _LAST, READ)
    yield Doubtful("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9) + _LAST)


def _sizes() -> Iterator[Doubtful]:
    yield _get("a long target", FIRST + b"?" + b"a" * 9000, statuses=(414,))
    yield _get("a long header", headers=b"Host: x\r\nX-Some: " + b"a" * 9000 + b"\r\n",
               statuses=(431,))  # fmt: skip
    many = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 4000) for number in range(10))
    yield _get("long headers", headers=b"Host: x\r\n" + many, statuses=(431,))
    many = b"".join(b"X-%d: a\r\n" % number for number in range(200))
    yield _get("many headers", headers=b"Host: x\r\n" + many, statuses=(431, 404))
