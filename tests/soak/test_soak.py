"""Mixed load for a long time, recycling off: memory, threads, descriptors and answers stay."""

import os
import random
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import machine
from benchmarks.memory import mixed
from ocr_server.cores import usable_cores
from tests import pictures
from tests.live.gunicorn_server import Server, serve, wait_until
from tests.live.load import Answer, ask, picture_request, together
from tests.scale import LONG, scaled

SECONDS = int(os.environ.get("OCR_SERVER_SOAK_SECONDS", scaled(20, 1800)))
RESULTS = Path(__file__).parent / "results.md"
DIFFERENT = 60


def varied() -> list[bytes]:
    """Return requests for the test pictures in many sizes."""
    originals = [pictures.read(name) for name in pictures.NAMES]
    return [picture_request(picture) for picture in mixed(originals, DIFFERENT)]


def looked_at(server: Server) -> tuple[float, int, int]:
    """Return MiB in memory, threads and descriptors of all workers together."""
    mib, threads, descriptors = 0.0, 0, 0
    for worker in server.workers:
        status = Path(f"/proc/{worker}/status").read_text()
        values = dict(line.split(":", 1) for line in status.splitlines())
        mib += int(values["VmRSS"].split()[0]) / 1024
        threads += int(values["Threads"])
        descriptors += len(list(Path(f"/proc/{worker}/fd").iterdir()))
    return mib, threads, descriptors


@pytest.mark.timeout(SECONDS + 300)
def test_nothing_grows_and_no_answer_changes(tmp_path: Path) -> None:
    requests = varied()
    expected: dict[int, bytes] = {}
    clients = 2 * usable_cores()
    looks: list[tuple[int, float, int, int]] = []
    count = 0

    async def client(server: Server, number: int, end: float) -> list[Answer]:
        nonlocal count
        chance = random.Random(number)
        while time.monotonic() < end:
            index = chance.randrange(len(requests))
            answer = await ask(server, requests[index])
            assert answer.status == 200
            body = answer.body.partition(b"\r\n\r\n")[2]
            assert body == expected.setdefault(index, body)
            count += 1
            if count % 20 == 0:
                looks.append((count, *looked_at(server)))
        return []

    with serve(tmp_path, max_worker_bytes=str(1 << 40)) as server:
        wait_until(lambda: len(server.workers) == usable_cores())
        workers = server.workers
        end = time.monotonic() + SECONDS
        together(*(client(server, number, end) for number in range(clients)))
        assert server.workers == workers
        looks += [(count + number, *looked_at(server)) for number in range(4)]
    half = looks[len(looks) // 2 :]
    counts, mibs, threads, descriptors = map(np.array, zip(*half, strict=True))
    slope = float(np.polyfit(counts / 1000, mibs / len(workers), 1)[0])
    report = (
        f"{machine.describe()}\n\n{count} requests in {SECONDS} s, {DIFFERENT} pictures of varied "
        f"sizes: no failure, no answer changed. In the second half a worker's memory grew by "
        f"{slope:.2f} MiB in 1000 requests ({min(mibs) / len(workers):.0f} - "
        f"{max(mibs) / len(workers):.0f} MiB); threads of all workers {min(threads)} - "
        f"{max(threads)}, descriptors {min(descriptors)} - {max(descriptors)}.\n"
    )
    print(report)
    if LONG:
        RESULTS.write_text(report, "utf-8")
        assert slope < 1
    assert max(threads) <= len(workers) * 40
    assert max(descriptors) - min(descriptors) < 20 * len(workers)
