"""What the tests share: the real engine, an application around it, the committed pictures."""

from collections.abc import Iterator

import flask
import pytest
from flask.testing import FlaskClient
from rapidocr_onnxruntime import RapidOCR

from ocr_server import create_app
from ocr_server.engine import Engine
from ocr_server.settings import Settings
from ocr_server.slots import Slots


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Our engine."""
    return Engine.loaded(Settings())


@pytest.fixture(scope="session")
def stock() -> RapidOCR:
    """The engine that ours must agree with."""
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)


@pytest.fixture
def slots() -> Iterator[Slots]:
    """Two slots."""
    made = Slots(2, max_waiting=16)
    yield made
    made.close()


@pytest.fixture
def app(engine: Engine, slots: Slots) -> flask.Flask:
    """An application with the default settings."""
    return create_app(Settings(), engine=engine, slots=slots)


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    """A client of the application, without a socket."""
    return app.test_client()
