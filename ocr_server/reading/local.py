"""Reads files in this process, on all usable cores."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from ocr_server.options import Options
from ocr_server.reader import Reader
from ocr_server.reading.progress import Progress
from ocr_server.reading.sources import Source
from ocr_server.reading.work import Piece
from ocr_server.record import Record
from ocr_server.serializer import indexed_dict, to_json
from ocr_server.settings import Settings

# Who waits too long can end it by hand; a limit would take the other files down with one.
_INFERENCE_SECONDS = 7 * 86400.0


def load(settings: Settings, jobs: int) -> Reader:
    """Load the models. `jobs` threads may use the reader at once."""
    # OpenCV's own limit; read when it is loaded.
    os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(settings.max_image_pixels)
    from ocr_server.elastic import ElasticCores, OneCore
    from ocr_server.engine import Engine
    from ocr_server.slots import Slots
    from ocr_server.watchdog import Watchdog

    slots = Slots(settings.slots, max_waiting=jobs)
    cores = ElasticCores(slots) if settings.elastic else OneCore()
    return Reader(settings, Engine(settings), slots, cores, Watchdog(_INFERENCE_SECONDS))


@dataclass(frozen=True, slots=True)
class Local:
    """Reads with the engine of this process."""

    reader: Reader
    options: Options
    progress: Progress

    def read(self, source: Source) -> Iterator[Piece]:
        """Return the pieces of a file's answer. Raises OcrServerError, OSError."""
        data = source.read()
        with self.progress.file():
            with self.reader.read(data, self.options, None, Record()) as reading:
                page = reading.page
            yield to_json(indexed_dict(page.lines))
