"""Ours against the demo servers over real sockets, in turns in one run: `make bench`."""

import argparse
import math
import random
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

import requests

from benchmarks import contenders, images, machine
from benchmarks.contenders import Contender
from ocr_server.cores import usable_cores

RESULTS = Path(__file__).parent / "results" / "servers.md"


@dataclass
class Load:
    """What clients in closed loop saw of one server."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Pictures read a second; a failed request is none."""
        return (len(self.latencies) - self.failures) / self.seconds


def ask(url: str, picture: bytes) -> bool:
    """Send a picture as the demo's users do, over a connection of its own; return success."""
    # Kept connections would be unfair: the demo, busy reading one picture, resets those on which
    # another request has come.
    files = {"image_file": ("1.png", picture)}
    try:
        return requests.post(f"{url}/ocr", files=files, timeout=600).ok
    except requests.ConnectionError:
        return False


def apply_load(url: str, clients: int, pictures: Sequence[bytes]) -> Load:
    """Send pictures from so many clients, each its next when it has its answer."""
    todo: SimpleQueue[bytes] = SimpleQueue()
    for picture in pictures:
        todo.put(picture)
    load = Load()

    def client() -> None:
        while True:
            try:
                picture = todo.get_nowait()
            except Empty:
                return
            start = time.perf_counter()
            answered = ask(url, picture)
            load.latencies.append(time.perf_counter() - start)
            load.failures += not answered

    threads = [threading.Thread(target=client) for _ in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.perf_counter() - start
    return load


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of all does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def spread(values: Sequence[float]) -> str:
    """Return the median and, behind it, smallest and largest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} - {max(values):.2f})"


def table(clients: int, servers: Sequence[Contender], loads: dict[str, list[Load]]) -> str:
    """Return a Markdown table of one number of clients; ratios are ours to theirs, each round."""
    rows = [
        f"| {clients} client{'s' if clients > 1 else ''} | pictures/s | p50 s | p99 s | failed | "
        "throughput, ours to theirs | p50, ours to theirs | p99, ours to theirs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    mine = loads[servers[0].name]
    for server in servers:
        theirs = loads[server.name]
        latencies = [latency for load in theirs for latency in load.latencies]
        pairs = list(zip(mine, theirs, strict=True))
        ratios = [
            [one.rate / other.rate for one, other in pairs],
            *(
                [
                    percentile(one.latencies, share) / percentile(other.latencies, share)
                    for one, other in pairs
                ]
                for share in (0.5, 0.99)
            ),
        ]
        cells = [
            server.name,
            f"{statistics.median(load.rate for load in theirs):.2f}",
            f"{percentile(latencies, 0.5):.2f}",
            f"{percentile(latencies, 0.99):.2f}",
            str(sum(load.failures for load in theirs)),
            *(spread(ratio) if server is not servers[0] else "" for ratio in ratios),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def memory(servers: Sequence[Contender]) -> str:
    """Return a Markdown table of memory at the end."""
    rows = ["| after all of that | MiB a worker (PSS) |", "|---|---|"]
    rows += [f"| {server.name} | {server.memory_per_worker():.0f} |" for server in servers]
    return "\n".join(rows) + "\n"


def measure(servers: Sequence[Contender], pictures: list[bytes], rounds: int) -> str:
    """Return the tables of all numbers of clients."""
    tables = []
    for server in servers:
        apply_load(server.url, 2, pictures)  # Warm; not counted.
    for clients in (1, 2, 4, 8):
        loads: dict[str, list[Load]] = defaultdict(list)
        for number in range(rounds):
            shuffled = random.Random(number).sample(pictures, len(pictures))
            for server in servers:
                loads[server.name].append(apply_load(server.url, clients, shuffled))
        tables.append(table(clients, servers, loads))
        print(tables[-1], flush=True)
    tables.append(memory(servers))
    print(tables[-1])
    return "\n".join(tables)


def main() -> None:
    """Start all servers, measure them in turns, print and save the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="a folder with more pictures")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    pictures = list(images.load(arguments.images).values())
    cores = usable_cores()
    with ExitStack() as running:
        servers = [running.enter_context(contenders.ours(cores))]
        for name in contenders.PEERS:
            for workers in sorted({1, cores}):
                servers.append(running.enter_context(contenders.peer(name, workers)))
        tables = measure(servers, pictures, arguments.rounds)
    head = f"{machine.describe()}; {len(pictures)} pictures, {arguments.rounds} rounds in turns\n\n"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(head + tables, "utf-8")


if __name__ == "__main__":
    main()
