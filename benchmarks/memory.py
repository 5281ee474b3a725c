"""Memory of a worker, ours and the demo's, over hundreds of pictures of many sizes.

Run as `python -m benchmarks.memory`; prints both at the end and ours' growth over the last part.
"""

import argparse
import io
import random
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import contenders, images, machine
from benchmarks.servers import ask

RESULTS = Path(__file__).parent / "results" / "memory.md"


def mixed(pictures: list[bytes], count: int) -> list[bytes]:
    """Return so many pictures, each scaled by something between a half and one and a half."""
    chance = random.Random(0)
    made = []
    for _ in range(count):
        with Image.open(io.BytesIO(chance.choice(pictures))) as image:
            scale = chance.uniform(0.5, 1.5)
            size = max(1, int(image.width * scale)), max(1, int(image.height * scale))
            file = io.BytesIO()
            image.convert("RGB").resize(size).save(file, "PNG")
            made.append(file.getvalue())
    return made


def main() -> None:
    """Send the same pictures to both, one after the other, and tell what memory they hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="a folder with more pictures")
    parser.add_argument("--count", type=int, default=500)
    arguments = parser.parse_args()
    pictures = mixed(list(images.load(arguments.images).values()), arguments.count)
    rows = ["| server, one worker | MiB (PSS) after 200 | at the end | growth since, MiB per 100 |"]
    rows.append("|---|---|---|---|")
    with ExitStack() as running:
        for server in (
            running.enter_context(contenders.ours(1)),
            running.enter_context(contenders.peer("rapidocr_api 0.1.5", 1)),
        ):
            held = []
            for number, picture in enumerate(pictures, 1):
                ask(server.url, picture)
                held.append((number, server.memory_per_worker()))
            late = held[200:]
            growth = float(np.polyfit(*zip(*late, strict=True), 1)[0]) * 100
            rows.append(
                f"| {server.name} | {held[199][1]:.0f} | {held[-1][1]:.0f} | {growth:.2f} |"
            )
            print(rows[-1], flush=True)
    report = f"{machine.describe()}; {len(pictures)} pictures\n\n" + "\n".join(rows) + "\n"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(report, "utf-8")
    print(report)


if __name__ == "__main__":
    main()
