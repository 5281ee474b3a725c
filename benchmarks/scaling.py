"""How throughput grows from one client on one worker to two clients on two workers.

Run as `python -m benchmarks.scaling`; the two servers take turns, so that a machine whose speed
drifts slows both alike. Prints each round's ratio and the median.
"""

import statistics
import tempfile
import threading
import time
from pathlib import Path

import requests

from tests import pictures
from tests.live.gunicorn_server import serve

NAMES = ["page_latin.png", "rotated.jpg", "one_bit.png", "light_on_dark.png"]
ROUNDS = 5
ROUND_SECONDS = 8.0


def requests_per_second(url: str, clients: int) -> float:
    """Send pictures in closed loop, each client its next when it has its answer."""
    images = [pictures.read(name) for name in NAMES]
    end = time.monotonic() + ROUND_SECONDS
    rates: list[float] = []

    def client(first: int) -> None:
        session = requests.Session()
        start, answered = time.monotonic(), 0
        while time.monotonic() < end:
            image = images[(first + answered) % len(images)]
            session.post(f"{url}/ocr", files={"image_file": ("1.png", image)}).raise_for_status()
            answered += 1
        rates.append(answered / (time.monotonic() - start))

    threads = [threading.Thread(target=client, args=(first,)) for first in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rates)


def main() -> None:
    """Measure in turns and print."""
    with (
        tempfile.TemporaryDirectory() as one_folder,
        tempfile.TemporaryDirectory() as two_folder,
        serve(Path(one_folder), ["-w", "1"], slots="1") as one,
        serve(Path(two_folder), ["-w", "2"], slots="2") as two,
    ):
        requests_per_second(two.url, 2)
        requests_per_second(one.url, 1)
        ratios = []
        for _ in range(ROUNDS):
            alone = requests_per_second(one.url, 1)
            together = requests_per_second(two.url, 2)
            ratios.append(together / alone)
            print(f"{alone:.2f} requests/s -> {together:.2f} requests/s: {ratios[-1]:.2f} x")
        print(f"median {statistics.median(ratios):.2f} x")


if __name__ == "__main__":
    main()
