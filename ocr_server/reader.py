"""A picture -> a page: slot, pixels, engine. Knows no HTTP."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ocr_server.decoder import Pixels
from ocr_server.elastic import OneCore, PoliteCores
from ocr_server.options import Options
from ocr_server.page import Page
from ocr_server.slots import Hold, Slots
from ocr_server.stopwatch import Stopwatch
from ocr_server.text_line import TextLine
from ocr_server.watchdog import Watch, Watchdog

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
    def read(
        self, load: Callable[[], Picture], work: Work, slot: Hold | None = None
    ) -> Iterator[Reading]:
        """Read a picture and hold a slot until the end of the `with` block.

        Loading counts as work too: inside the slot it neither competes with inferences nor piles
        up pictures of requests that still wait. `slot` is one that the caller holds already.
        Raises ServerBusy and what `load` and `work.check` raise.
        """
        with ExitStack() as held:
            if work.wait is not None:
                self.slots.note_request()
                held.callback(self.slots.note_request)
            if slot is None:
                with work.stopwatch.time("queue"):
                    slot = held.enter_context(
                        self.slots.hold(work.wait, admitted=work.wait is None)
                    )
            work.check()
            watch = held.enter_context(self.watchdog.watch())
            with work.stopwatch.time("decode"):
                picture = load()
            lines = self._recognize(picture, work, partial(_aside, slot, watch))
            height, width = picture.pixels.shape[:2]
            yield Reading(Page(1, width, height, tuple(lines), picture.dpi), picture)

    def _recognize(
        self,
        picture: Picture,
        work: Work,
        aside: Callable[[], AbstractContextManager[None]],
    ) -> list[TextLine]:
        is_long = work.wait is None
        cores = PoliteCores(self.cores, self.slots, aside) if is_long else self.cores
        return self.engine.recognize(picture.pixels, work.options, cores, work.stopwatch, aside)


@contextmanager
def _aside(slot: Hold, watch: Watch) -> Iterator[None]:
    """Lend the slot for the length of a `with` block; waiting for one again takes no time."""
    with watch.paused(), slot.lent():
        yield
