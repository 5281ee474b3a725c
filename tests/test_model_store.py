"""Folded models on disk: made once, whole, and never in the way of a start."""

import logging
import resource
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import onnx
import pytest
from onnx import parser

from ocr_server.model_store import folded

ONE_NODE = """
    <ir_version: 8, opset_import: ["" : 12]>
    graph (float[1,1,4,4] x) => (float[1,1,4,4] y) { y = Relu(x) }
"""
TWO_NODES = """
    <ir_version: 8, opset_import: ["" : 12]>
    graph (float[1,1,4,4] x) => (float[1,1,4,4] y)
    <float[1,1,1,1] weight = {0.5}, float[1] scale = {3}>
    { made = Conv(x, weight)  y = Mul(made, scale) }
"""


def yes(one: bytes, other: bytes) -> bool:
    return True


def no(one: bytes, other: bytes) -> bool:
    return False


def never(one: bytes, other: bytes) -> bool:
    pytest.fail("a model was folded again")


def kinds(model: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_model_from_string(model).graph.node]


def written(path: Path, text: str) -> Path:
    path.write_bytes(parser.parse_model(text).SerializeToString())
    return path


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file grow larger, as a full disk would; works for root too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that a rewrite fits."""
    return written(tmp_path / "model.onnx", TWO_NODES)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder that is not there yet."""
    return tmp_path / "some" / "cache"


def test_a_model_is_folded(model: Path, cache: Path) -> None:
    assert kinds(folded(model, cache, yes)) == ["Conv"]


def test_a_model_is_compared_with_what_became_of_it(model: Path, cache: Path) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def agree(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return True

    made = folded(model, cache, agree)
    assert compared == [(model.read_bytes(), made)]


def test_a_model_is_folded_once_and_then_read(model: Path, cache: Path) -> None:
    made = folded(model, cache, yes)
    assert folded(model, cache, never) == made


def test_the_same_model_elsewhere_is_not_folded_again(model: Path, cache: Path) -> None:
    made = folded(model, cache, yes)
    assert folded(written(model.with_name("other.onnx"), TWO_NODES), cache, never) == made


def test_another_model_of_the_same_name_is_folded_too(model: Path, cache: Path) -> None:
    made = folded(model, cache, yes)
    written(model, TWO_NODES.replace("0.5", "0.25"))
    again = folded(model, cache, yes)
    assert again != made
    assert kinds(again) == ["Conv"]


def test_a_cache_folder_is_made_for_its_owner_alone(model: Path, cache: Path) -> None:
    folded(model, cache, yes)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_only_the_model_is_left_in_the_cache(model: Path, cache: Path) -> None:
    made = folded(model, cache, yes)
    assert only_file(cache).read_bytes().endswith(made)


@pytest.mark.parametrize(
    "broken", ["", "short", "garbage", "cut", "one bit", "longer"], ids=lambda broken: broken
)
def test_a_broken_file_in_the_cache_is_made_anew(model: Path, cache: Path, broken: str) -> None:
    made = folded(model, cache, yes)
    place = only_file(cache)
    whole = place.read_bytes()
    contents = {
        "": b"",
        "short": whole[:10],
        "garbage": b"garbage" * 100,
        "cut": whole[:-1],
        "one bit": whole[:-1] + bytes([whole[-1] ^ 1]),
        "longer": whole + b"\0",
    }
    place.write_bytes(contents[broken])
    assert folded(model, cache, yes) == made
    assert only_file(cache).read_bytes() == whole


def test_a_cache_that_cannot_be_made_is_done_without(
    model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.INFO):
        assert kinds(folded(model, tmp_path / "file" / "cache", yes)) == ["Conv"]
    assert "not kept" in caplog.text


def test_a_cache_that_is_a_file_is_done_without(model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("somebody's")
    assert kinds(folded(model, tmp_path / "file", yes)) == ["Conv"]
    assert (tmp_path / "file").read_text() == "somebody's"


def test_a_full_disk_is_done_without_and_keeps_no_part_of_a_file(
    model: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with files_of_at_most(40), caplog.at_level(logging.INFO):
        assert kinds(folded(model, cache, yes)) == ["Conv"]
    assert list(cache.iterdir()) == []
    assert "not kept" in caplog.text


def test_a_folder_in_the_place_of_a_file_is_done_without(model: Path, cache: Path) -> None:
    made = folded(model, cache, yes)
    place = only_file(cache)
    place.unlink()
    place.mkdir()
    assert folded(model, cache, yes) == made
    assert only_file(cache) == place


def test_many_at_once_all_get_whole_models(model: Path, cache: Path) -> None:
    count = 8
    together = Barrier(count)

    def load(_: int) -> bytes:
        together.wait(10)
        return folded(model, cache, yes)

    with ThreadPoolExecutor(count) as pool:
        made = set(pool.map(load, range(count)))
    assert made == {folded(model, cache, never)}
    assert only_file(cache).is_file()


def test_a_model_that_gives_something_else_when_folded_stays_as_it_is(
    model: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert folded(model, cache, no) == model.read_bytes()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "model.onnx does not fit" in record.getMessage()


def test_a_model_without_anything_to_fold_stays_as_it_is(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = written(tmp_path / "relu.onnx", ONE_NODE)
    assert folded(model, cache, never) == model.read_bytes()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "relu.onnx does not fit" in record.getMessage()


def test_a_broken_model_stays_as_it_is_and_is_told_of(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = tmp_path / "broken.onnx"
    model.write_bytes(b"no model at all")
    assert folded(model, cache, never) == b"no model at all"
    failure, warning = caplog.records
    assert failure.levelno == logging.ERROR
    assert failure.exc_info
    assert "broken.onnx" in warning.getMessage()


def test_a_cache_that_others_can_write_to_is_not_trusted(model: Path, cache: Path) -> None:
    made = folded(model, cache, yes)
    assert folded(model, cache, never) == made
    cache.chmod(0o777)
    assert folded(model, cache, no) == model.read_bytes()
    cache.chmod(0o700)
    only_file(cache).chmod(0o666)
    assert folded(model, cache, no) == model.read_bytes()
