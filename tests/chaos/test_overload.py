"""More than the server can read, and clients that are slow on purpose."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from ocr_server.cores import usable_cores
from tests import pictures
from tests.chaos.conftest import Record
from tests.live.gunicorn_server import Server, serve
from tests.live.load import (
    Answer,
    ask,
    closed_loop,
    open_loop,
    percentile,
    picture_request,
    throughput,
    together,
    watch_health,
)
from tests.live.test_overload import connect
from tests.scale import LONG, scaled

PAGE = picture_request(pictures.read("page_latin.png"))
SECONDS = scaled(8, 60)


@pytest.mark.timeout(400)
def test_ten_times_what_can_be_read_is_read_as_fast_as_ever_and_the_rest_is_refused_at_once(
    tmp_path: Path, record: Record
) -> None:
    with serve(tmp_path) as server:
        together(closed_loop(server, [PAGE], 8, 3))  # warm
        (alone,) = together(closed_loop(server, [PAGE], 8, SECONDS / 2))
        capacity = throughput(alone)
        answers, health = together(
            open_loop(server, [PAGE], 10 * capacity, SECONDS), watch_health(server, SECONDS)
        )
        (after,) = together(closed_loop(server, [PAGE], 1, 1))
        (again,) = together(closed_loop(server, [PAGE], 8, SECONDS / 2))
    refusals = [answer for answer in answers if answer.status == 503]
    assert all(answer.status in (200, 503) for answer in answers)
    prompt = sum(answer.seconds < 0.1 for answer in refusals) / len(refusals)
    capacity = (capacity + throughput(again)) / 2
    goodput = throughput(answers) / capacity
    record(
        f"10 x capacity, open loop, {SECONDS} s",
        f"goodput {goodput:.2f} of capacity ({capacity:.1f}/s); {len(refusals)} refused, "
        f"{prompt:.1%} of them within 100 ms (p99 {percentile(refusals, 0.99) * 1000:.0f} ms); "
        f"/healthz p99 {percentile(health, 0.99) * 1000:.0f} ms, "
        f"{sum(answer.status != 200 for answer in health)} failed; the first answer after it "
        f"took {after[0].seconds:.2f} s",
    )
    assert goodput > 0.8
    assert prompt > (0.99 if LONG else 0.9)
    assert all(answer.status == 200 for answer in health)
    assert percentile(health, 0.99) < (0.05 if LONG else 0.2)
    assert after[0].status == 200
    assert after[0].seconds < 5


async def trickle(server: Server, seconds: float) -> list[Answer]:
    """Send a picture slowly, a piece each second, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        _, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
        try:
            size = len(PAGE) // 60
            for start in range(0, len(PAGE) // 2, size):
                if time.monotonic() >= end:
                    break
                writer.write(PAGE[start : start + size])
                await writer.drain()
                await asyncio.sleep(1)
        except OSError:
            pass
        finally:
            writer.close()
    return []


@pytest.mark.timeout(600)
def test_silent_and_slow_clients_hold_no_engine(tmp_path: Path, record: Record) -> None:
    silent_count, slow_count = scaled(200, 500), scaled(40, 100)
    clients = usable_cores()
    with serve(tmp_path) as server:
        together(closed_loop(server, [PAGE], clients, 3))
        workers = server.workers
        (before,) = together(closed_loop(server, [PAGE], clients, SECONDS))
        silent: list[socket.socket] = [connect(server) for _ in range(silent_count)]
        try:
            slow = [trickle(server, SECONDS) for _ in range(slow_count)]
            during, *_ = together(closed_loop(server, [PAGE], clients, SECONDS), *slow)
        finally:
            for connection in silent:
                connection.close()
        (after,) = together(closed_loop(server, [PAGE], clients, SECONDS))
        assert server.workers == workers
    normal = (percentile(before, 0.99) + percentile(after, 0.99)) / 2
    ratio = percentile(during, 0.99) / normal
    record(
        f"{silent_count} silent and {slow_count} slow connections, {SECONDS} s",
        f"p99 {ratio:.2f} of normal ({normal:.2f} s); "
        f"{sum(answer.status != 200 for answer in during)} failed; no worker ended",
    )
    assert all(answer.status == 200 for answer in [*before, *during, *after])
    assert ratio < (1.2 if LONG else 2)


@pytest.mark.timeout(200)
def test_all_that_was_accepted_is_answered_when_the_server_is_stopped(
    tmp_path: Path, record: Record
) -> None:
    async def ask_and_stop(server: Server) -> list[Answer]:
        waiting = 4 * usable_cores()
        asked = [asyncio.create_task(ask(server, PAGE)) for _ in range(waiting)]
        while True:  # until one is answered: by then all others are accepted
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
        server.process.terminate()
        return await asyncio.gather(*asked)

    with serve(tmp_path) as server:
        answers = asyncio.run(ask_and_stop(server))
    read = sum(answer.status == 200 for answer in answers)
    record("SIGTERM with a full queue", f"{read} of {len(answers)} accepted were answered")
    assert [answer.status for answer in answers] == [200] * len(answers)
