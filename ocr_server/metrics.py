"""What Prometheus is told: counters, histograms and gauges of all workers together.

Each worker counts in files that all of them read (prometheus_client's multiprocess mode). The files
bear a worker's number and not its process id: who takes a dead worker's place counts on in its
files, so nothing is lost and their number stays small.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ocr_server.record import Record
from ocr_server.slots import Slots

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST

# prometheus_client's own name for where the files are.
_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_GAUGES = ("gauge_livesum", "gauge_liveall")
_FILES = ("counter", "histogram", *_GAUGES)
_FILE_BYTES = 64 * 1024
_PREFIX = "ocr_server-metrics-"
_LOCK = "lock"
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made there is for this user alone
_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 120)


class Metrics:
    """The metrics of a worker's application."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self._requests = Counter(
            "ocr_server_requests",
            "Requests answered.",
            ["route", "status", "code"],
            registry=own,
        )
        self._request_seconds = Histogram(
            "ocr_server_request_seconds",
            "Time from a request's head to its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=own,
        )
        self._stage_seconds = Histogram(
            "ocr_server_stage_seconds",
            "Time that the stages of a request took.",
            ["stage"],
            buckets=_SECONDS,
            registry=own,
        )
        self._text_lines = Counter("ocr_server_text_lines", "Text lines found.", registry=own)
        self._image_bytes = Counter(
            "ocr_server_image_bytes", "Bytes of the pictures received.", registry=own
        )
        self._image_pixels = Counter(
            "ocr_server_image_pixels", "Pixels of the pictures received.", registry=own
        )
        self._pages = Counter(
            "ocr_server_pages", "Pages read: pictures, and pages of documents.", registry=own
        )
        self._starts = Counter(
            "ocr_server_worker_starts", "Workers that loaded their engine.", registry=own
        )
        self._in_flight = Gauge(
            "ocr_server_requests_in_flight",
            "Requests being answered.",
            multiprocess_mode="livesum",
            registry=own,
        )
        self._resident = Gauge(
            "ocr_server_worker_resident_bytes",
            "Memory that a worker holds.",
            multiprocess_mode="liveall",
            registry=own,
        )

        for route in (
            "/ocr",
            "/ocr/document",
            "none",
        ):  # From nothing to one is no increase for Prometheus.
            for status, code in ((500, "internal_error"), (503, "server_busy")):
                self._requests.labels(route, str(status), code)

    def begin(self) -> None:
        """Count a request in."""
        self._in_flight.inc()

    def refuse(self, status: int, record: Record) -> None:
        """Count a request that could not even be parsed."""
        self._requests.labels("none", str(status), record.code).inc()

    def answer(self, route: str, status: int, record: Record, seconds: float) -> None:
        """Count what is known of a request that was answered."""
        self._requests.labels(route, str(status), record.code).inc()
        self._request_seconds.labels(route).observe(seconds)
        for stage, spent in record.stopwatch.seconds.items():
            self._stage_seconds.labels(stage).observe(spent)
        self._text_lines.inc(record.text_lines)
        self._pages.inc(record.pages)
        self._image_bytes.inc(record.image_bytes)
        self._image_pixels.inc(record.image_pixels)

    def end(self) -> None:
        """Count a request out."""
        self._in_flight.dec()

    def started(self) -> None:
        """Count a worker that is ready."""
        self._starts.inc()

    def resident(self, size: int) -> None:
        """Note how much memory this worker holds, in bytes."""
        self._resident.set(size)

    def text(self, slots: Slots) -> bytes:
        """Return the metrics of all workers and the slots in Prometheus' text format."""
        registry = CollectorRegistry()
        folder = os.environ.get(_FOLDER_VARIABLE)
        if folder:
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        else:
            registry.register(self._registry)
        registry.register(_SlotsCollector(slots))
        return prometheus_client.generate_latest(registry)


class _SlotsCollector(Collector):
    """The slots themselves know how they are used, on the whole machine."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def collect(self) -> Iterator[Metric]:
        slots = self._slots
        in_use = slots.count - slots.free
        for name, meaning, value in (
            ("slots", "Inferences that may run at once.", slots.count),
            ("slots_in_use", "Slots that a request holds.", in_use),
            ("requests_waiting", "Requests waiting for a slot.", slots.waiting),
        ):
            yield GaugeMetricFamily(f"ocr_server_{name}", meaning, value)


def make_folder(user: int, group: int) -> Path:
    """Make the folder in which workers of a user count, in memory if the system has a place for it.

    Removes what servers left behind that were killed.
    """
    place = _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            descriptor = _lock(left)
            if descriptor is not None:
                remove_folder(left)
                os.close(descriptor)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    os.chown(folder, user, group)
    (folder / _LOCK).touch()
    _lock(folder)  # Held until this process and all its workers are gone.
    return folder


def remove_folder(folder: Path) -> None:
    """Remove the folder when the server ends."""
    shutil.rmtree(folder, ignore_errors=True)


def join(folder: Path, number: int) -> bool:
    """Let this process count as the worker of that number; call it before metrics are made.

    Returns False if there is no room for it; then the process counts for itself.
    """
    os.environ.pop(_FOLDER_VARIABLE, None)
    values.ValueClass = values.MutexValue
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in _FILES:
            _provide(folder / f"{name}_{number}.db")
    except OSError:
        return False
    os.environ[_FOLDER_VARIABLE] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]
    return True


def leave(folder: Path, number: int) -> None:
    """Take back what a dead worker's gauges said; its counters stay, for its successor."""
    for name in _GAUGES:
        # Written over, not removed: a successor might find no room for another file.
        with suppress(OSError), (folder / f"{name}_{number}.db").open("r+b") as file:
            file.write(bytes(_FILE_BYTES))


def _provide(path: Path) -> None:
    """Make a file of zeros, in full: where no room is left, a worker would die of a bus error."""
    if path.exists():
        return
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(bytes(_FILE_BYTES))
    unfinished.replace(path)


def _lock(folder: Path) -> int | None:
    """Lock a folder for as long as this process and its children live; None if others have it."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
