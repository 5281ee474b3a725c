"""The figures that the long form saves, for docs/measured.md."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import machine
from tests.scale import LONG

RESULTS = Path(__file__).parent / "results.md"
Record = Callable[[str, str], None]


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> Iterator[Record]:
    """Print what was tried and what was seen; save all of it if this is the long form."""
    rows: list[str] = []

    def note(tried: str, seen: str) -> None:
        rows.append(f"| {tried} | {seen} |")
        print(rows[-1], flush=True)

    yield note
    if LONG and not request.session.testsfailed and not request.config.getoption("keyword"):
        head = [machine.describe(), "", "| tried | seen |", "|---|---|"]
        RESULTS.write_text("\n".join([*head, *rows]) + "\n", "utf-8")
