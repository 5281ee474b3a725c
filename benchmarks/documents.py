"""A long PDF against the same pages sent one by one, and what others notice of it.

Run as `python -m benchmarks.documents`.
"""

import argparse
import io
import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2
import requests
from PIL import Image

from benchmarks import contenders, images, machine
from benchmarks.contenders import Contender
from benchmarks.servers import apply_load, percentile, spread
from ocr_server.cores import usable_cores
from tests import pictures

DPI = 200
ROUNDS = 4
PAGES_A_ROUND = 24
SHOWN = ("page_latin.png", "page_chinese.png", "page_many_lines.png")
CLIENTS = (1, 2, 4)  # that send pictures while the document is read
PICTURES_A_CLIENT = 30  # and round
RESULTS = Path(__file__).parent / "results" / "documents.md"


def sheet(number: int) -> Image.Image:
    """Return an A4 page at 150 dots an inch that shows two of the test pictures."""
    page = Image.new("RGB", (1240, 1754), "white")
    top = 60
    for index in (number, number + 1):
        with Image.open(pictures.FOLDER / SHOWN[index % len(SHOWN)]) as picture:
            shown = picture.convert("RGB")
        shown.thumbnail((1120, 840))
        page.paste(shown, (60, top))
        top += shown.height + 20
    return page


def make_pdf(pages: int) -> bytes:
    """Return a PDF of so many pages."""
    file = io.BytesIO()
    sheets = map(sheet, range(pages))
    next(sheets).save(file, "PDF", save_all=True, append_images=sheets, resolution=150, quality=85)
    return file.getvalue()


def rendered(pdf: bytes, pages: int) -> list[bytes]:
    """Return the first pages as pictures, as a client would send them one by one."""
    document = pypdfium2.PdfDocument(pdf)
    made = []
    for number in range(pages):
        file = io.BytesIO()
        document[number].render(scale=DPI / 72).to_pil().save(file, "PNG", compress_level=1)
        made.append(file.getvalue())
    return made


def read(url: str, pdf: bytes, pages: str = "") -> Iterator[float]:
    """Send a document; give the time at which each page's line has come."""
    query = {"format": "ndjson", "dpi": str(DPI), "pages": pages}
    headers = {"Content-Type": "application/pdf"}
    with requests.post(
        f"{url}/ocr/document", params=query, data=pdf, headers=headers, stream=True, timeout=600
    ) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            assert "lines" in json.loads(line), line
            yield time.perf_counter()


def throughput(server: Contender, pdf: bytes) -> str:
    """Compare pages a second, in turns."""
    singles = rendered(pdf, PAGES_A_ROUND)
    ratios, alone = [], []
    for number in range(-1, ROUNDS):
        one_by_one = apply_load(server.url, 2 * usable_cores(), singles).rate
        start = time.perf_counter()
        *_, end = read(server.url, pdf, f"1-{PAGES_A_ROUND}")
        if number >= 0:  # The first warms both.
            ratios.append(PAGES_A_ROUND / (end - start) / one_by_one)
            alone.append(one_by_one)
    return (
        f"{PAGES_A_ROUND} pages as a PDF to the same as single pictures at saturation "
        f"({statistics.median(alone):.2f} pages/s): {spread(ratios)}"
    )


@contextmanager
def memory_watched(server: Contender) -> Iterator[list[float]]:
    """Look at the memory of all processes now and then, in MiB."""
    seen: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.5):
            seen.append(server.memory_per_worker() * server.workers)

    watcher = threading.Thread(target=look)
    watcher.start()
    yield seen
    done.set()
    watcher.join()


def long_document(server: Contender, pdf: bytes, pages: int) -> list[str]:
    """Read all of it; tell when the first line came and what memory it took."""
    singles = rendered(pdf, PAGES_A_ROUND)
    latency = statistics.median(apply_load(server.url, 1, singles[:1] * 8).latencies)
    before = server.memory_per_worker() * server.workers
    rates = [apply_load(server.url, 2 * usable_cores(), singles).rate]
    with memory_watched(server) as seen:
        start = time.perf_counter()
        times = list(read(server.url, pdf))
    assert len(times) == pages
    took = times[-1] - start
    first = times[0] - start
    rates.append(apply_load(server.url, 2 * usable_cores(), singles).rate)
    return [
        f"{pages} pages in {took:.1f} s: {pages / took:.2f} pages/s, "
        f"{pages / took / statistics.mean(rates):.2f} of single pictures before and after",
        f"first line after {first:.2f} s: {first / latency:.2f} x a lone page's {latency:.2f} s",
        f"memory of all processes at most {max(seen):.0f} MiB; before {before:.0f} MiB",
    ]


@contextmanager
def being_read(server: Contender, pdf: bytes) -> Iterator[None]:
    """Have a document read in the background during the `with` block."""
    stop, began = threading.Event(), threading.Event()

    def keep_reading() -> None:
        for _ in read(server.url, pdf):
            began.set()
            if stop.is_set():
                return

    reader = threading.Thread(target=keep_reading)
    reader.start()
    began.wait()
    yield
    assert reader.is_alive(), "the document was read before the others were done"
    stop.set()
    reader.join()


def others(server: Contender, pdf: bytes, clients: int, sent: list[bytes]) -> str:
    """Compare what other clients see without and with a document being read, in turns."""
    count = PICTURES_A_CLIENT * clients
    these = (sent * count)[:count]
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(ROUNDS):
        alone += apply_load(server.url, clients, these).latencies
        with being_read(server, pdf):
            beside += apply_load(server.url, clients, these).latencies
    told = [
        f"p{share * 100:.0f} {percentile(alone, share):.2f} s, "
        f"x {percentile(beside, share) / percentile(alone, share):.2f}"
        for share in (0.5, 0.99)
    ]
    return f"others, {clients} at once: {'; '.join(told)}"


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, help="a folder with more pictures for the others")
    parser.add_argument("--pages", type=int, default=200)
    arguments = parser.parse_args()
    pdf = make_pdf(arguments.pages)
    sent = list(images.load(arguments.images).values())
    rows = []
    with contenders.ours(usable_cores()) as server:
        rows.append(throughput(server, pdf))
        print(rows[-1], flush=True)
        rows += long_document(server, pdf, arguments.pages)
        print(*rows[1:], sep="\n", flush=True)
        for clients in CLIENTS:
            rows.append(others(server, pdf, clients, sent))
            print(rows[-1], flush=True)
    report = f"{machine.describe()}\n\n" + "".join(f"- {row}\n" for row in rows)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(report, "utf-8")


if __name__ == "__main__":
    main()
