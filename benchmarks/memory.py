"""Memory of a worker over hundreds of pictures of many sizes, ours and the demo's.

Run as `python -m benchmarks.memory`.
"""

import argparse
import io
import random
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import contenders, images, machine
from benchmarks.servers import apply_load
from ocr_server.cores import usable_cores

CLIENTS = 4
STEP = 20  # pictures between two looks at the memory
SETTLED = 200  # pictures after which memory should no longer grow
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
    after = f"after {SETTLED + STEP}"
    rows = [
        f"| MiB a worker (PSS) | {after} | at the end | least - most | growth in 100 |",
        "|---|---|---|---|---|",
    ]
    with ExitStack() as running:
        for server in (
            running.enter_context(contenders.ours(usable_cores())),
            running.enter_context(contenders.peer("rapidocr_api 0.1.5", 1)),
        ):
            held = []
            for start in range(0, len(pictures), STEP):
                apply_load(server.url, CLIENTS, pictures[start : start + STEP])
                held.append(server.memory_per_worker())
            settled = held[SETTLED // STEP :]
            growth = float(np.polyfit(np.arange(len(settled)) * STEP / 100, settled, 1)[0])
            rows.append(
                f"| {server.name} | {settled[0]:.0f} | {held[-1]:.0f} | "
                f"{min(settled):.0f} - {max(settled):.0f} | {growth:.1f} |"
            )
            print(rows[-1], flush=True)
    load = f"{len(pictures)} pictures, {CLIENTS} clients; all workers together"
    report = f"{machine.describe()}; {load}\n\n" + "\n".join(rows) + "\n"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(report, "utf-8")
    print(report)


if __name__ == "__main__":
    main()
