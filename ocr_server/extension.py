"""What the views need, held by the application."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import flask

from ocr_server.deadlines import Deadlines
from ocr_server.elastic import ElasticCores, OneCore
from ocr_server.keys import Keys
from ocr_server.metrics import Metrics
from ocr_server.places import Places
from ocr_server.reader import Reader
from ocr_server.settings import Settings
from ocr_server.slots import Slots
from ocr_server.watchdog import Watchdog

if TYPE_CHECKING:
    from ocr_server.engine import Engine

_NAME = "ocr_server"


@dataclass(slots=True)
class Extension:
    """What a worker has of its own, and the machine's slots."""

    settings: Settings
    engine: "Engine"
    slots: Slots
    keys: Keys
    metrics: Metrics
    deadlines: Deadlines = field(default_factory=Deadlines)
    places: Places = field(init=False)
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places(self.settings.max_documents)
        cores = ElasticCores(self.slots) if self.settings.elastic else OneCore()
        watchdog = Watchdog(self.settings.max_inference_seconds)
        self.reader = Reader(self.engine, self.slots, cores, watchdog)

    def share(self, slots: Slots) -> None:
        """Use these slots, which the master made for all workers, instead of this process's."""
        self.slots.close()
        self.slots = slots
        self.__post_init__()


def register(app: flask.Flask, extension: Extension) -> None:
    """Attach it to an application."""
    app.extensions[_NAME] = extension


def current() -> Extension:
    """Return that of the application answering the request."""
    return of(flask.current_app)


def of(app: flask.Flask) -> Extension:
    """Return that of an application."""
    found = app.extensions[_NAME]
    assert isinstance(found, Extension)
    return found
