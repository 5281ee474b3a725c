"""Sessions: cores change nothing but the time, and the largest input sets the memory."""

import os
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import rapidocr_onnxruntime
from onnx import parser

from ocr_server.folding import fold
from ocr_server.sessions import Model, Tensor, agree

MODELS = Path(rapidocr_onnxruntime.__file__).parent / "models"
SHAPE = (1, 1, 4, 4)
TWO_NODES = """
    <ir_version: 8, opset_import: ["" : 12]>
    graph (float[1,1,h,w] x) => (float[1,1,h,w] y)
    <float[1,1,1,1] weight = {0.5}, float[1] scale = {3}>
    { made = Conv(x, weight)  y = Mul(made, scale) }
"""
MIB = 1024 * 1024


def content(text: str) -> bytes:
    return bytes(parser.parse_model(text).SerializeToString())


def noise(*shape: int) -> Tensor:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def memory() -> int:
    """Return how many bytes of this process are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def time_of_other_threads(model: Model, cores: int) -> float:
    """Return for how many seconds other threads than this one computed during a run."""
    x = noise(1, 3, 640, 640)
    before = time.process_time() - time.thread_time()
    model.run(x, cores)
    return time.process_time() - time.thread_time() - before


@pytest.fixture(scope="module")
def detector() -> Model:
    """The detector, for one core and two."""
    return Model((MODELS / "ch_PP-OCRv4_det_infer.onnx").read_bytes(), [1, 2])


def test_a_model_gives_its_output() -> None:
    x = noise(*SHAPE)
    np.testing.assert_allclose(Model(content(TWO_NODES)).run(x), x * 1.5, rtol=1e-6)


def test_a_model_gives_the_first_of_several_outputs() -> None:
    text = TWO_NODES.replace("(float[1,1,h,w] y)", "(float[1,1,h,w] y, float[1,1,h,w] made)")
    x = noise(*SHAPE)
    np.testing.assert_allclose(Model(content(text)).run(x), x * 1.5, rtol=1e-6)


def test_one_core_and_two_give_the_same(detector: Model) -> None:
    x = noise(1, 3, 96, 128)
    one, two = detector.run(x, 1), detector.run(x, 2)
    assert one.std() > 0
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-5)


def test_a_run_keeps_to_one_core_unless_it_is_given_more(detector: Model) -> None:
    assert time_of_other_threads(detector, cores=1) < 0.002


@pytest.mark.parametrize("cores", [2, 3, 64])
def test_a_run_uses_as_many_cores_as_are_given_and_loaded_for(detector: Model, cores: int) -> None:
    assert time_of_other_threads(detector, cores) > 0.002


def test_a_model_agrees_with_itself_folded() -> None:
    model = parser.parse_model(TWO_NODES)
    made, applied = fold(model)
    assert applied == 1
    assert agree(model.SerializeToString(), made.SerializeToString(), SHAPE)


def test_a_real_model_agrees_with_itself_folded() -> None:
    path = MODELS / "ch_ppocr_mobile_v2.0_cls_infer.onnx"
    made, _ = fold(onnx.load(path))
    assert agree(path.read_bytes(), made.SerializeToString(), (1, 3, 48, 192))


@pytest.mark.parametrize("weight", ["0.501", "-0.5", "0", "nan", "inf"])
def test_models_of_other_weights_do_not_agree(weight: str) -> None:
    other = parser.parse_model(TWO_NODES)
    raw = np.array([float(weight)], np.float32).tobytes()
    other.graph.initializer[0].ClearField("float_data")
    other.graph.initializer[0].raw_data = raw
    assert not agree(content(TWO_NODES), other.SerializeToString(), SHAPE)


def test_models_agree_up_to_rounding() -> None:
    nearly = content(TWO_NODES.replace("0.5", "0.5000001"))
    assert nearly != content(TWO_NODES)
    assert agree(content(TWO_NODES), nearly, SHAPE)


@pytest.mark.parametrize("garbage", [b"", b"garbage", content(TWO_NODES)[:-20]])
def test_what_is_no_model_does_not_agree(garbage: bytes) -> None:
    assert not agree(content(TWO_NODES), garbage, SHAPE)
    assert not agree(garbage, content(TWO_NODES), SHAPE)


def test_a_model_that_refuses_the_input_does_not_agree() -> None:
    assert not agree(content(TWO_NODES), content(TWO_NODES), (1, 2, 4, 4))


def test_memory_of_the_largest_input_is_enough_for_others(detector: Model) -> None:
    detector.run(noise(1, 3, 1472, 1504))
    before = memory()
    for height, width in [(1184, 1312), (736, 992), (1472, 736), (320, 1504), (1024, 1024)]:
        detector.run(noise(1, 3, height, width))
    assert memory() - before < 32 * MIB
