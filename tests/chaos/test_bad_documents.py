"""Bad documents get their error, or errors in place of pages, within the limits that are set."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.chaos.bad_animations import bad_animations
from tests.chaos.bad_document import READ, BadDocument
from tests.chaos.bad_pdf_contents import bad_pdf_contents
from tests.chaos.bad_pdfs import bad_pdfs
from tests.chaos.conftest import Record
from tests.chaos.test_bad_inputs import peak_mib
from tests.fuzz.replies import check
from tests.live.gunicorn_server import Server, serve
from tests.scale import scaled

RENDER_SECONDS = scaled(3, 20)  # the default is 20
RENDER_MIB = 1024
# Opening and rendering, each within its limit; and starting processes on a busy machine.
MOST_SECONDS = 2 * RENDER_SECONDS + 24
MOST_WORKER_MIB = 2048  # past which it would be replaced


class Family:
    """The most memory (MiB) that any process took which a worker started."""

    def __init__(self, worker: int) -> None:
        self.peak = 0
        self._worker = Path(f"/proc/{worker}/task")
        self._end = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch for the length of a `with` block."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def children(self) -> list[int]:
        """The processes that the worker started and that are there now."""
        found: list[int] = []
        for thread in list(self._worker.iterdir()):
            with suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
        return found

    def _watch(self) -> None:
        while not self._end.wait(0.02):
            for child in self.children():
                # Between fork and exec it is the worker itself.
                with suppress(OSError, ValueError):
                    if b"-c" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[:3]:
                        self.peak = max(self.peak, peak_mib(child))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one worker, so that its memory is that of one."""
    limits = {"max_render_seconds": str(RENDER_SECONDS)}
    with serve(tmp_path_factory.mktemp("server"), ["-w", "1"], **limits) as running:
        yield running


def outcomes(server: Server, bad: BadDocument) -> set[str]:
    """Send a document; return what became of it and its pages."""
    url = f"{server.url}/ocr/document{bad.query}"
    headers = {"Content-Type": "application/octet-stream", "Accept": "application/x-ndjson"}
    response = requests.post(url, data=bad.body, headers=headers, timeout=10 * MOST_SECONDS)
    code = check(response.status_code, str(response.headers), response.text)
    if code:
        return {code}
    pages = [json.loads(line) for line in response.text.splitlines()]
    assert [page["remaining"] for page in pages] == list(reversed(range(len(pages))))
    return {page["error"]["code"] if "error" in page else READ for page in pages}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("PDFs of wrong structure", bad_pdfs),
        ("PDFs that take endless time or memory", bad_pdf_contents),
        ("TIFFs and animations", bad_animations),
    ],
)
def test_every_bad_document_gets_its_error_in_time(
    alone: Server, record: Record, kind: str, make: Callable[[], Iterator[BadDocument]]
) -> None:
    (worker,) = alone.workers
    family = Family(worker)
    wrong, slow, times = [], [], []
    with family.watched():
        for bad in make():
            start = time.monotonic()
            seen = outcomes(alone, bad)
            times.append(time.monotonic() - start)
            print(f"{bad.name}: {sorted(seen)}, {times[-1]:.2f} s", flush=True)
            if not seen <= {*bad.wanted}:
                wrong.append((bad.name, bad.wanted, seen))
            if times[-1] > MOST_SECONDS:
                slow.append((bad.name, times[-1]))
        assert family.children() == []
    peak = peak_mib(worker)
    record(
        f"{len(times)} bad documents made by hand: {kind}",
        f"{len(wrong)} with another answer than the right one; slowest {max(times):.1f} s of "
        f"{MOST_SECONDS} s allowed; memory of the worker at most {peak} MiB, of the process that "
        f"renders {family.peak} MiB of {RENDER_MIB} allowed",
    )
    assert not wrong
    assert not slow
    assert alone.workers == [worker]
    assert family.peak <= RENDER_MIB
    assert peak < MOST_WORKER_MIB
    assert alone.post(pictures.read("small.png")).ok
