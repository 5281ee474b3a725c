"""Small graphs with random weights, folded and compared with what they were."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnx import ModelProto, helper, numpy_helper, parser

from ocr_server.folding import fold

Array = npt.NDArray[np.float32]
Shape = tuple[int, ...]
# A constant of a test graph: the shape of noise, or a number, or a list of numbers.
Constant = Shape | float | list[float]

# 4 channels; no two sides alike, so that nothing fits where it should not.
X: Mapping[str, Shape] = {"x": (2, 4, 5, 7)}
CHANNELS_MADE = 6

OPTIMIZATIONS = [
    onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
]


def models(
    body: str,
    constants: Mapping[str, Constant],
    inputs: Mapping[str, Shape] = X,
    outputs: Sequence[str] = ("y",),
) -> Iterator[tuple[ModelProto, dict[str, Array]]]:
    """Yield the model of a graph and an input for it, for several random weights and inputs."""
    values = ", ".join(f"float{list(shape)} {name}" for name, shape in inputs.items())
    results = ", ".join(f"float[] {name}" for name in outputs)
    for seed, as_nodes in enumerate([False, True, False]):
        noise = np.random.default_rng(seed)
        graph = parser.parse_graph(f"g ({values}) => ({results}) {{ {body} }}")
        for name, given in constants.items():
            value = noise.normal(0, 0.5, given) if isinstance(given, tuple) else np.array(given)
            tensor = numpy_helper.from_array(value.astype(np.float32), name)
            if as_nodes:
                graph.node.insert(0, helper.make_node("Constant", [], [name], value=tensor))
            else:
                graph.initializer.append(tensor)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8)
        feeds = {
            name: noise.normal(0, 3, shape).astype(np.float32) for name, shape in inputs.items()
        }
        yield model, feeds


def session_of(model: ModelProto, optimizations: object) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = optimizations
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def assert_same(one: ModelProto, other: ModelProto, feeds: dict[str, Array]) -> None:
    for optimizations in OPTIMIZATIONS:
        outputs = [session_of(model, optimizations).run(None, feeds) for model in (one, other)]
        for expected, actual in zip(*outputs, strict=True):
            assert expected.shape == actual.shape
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def kinds(model: ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node if node.op_type != "Constant"]


def folded(
    body: str,
    constants: Mapping[str, Constant],
    inputs: Mapping[str, Shape] = X,
    outputs: Sequence[str] = ("y",),
) -> list[str]:
    """Fold a graph, check that it gives the same as before; return what nodes are left."""
    left = set()
    for model, feeds in models(body, constants, inputs, outputs):
        made, _ = fold(model)
        assert_same(model, made, feeds)
        left.add(tuple(kinds(made)))
    (only,) = left
    return list(only)


def is_left_alone(
    body: str,
    constants: Mapping[str, Constant],
    inputs: Mapping[str, Shape] = X,
    outputs: Sequence[str] = ("y",),
) -> bool:
    """Return whether no rewrite fits a graph; check that folding it changes nothing then."""
    applied = set()
    for model, feeds in models(body, constants, inputs, outputs):
        made, count = fold(model)
        assert_same(model, made, feeds)
        kept = [node for node in model.graph.node if node.op_type != "Constant"]
        assert count or list(made.graph.node) == kept
        applied.add(count)
    return applied == {0}
