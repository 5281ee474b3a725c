"""A picture -> a page: slot, pixels, engine. Knows no HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocr_server.decoder import Pixels
from ocr_server.elastic import OneCore
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.slots import Slots
from ocr_server.stopwatch import Stopwatch
from ocr_server.watchdog import Watchdog

if TYPE_CHECKING:
    from ocr_server.engine import Engine


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be read: BGR, shape (height, width, 3); its dots an inch if it was rendered."""

    pixels: Pixels
    dpi: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """How a picture is to be read.

    wait: the longest wait for a slot in seconds; None is for work that was admitted before.
    stopwatch: is told how long each stage took.
    check: is called when the slot is there; what it raises ends the work.
    """

    options: Options
    wait: float | None
    stopwatch: Stopwatch
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Reading:
    """A picture that was read, as a page, the first."""

    page: Page
    picture: Picture


@dataclass(frozen=True, slots=True)
class Reader:
    """What it takes to read pictures in this process; any number of threads may use it."""

    engine: "Engine"
    slots: Slots
    cores: OneCore
    watchdog: Watchdog

    @contextmanager
    def read(self, load: Callable[[], Picture], work: Work) -> Iterator[Reading]:
        """Read a picture and hold a slot until the end of the `with` block.

        Loading counts as work too: inside the slot it neither competes with inferences nor piles
        up pictures of requests that still wait. Raises ServerBusy and what `load` and `work.check`
        raise.
        """
        with ExitStack() as held:
            with work.stopwatch.time("queue"):
                slot = held.enter_context(self.slots.hold(work.wait, admitted=work.wait is None))
            work.check()
            held.enter_context(self.watchdog.watch())
            with work.stopwatch.time("decode"):
                picture = load()
            pixels = picture.pixels
            lines = self.engine.recognize(
                pixels, work.options, self.cores, work.stopwatch, slot.lent
            )
            height, width = pixels.shape[:2]
            yield Reading(Page(1, width, height, tuple(lines), picture.dpi), picture)
