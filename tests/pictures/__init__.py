"""The committed pictures and the text that each of them shows."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent
LINES: dict[str, list[str]] = {
    name: entry["lines"]
    for name, entry in json.loads((FOLDER / "pictures.json").read_text("utf-8")).items()
}
NAMES = sorted(LINES)


def read(name: str) -> bytes:
    """Return a picture's bytes."""
    return (FOLDER / name).read_bytes()
