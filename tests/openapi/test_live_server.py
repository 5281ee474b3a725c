"""schemathesis, with every check, against a real server: it answers as its document says."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.live.gunicorn_server import ROOT, Server, serve
from tests.scale import LONG, scaled

KEY = "a-key-for-tests"
WITH_KEY = {"Authorization": f"Bearer {KEY}"}
CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
CASES = scaled(100, 10_000)  # at least, in each of the two runs
# For each of the two resources that read; more are made by the phases that leave nothing to chance.
MAX_EXAMPLES = scaled(25, CASES // 2)


def run(server: Server, folder: Path, *flags: str) -> int:
    """Let schemathesis loose on a server; it must find nothing. Return how many cases it sent."""
    report = folder / "report.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
    command += [f"{server.url}/openapi.json", "--checks", "all", "--max-examples"]
    command += [str(MAX_EXAMPLES), "--report", "json", "--report-json-path", str(report), *flags]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
    )
    assert ended.returncode == 0, shortened(ended.stdout) + shortened(ended.stderr)
    told = json.loads(report.read_text("utf-8"))
    assert told["operations"]["tested"] == told["operations"]["selected"] > 0
    return int(told["test_cases"]["generated"])


def shortened(text: str) -> str:
    """Bodies of requests are long lines."""
    return "\n".join(line[:2000] for line in text.splitlines() if line.strip())


def statuses(server: Server, headers: dict[str, str]) -> Counter[str]:
    """How many requests the server itself has answered, by status."""
    text = requests.get(f"{server.url}/metrics", headers=headers, timeout=60).text
    counted: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "ocr_server_requests_total":
                counted[sample.labels["status"]] += int(sample.value)
    return counted


def tell(cases: int, answered: Counter[str]) -> None:
    print(f"\n{cases} cases; the server answered {dict(answered)}")


@pytest.mark.timeout(scaled(600, 7200))
def test_it_answers_as_its_document_says(tmp_path: Path) -> None:
    # Cases that leave nothing to chance are many, and documents are slow: in CI only pictures.
    flags = [] if LONG else ["--exclude-path", "/ocr/document"]
    with serve(tmp_path, ["-w", "2"], slots="2") as server:
        cases = run(server, tmp_path, "--seed", "1", *flags)
        answered = statuses(server, {})
        tell(cases, answered)
        assert CASES <= cases <= answered.total()
        assert answered["200"] > answered["400"] > 0
        assert not answered["401"]


@pytest.mark.timeout(scaled(600, 7200))
def test_with_keys_it_answers_as_its_document_says_and_nobody_else(tmp_path: Path) -> None:
    flags = [] if LONG else ["--phases", "examples,fuzzing"]
    hashed = hashlib.sha256(KEY.encode()).hexdigest()
    with serve(tmp_path, ["-w", "2"], slots="2", api_keys=hashed) as server:
        header = f"Authorization: {WITH_KEY['Authorization']}"
        cases = run(server, tmp_path, "--seed", "2", "-H", header, *flags)
        answered = statuses(server, WITH_KEY)
        tell(cases, answered)
        assert CASES <= cases <= answered.total()
        # Each resource was tried without a key and with a wrong one, by both headers.
        assert answered["401"] >= 3 * 3
