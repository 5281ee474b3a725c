"""What docs/command-line.md tells a person to type, typed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ocr_server import keys
from ocr_server.reading.forms import FORMS
from tests import pictures
from tests.live.gunicorn_server import ROOT, serve

TEXT = (ROOT / "docs" / "command-line.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if line.startswith("ocr_ser")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the commands name."""
    small = pictures.read("small.png")
    (tmp_path / "page.png").write_bytes(small)
    (tmp_path / "scans/1998").mkdir(parents=True)
    (tmp_path / "scans/1998/1.png").write_bytes(small)
    page = Image.open(pictures.FOLDER / "small.png").convert("RGB").resize((600, 200))
    page.save(tmp_path / "book.pdf", save_all=True, append_images=[page])
    return tmp_path


def typed(lines: str, folder: Path) -> str:
    """Type lines into a shell; all must succeed."""
    command = f'ocr_server() {{ "{sys.executable}" -m ocr_server "$@"; }}\n{lines}'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    ).stdout


@pytest.mark.parametrize("command", COMMANDS[:-1])
def test_a_command_reads(folder: Path, command: str) -> None:
    output = typed(command, folder)
    answers = [file.read_text("utf-8") for file in folder.glob("out/**/*.*")]
    assert re.search(r"Har[a-z]*st", "".join([output, *answers]))


def test_the_command_with_a_server_reads(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key = keys.make()
    log = tmp_path_factory.mktemp("server")
    with serve(log, ["-w", "1"], api_keys=keys.hash_of(key).hex()) as server:
        lines = BLOCKS[-1].replace("http://127.0.0.1:9003", server.url).replace("=KEY", f"={key}")
        assert server.url in lines
        assert '"Harvest"' in typed(lines, folder)


def test_every_format_and_its_ending_are_told() -> None:
    for form in FORMS.values():
        assert f"`{form.name}`" in TEXT
        assert f"`{form.ending}`" in TEXT
