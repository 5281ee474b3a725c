"""A picture's bytes -> a page: header, slot, pixels, engine. Knows no HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocr_server.decoder import Pixels, decode, read_header
from ocr_server.elastic import OneCore
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.record import Record
from ocr_server.settings import Settings
from ocr_server.slots import Slots
from ocr_server.watchdog import Watchdog

if TYPE_CHECKING:
    from ocr_server.engine import Engine


@dataclass(frozen=True, slots=True)
class Reading:
    """A page that was read, and its pixels, BGR, shape (height, width, 3)."""

    page: Page
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Reader:
    """What it takes to read pictures in this process; any number of threads may use it."""

    settings: Settings
    engine: "Engine"
    slots: Slots
    cores: OneCore
    watchdog: Watchdog

    @contextmanager
    def read(
        self,
        image: bytes,
        options: Options,
        wait: float | None,
        told: Record,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[Reading]:
        """Read a picture and hold a slot until the end of the `with` block.

        `wait` is the longest wait for the slot in seconds. `told` is told of the work. `check`
        is called when the slot is there; what it raises ends the work.
        Raises InvalidImage, UnsupportedFormat, ImageTooLarge, ServerBusy.
        """
        told.image_bytes += len(image)
        header = read_header(image, self.settings.max_image_pixels)
        told.image_pixels += header.width * header.height
        with ExitStack() as held:
            with told.stopwatch.time("queue"):
                slot = held.enter_context(self.slots.hold(wait))
            check()
            held.enter_context(self.watchdog.watch())
            # Decoding counts as work too: inside the slot it neither competes with inferences nor
            # piles up decoded pictures of requests that still wait.
            with told.stopwatch.time("decode"):
                pixels = decode(image, header)
            lines = self.engine.recognize(pixels, options, self.cores, told.stopwatch, slot.lent)
            told.text_lines += len(lines)
            yield Reading(Page(1, header.width, header.height, tuple(lines)), pixels)
