"""Clients that send at a pace of their own, over real sockets, in one thread and at little cost."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from benchmarks import servers

LOST = 0  # in place of a status: no answer, or half of one


class HasUrl(Protocol):
    """A running server."""

    @property
    def url(self) -> str:
        """Where it answers: http://host:port."""


@dataclass(frozen=True, slots=True)
class Answer:
    """status: of HTTP, or LOST. started: seconds, monotonic. seconds: until the whole answer."""

    status: int
    started: float
    seconds: float
    body: bytes

    @property
    def ended(self) -> float:
        return self.started + self.seconds


def picture_request(image: bytes, path: str = "/ocr") -> bytes:
    """Return the bytes of a request that sends a picture, on a connection of its own."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(image)}\r\n\r\n"
    )
    return head.encode() + image


HEALTH_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"


async def ask(server: HasUrl, request: bytes) -> Answer:
    """Send a request on a connection of its own; return what came back."""
    place = urlsplit(server.url)
    started = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            writer.write(request)
            answer = await reader.read()
        finally:
            writer.close()
    except OSError:
        answer = b""
    return Answer(_status(answer), started, time.monotonic() - started, answer)


def _status(answer: bytes) -> int:
    head, _, body = answer.partition(b"\r\n\r\n")
    whole = b"content-length: %d\r\n" % len(body) in head.lower() + b"\r\n"
    return int(head.split()[1]) if whole else LOST


async def open_loop(
    server: HasUrl, requests: Sequence[bytes], rate: float, seconds: float
) -> list[Answer]:
    """Send requests at a rate (a second), whether or not those before are answered."""
    start = time.monotonic()
    count = int(rate * seconds)
    running = []
    for index in range(count):
        await asyncio.sleep(start + index / rate - time.monotonic())
        running.append(asyncio.create_task(ask(server, requests[index % len(requests)])))
    return await asyncio.gather(*running)


async def closed_loop(
    server: HasUrl, requests: Sequence[bytes], clients: int, seconds: float
) -> list[Answer]:
    """Let so many clients send requests, each the next one when it has its answer."""
    end = time.monotonic() + seconds
    answers: list[Answer] = []

    async def send(client: int) -> None:
        index = client
        while time.monotonic() < end:
            answers.append(await ask(server, requests[index % len(requests)]))
            index += 1

    await asyncio.gather(*map(send, range(clients)))
    return answers


async def ask_all(server: HasUrl, requests: Sequence[bytes], clients: int) -> list[Answer]:
    """Let so many clients send these requests, each the next one when it has its answer."""
    todo = iter(requests)
    answers: list[Answer] = []

    async def send() -> None:
        for request in todo:
            answers.append(await ask(server, request))

    await asyncio.gather(*(send() for _ in range(clients)))
    return answers


async def watch_health(server: HasUrl, seconds: float, interval: float = 0.1) -> list[Answer]:
    """Ask for /healthz again and again."""
    return await open_loop(server, [HEALTH_REQUEST], 1 / interval, seconds)


def together(*loads: Coroutine[Any, Any, list[Answer]]) -> list[list[Answer]]:
    """Run loads at the same time; return the answers of each."""

    async def run() -> list[list[Answer]]:
        return await asyncio.gather(*loads)

    return asyncio.run(run())


def percentile(answers: Sequence[Answer], share: float) -> float:
    """Return within how many seconds this share of the answers came."""
    return servers.percentile([answer.seconds for answer in answers], share)


def throughput(answers: Sequence[Answer], status: int = 200) -> float:
    """Return how many answers of a status came in a second."""
    good = [answer for answer in answers if answer.status == status]
    if not good:
        return 0.0
    return len(good) / (max(a.ended for a in good) - min(a.started for a in answers))
