"""What HTTP costs: the server at saturation against the same engines in bare loops.

Run as `python -m benchmarks.overhead`; the two take turns. One bare process a core.
"""

import argparse
import random
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import contenders, images
from ocr_server import allocator
from ocr_server.cores import usable_cores
from ocr_server.decoder import decode, read_header
from ocr_server.engine import Engine
from ocr_server.options import Options
from ocr_server.settings import Settings
from tests.live.load import ask_all, picture_request, together

ROUNDS = 5


def loop(pictures: list[bytes]) -> None:
    """Read all pictures each time a line comes on standard input, and say so."""
    engine = Engine.loaded(Settings(elastic=False))
    print("ready", flush=True)
    for seed in sys.stdin:
        for picture in random.Random(int(seed)).sample(pictures, len(pictures)):
            engine.recognize(decode(picture, read_header(picture, 10**8)), Options())
        print("done", flush=True)


def bare_rate(processes: list["subprocess.Popen[str]"], seed: int, count: int) -> float:
    """Return the pictures a second that all processes together read."""
    start = time.perf_counter()
    for number, process in enumerate(processes):
        assert process.stdin
        process.stdin.write(f"{seed + number}\n")
        process.stdin.flush()
    for process in processes:
        assert process.stdout
        process.stdout.readline()
    return count * len(processes) / (time.perf_counter() - start)


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="a folder with more pictures")
    parser.add_argument("--loop", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    pictures = list(images.load(arguments.images).values())
    if arguments.loop:
        loop(pictures)
        return
    cores = usable_cores()
    command = [sys.executable, "-m", "benchmarks.overhead", "--loop", *sys.argv[1:]]
    environment = allocator.with_tunables(allocator.missing_tunables())
    with ExitStack() as running:
        server = running.enter_context(contenders.ours(cores))
        bare = [
            running.enter_context(
                subprocess.Popen(
                    command,
                    env=environment,
                    text=True,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            for _ in range(cores)
        ]
        for process in bare:
            assert process.stdout
            process.stdout.readline()
        ratios = []
        for number in range(-1, ROUNDS):
            alone = bare_rate(bare, number, len(pictures))
            many = [
                picture_request(picture)
                for seed in range(cores)
                for picture in random.Random(number + seed).sample(pictures, len(pictures))
            ]
            start = time.perf_counter()
            # Not with `requests`, which takes as long for a request as the server does.
            (answers,) = together(ask_all(server, many, 2 * cores))
            served = len(many) / (time.perf_counter() - start)
            assert all(answer.status == 200 for answer in answers)
            if number >= 0:  # The first warms both.
                ratios.append(served / alone)
                print(f"{alone:.2f} -> {served:.2f} pictures/s: {ratios[-1]:.3f}", flush=True)
        print(f"median {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
