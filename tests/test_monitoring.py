"""Dashboard, alerts and the operator's page name what there is, and all of it."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from ocr_server.errors import errors_table
from tests.live.gunicorn_server import ROOT

DASHBOARD = json.loads((ROOT / "deploy/grafana/ocr_server.json").read_text("utf-8"))
ALERTS = (ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
PARTS = ("_bucket", "_sum", "_count")


def named(text: str) -> set[str]:
    """Return the metrics that a text names; a histogram's parts are one metric."""
    names = set()
    for name in re.findall(r"\bocr_server_[a-z_]+", text):
        for part in PARTS:
            name = name.removesuffix(part)  # noqa: PLW2901
        names.add(name)
    return names


def told(client: FlaskClient) -> set[str]:
    text = client.get("/metrics").get_data(as_text=True)
    return {
        name
        for name in re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
        if not name.endswith("_created")
    }


def expressions(panels: list[dict[str, Any]]) -> str:
    return "\n".join(target["expr"] for panel in panels for target in panel["targets"])


@pytest.mark.parametrize(
    "text", [expressions(DASHBOARD["panels"]), ALERTS], ids=["dashboard", "alerts"]
)
def test_every_metric_named_is_told_by_the_server(text: str, client: FlaskClient) -> None:
    names = {name for name in named(text) if name != "ocr_server"}
    assert names
    assert names <= told(client)


def test_the_page_explains_every_metric(client: FlaskClient) -> None:
    explained = {
        name
        for row in re.findall(r"^\| (`ocr_server_.*)", OPERATIONS, re.MULTILINE)
        for name in re.findall(r"`(ocr_server_[a-z_]+)`", row.split(" | ")[0])
    }
    assert explained == told(client)


def test_the_page_says_what_to_do_about_every_alert() -> None:
    alerts = set(re.findall(r"alert: (\w+)", ALERTS))
    assert alerts
    assert alerts == set(re.findall(r"^\| `(OcrServer\w+)`", OPERATIONS, re.MULTILINE))


def test_the_page_says_what_to_do_about_every_error_code() -> None:
    codes = set(re.findall(r"^\| `(\w+)`", errors_table(), re.MULTILINE))
    section = OPERATIONS.split("## What each error code means")[1]
    rows = [row.split(" | ")[0] for row in re.findall(r"^\| `.*", section, re.MULTILINE)]
    of_nginx = {"too_many_requests", "server_unavailable"}
    assert {code for row in rows for code in re.findall(r"`(\w+)`", row)} == codes | of_nginx


def test_every_file_that_a_page_names_is_there() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").iterdir()):
        for path in re.findall(r"\b(?:deploy|docs|tests|benchmarks)/[\w./-]*\w", page.read_text()):
            assert (ROOT / path).exists(), f"{page.name} names {path}"


def test_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
