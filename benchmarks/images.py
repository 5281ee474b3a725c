"""The pictures that the benchmarks send: the project's own and those of a folder given."""

from pathlib import Path

from tests import pictures

_ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}


def load(folder: Path | None) -> dict[str, bytes]:
    """Return pictures by name; `folder` may hold more."""
    images = {name: pictures.read(name) for name in pictures.NAMES}
    for path in sorted(folder.iterdir()) if folder else []:
        if path.suffix.lower() in _ENDINGS:
            images[path.name] = path.read_bytes()
    return images
