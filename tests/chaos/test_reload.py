"""Reloads and retirements under load."""

import asyncio
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from ocr_server.cores import usable_cores
from tests import pictures
from tests.chaos.conftest import Record
from tests.live.gunicorn_server import Server, serve, wait_until
from tests.live.load import Answer, closed_loop, open_loop, picture_request, throughput, together
from tests.scale import scaled

NAMES = ["page_latin.png", "small.png", "noisy.jpg", "blank.png"]
LOAD = [picture_request(pictures.read(name)) for name in NAMES]


def are_replaced(server: Server, old: set[int]) -> bool:
    return len(server.workers) == usable_cores() and not old & {*server.workers}


async def reload_again_and_again(server: Server, count: int) -> list[Answer]:
    for _ in range(count):
        await asyncio.sleep(1)
        old = set(server.workers)
        os.kill(server.process.pid, signal.SIGHUP)
        await asyncio.to_thread(
            wait_until,
            partial(are_replaced, server, old),
            60,
        )
    return []


@pytest.mark.timeout(600)
def test_reloads_under_load_lose_nothing(tmp_path: Path, record: Record) -> None:
    reloads = scaled(2, 20)
    with serve(tmp_path) as server:
        (alone,) = together(closed_loop(server, LOAD, 8, scaled(4, 10)))
        rate = 0.7 * throughput(alone)
        answers, _ = together(
            open_loop(server, LOAD, rate, reloads * 8), reload_again_and_again(server, reloads)
        )
    failed = sum(answer.status != 200 for answer in answers)
    record(f"{reloads} reloads at 70 % load", f"{failed} of {len(answers)} requests failed")
    assert failed == 0


@pytest.mark.timeout(300)
def test_a_reload_keeps_the_old_workers_until_new_ones_are_loaded(tmp_path: Path) -> None:
    with serve(tmp_path, ["-w", "1"]) as server:
        (old,) = server.workers
        os.kill(server.process.pid, signal.SIGHUP)
        wait_until(lambda: len(server.workers) == 2)
        wait_until(lambda: server.workers != [old] and old not in server.workers)
        (new,) = server.workers
        log = server.log.read_text()
        loaded = log.index(f"Engine loaded by worker {new}\n")
        assert loaded < log.index(f"Worker exiting (pid: {old})")


@pytest.mark.timeout(300)
def test_workers_retire_one_after_the_other_and_lose_nothing(
    tmp_path: Path, record: Record
) -> None:
    seconds = scaled(15, 60)
    count = max(2, usable_cores())
    alive: list[int] = []

    async def count_workers(server: Server) -> list[Answer]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            log = server.log.read_text()
            loaded = [worker for worker in server.workers if f"by worker {worker}\n" in log]
            leaving = [worker for worker in loaded if f"[{worker}] [INFO] Retires" in log]
            alive.append(len(loaded) - len(leaving))
            await asyncio.sleep(0.05)
        return []

    with serve(tmp_path, ["-w", str(count), "--max-requests", "10"]) as server:
        wait_until(lambda: server.log.read_text().count("Engine loaded by worker") == count)
        answers, _ = together(closed_loop(server, LOAD, 4, seconds), count_workers(server))
        retired = server.log.read_text().count("Retires after")
    failed = sum(answer.status != 200 for answer in answers)
    record(
        f"{retired} workers retired under load",
        f"{failed} of {len(answers)} requests failed; never fewer than {min(alive)} of {count} "
        "workers at work",
    )
    assert failed == 0
    assert retired >= 2
    assert min(alive) >= count - 1
