"""What one request asked for does not show in the answer to the next."""

import json
import random
from functools import cache

import pytest
from flask.testing import FlaskClient

from ocr_server.decoder import decode, read_header
from ocr_server.engine import Engine
from ocr_server.options import Options
from ocr_server.serializer import indexed_dict, to_json
from ocr_server.settings import Settings
from tests import pictures
from tests.scale import scaled

NAMES = scaled(2, 5)
PICTURES = ["small.png", "upside_down.png", "blank.png", "one_bit.png", "rotated.jpg"][:NAMES]
FLAGS = [(det, cls, rec) for det in (1, 0) for cls in (1, 0) for rec in (1, 0)]
COMBINATIONS = [(name, flags) for name in PICTURES for flags in FLAGS][: scaled(6, 1000)]


@cache
def of_a_fresh_engine(name: str, flags: tuple[int, int, int]) -> str:
    """Return what an engine answers that has answered nothing before."""
    data = pictures.read(name)
    use_det, use_cls, use_rec = map(bool, flags)
    image = decode(data, read_header(data, 10**8))
    lines = Engine(Settings()).recognize(image, Options(use_det, use_cls, use_rec))
    return to_json(indexed_dict(lines))


def ask(client: FlaskClient, name: str, flags: tuple[int, int, int]) -> str:
    query = dict(zip(("use_det", "use_cls", "use_rec"), map(str, flags), strict=True))
    headers = {"Content-Type": "application/octet-stream"}
    response = client.post("/ocr", data=pictures.read(name), query_string=query, headers=headers)
    assert response.status_code == 200
    return response.get_data(as_text=True)


@pytest.mark.timeout(3600)
def test_the_second_of_any_two_requests_is_answered_as_by_a_fresh_engine(
    client: FlaskClient,
) -> None:
    chance = random.Random(0)
    for _ in range(scaled(20, 1000)):
        first, second = chance.choice(COMBINATIONS), chance.choice(COMBINATIONS)
        ask(client, *first)
        answer = ask(client, *second)
        assert json.loads(answer) == json.loads(of_a_fresh_engine(*second))
