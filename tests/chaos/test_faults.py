"""Workers that die, stop or hang under load, and a disk that is full."""

import bisect
import os
import random
import resource
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ocr_server.cores import usable_cores
from tests import pictures
from tests.chaos.conftest import Record
from tests.live.gunicorn_server import Server, processor_ticks, serve, wait_until
from tests.live.load import ask_all, closed_loop, picture_request, throughput, together
from tests.scale import LONG, scaled

NAMES = ["page_latin.png", "small.png", "noisy.jpg", "blank.png"]
LOAD = [picture_request(pictures.read(name)) for name in NAMES]
LONG_READ = picture_request(pictures.read("tall.png"))
LIGHT = pictures.read("small.png")
CLIENTS = 2 * usable_cores()


def capacity(server: Server, seconds: float) -> float:
    (answers,) = together(closed_loop(server, LOAD, CLIENTS, seconds))
    assert all(answer.status == 200 for answer in answers)
    return throughput(answers)


def until_replaced(server: Server, worker: int, count: int) -> float:
    """Return after how many seconds a worker is gone and all workers, as many as before, answer."""
    start = time.monotonic()
    wait_until(lambda: worker not in server.workers and len(server.workers) == count, 60)
    new = max(server.workers)
    log = server.log
    wait_until(lambda: f"Engine loaded by worker {new}\n" in log.read_text(), 60)
    return time.monotonic() - start


@pytest.mark.timeout(900)
def test_a_worker_killed_in_mid_request_costs_that_request_alone(
    tmp_path: Path, record: Record
) -> None:
    kills = scaled(3, 50)
    failed, times = [], []

    def at_work(server: Server, before: dict[int, int]) -> int | None:
        busy = [worker for worker in before if processor_ticks(worker) > before[worker] + 5]
        return busy[0] if busy else None

    with serve(tmp_path) as server, ThreadPoolExecutor(1) as client:
        count = usable_cores()
        for kill in range(kills):
            wait_until(lambda: server.log.read_text().count("Engine loaded") == count + kill)  # noqa: B023
            before = {worker: processor_ticks(worker) for worker in server.workers}
            asked = client.submit(together, ask_all(server, [LONG_READ], 1))
            wait_until(lambda: at_work(server, before) is not None)  # noqa: B023
            worker = at_work(server, before)
            assert worker is not None
            os.kill(worker, signal.SIGKILL)
            ((answer,),) = asked.result()
            failed.append(int(answer.status != 200))
            assert server.post(LIGHT).ok
            times.append(until_replaced(server, worker, count))
        restored = server.log.read_text().count("restored")
    record(
        f"kill -9 of a worker in mid-request x {kills}",
        f"{sum(failed)} requests failed, none besides; {restored} slots restored; replaced and "
        f"loaded after {max(times):.1f} s at most",
    )
    assert max(failed) <= 1
    assert restored >= kills


@pytest.mark.timeout(900)
def test_a_killed_worker_costs_its_own_requests_and_no_slot(tmp_path: Path, record: Record) -> None:
    kills = scaled(4, 50)
    chance = random.Random(0)
    with serve(tmp_path) as server:
        count = usable_cores()
        wait_until(lambda: len(server.workers) == count)
        before = capacity(server, scaled(4, 20))
        times, moments = [], []
        with ThreadPoolExecutor(1) as load:
            loaded = load.submit(together, closed_loop(server, LOAD, CLIENTS, kills * scaled(4, 4)))
            for _ in range(kills):
                time.sleep(chance.uniform(0.1, 0.9))  # at any moment of a request
                worker = chance.choice(server.workers)
                moments.append(time.monotonic())
                os.kill(worker, signal.SIGKILL)
                times.append(until_replaced(server, worker, count))
            (answers,) = loaded.result()
        after = capacity(server, scaled(4, 20))
    ends = [answer.ended for answer in answers if answer.status != 200]
    costs = Counter(bisect.bisect(moments, end) for end in ends)
    failed = len(ends)
    record(
        f"kill -9 of a worker x {kills}, {CLIENTS} clients",
        f"{failed} of {len(answers)} requests failed, {failed / kills:.2f} a kill, at most "
        f"{max(costs.values(), default=0)}; replaced and "
        f"loaded after {max(times):.1f} s at most; throughput afterwards {after / before:.2f} of "
        "that before",
    )
    # What a worker has accepted dies with it: the request at work, and those that wait in it.
    assert max(costs.values(), default=0) <= CLIENTS
    # On average a worker has its share of the clients; the mean of 50 kills stays near to that.
    assert failed <= kills * (1.25 * CLIENTS / count if LONG else CLIENTS)
    assert after > 0.75 * before


@pytest.mark.timeout(300)
def test_a_worker_that_is_stopped_is_replaced_within_its_limit(
    tmp_path: Path, record: Record
) -> None:
    limit = 5
    with serve(tmp_path, ["--timeout", str(limit)]) as server:
        count = usable_cores()
        wait_until(lambda: len(server.workers) == count)
        times = []
        for _ in range(scaled(1, 5)):
            worker = server.workers[0]
            os.kill(worker, signal.SIGSTOP)
            times.append(until_replaced(server, worker, count))
        capacity(server, 2)
    record(
        f"SIGSTOP of a worker, limit {limit} s x {len(times)}",
        f"replaced and loaded after {max(times):.1f} s at most",
    )
    assert max(times) < limit + scaled(6, 4)


@pytest.mark.timeout(300)
def test_a_full_disk_stops_nothing(tmp_path: Path, record: Record) -> None:
    with serve(tmp_path, cache_dir=str(tmp_path / "cache")) as server:
        count = usable_cores()
        wait_until(lambda: len(server.workers) == count)
        before = {name: server.post(pictures.read(name)).content for name in NAMES}
        # No process of the server can make any file longer: neither its log nor its cache.
        for process in [server.process.pid, *server.workers]:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        (killed, *_) = server.workers
        (tmp_path / "cache").rename(tmp_path / "gone")
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: killed not in server.workers and len(server.workers) == count)
        for _ in range(4):
            for name in NAMES:
                assert server.post(pictures.read(name)).content == before[name]
        (answers,) = together(closed_loop(server, LOAD, CLIENTS, scaled(3, 20)))
    failed = sum(answer.status != 200 for answer in answers)
    record("no byte can be written to the disk", f"{failed} of {len(answers)} requests failed")
    assert failed == 0
