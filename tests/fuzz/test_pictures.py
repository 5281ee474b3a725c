"""Mutants of pictures, decoded in processes that may break; and the formats that are refused."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.mutants import mutant, originals, try_one
from tests.live.gunicorn_server import ROOT
from tests.scale import scaled

MUTANTS = scaled(4_000, 120_000)
BATCH = scaled(1_000, 10_000)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(0, MUTANTS, BATCH))
def test_no_mutant_of_a_picture_breaks_the_decoder(first: int, tmp_path: Path) -> None:
    progress = tmp_path / "progress"
    progress.write_bytes(bytes(8))
    command = [sys.executable, "-m", "tests.fuzz.mutants", str(first), str(BATCH), str(progress)]
    ended = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=1200
    )
    (number,) = struct.unpack("<q", progress.read_bytes())
    assert ended.returncode == 0, f"mutant {number}: {ended.stderr[-2000:]}"
    print(ended.stdout)


def test_originals_are_read_and_mutants_are_mutants() -> None:
    files = originals()
    assert [try_one(data) for _, data in files] == ["read"] * len(files)
    same = [mutant(number, files)[1] == data for number, (_, data) in enumerate(files)]
    assert sum(same) < 3
