"""The engine's models, folded once and kept in a cache on disk."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

_REWRITES = [*map(Path(__file__).with_name, ("folding.py", "graph.py", "upsampling.py"))]
_DIGEST_BYTES = hashlib.sha256().digest_size
_log = logging.getLogger(__name__)


def folded(path: Path, cache: Path, agree: Callable[[bytes, bytes], bool]) -> bytes:
    """Return a model with the rewrites of `folding` applied, made now if the cache has none.

    `agree` tells whether two models give the same. The cache may be missing, read-only, broken
    or shared by many processes. A model that the rewrites do not fit is returned as it is, with
    a warning.
    """
    model = path.read_bytes()
    place = cache / f"{_key(model)}.onnx"
    found = _read(place)
    if found is not None:
        return found
    made = _fold(model)
    if made is None or not agree(model, made):
        # Not kept: the next start tries again, and warns again.
        _log.warning("The model %s does not fit the rewrites and runs as it is.", path.name)
        return model
    _write(place, made)
    return made


def _key(model: bytes) -> str:
    """Return a name that changes with the model, the rewrites and what runs the result."""
    sources = [source.read_bytes() for source in _REWRITES]
    parts = [model, *sources, version("onnxruntime").encode()]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _fold(model: bytes) -> bytes | None:
    # Imported here: most starts find the cache filled and are spared the time and memory.
    import onnx

    from ocr_server.folding import fold

    try:
        made, applied = fold(onnx.load_model_from_string(model))
    except Exception:
        _log.exception("Folding a model failed.")
        return None
    return made.SerializeToString() if applied else None


def _read(place: Path) -> bytes | None:
    try:
        # Whoever can write here can make the engine read what they like.
        if not (_is_ours_alone(place.parent) and _is_ours_alone(place)):
            return None
        content = place.read_bytes()
    except OSError:
        return None
    digest, model = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return model if hashlib.sha256(model).digest() == digest else None


def _is_ours_alone(path: Path) -> bool:
    """Return whether only this user, or root, can write to a file or folder."""
    status = path.stat()
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & 0o022


def _write(place: Path, model: bytes) -> None:
    """Put a file in place whole, whatever other processes write or read at the same time."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=place.parent)
    except OSError as error:
        _log.info("Folded models are not kept, so each start takes a second more: %s", error)
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(model).digest() + model)
        Path(name).replace(place)
    except OSError as error:
        _log.info("Folded models are not kept, so each start takes a second more: %s", error)
        Path(name).unlink(missing_ok=True)
