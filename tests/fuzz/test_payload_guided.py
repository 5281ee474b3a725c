"""The coverage-guided fuzzer finds nothing in the time it has, and does find what is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.gunicorn_server import ROOT
from tests.scale import scaled

SECONDS = scaled(10, 600)
SEEDS = [
    b'\0--x\r\nContent-Disposition: form-data; name="image_file"; filename="a"\r\n\r\nabc\r\n--x--',
    b'\0--x\r\nContent-Disposition: form-data; name="image_data"\r\n\r\nYWJj\r\n--x--\r\n',
    b"\2image_data=YWJj%0A&use_det=0",
    b'\3{"image_data": "data:image/png;base64,YWJj", "use_rec": false}',
    b"\x85use_det=1",
]


@pytest.mark.timeout(SECONDS + 120)
def test_no_request_body_surprises(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    flags = [f"-max_total_time={SECONDS}", "-max_len=4096", "-seed=1", "-rss_limit_mb=2048"]
    flags.append(f"-artifact_prefix={tmp_path}/")
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.payload_guided", *flags, str(corpus)],
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=SECONDS + 100,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    done = re.search(r"Done (\d+) runs", ended.stderr)
    assert done, ended.stderr[-3000:]
    print(done[0])
    assert int(done[1]) > 500
