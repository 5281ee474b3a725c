"""Models folded: all exact rewrites applied until none fits."""

from collections.abc import Callable

import onnx

from ocr_server import graph, upsampling
from ocr_server.graph import Graph

REWRITES: tuple[Callable[[Graph], bool], ...] = (
    graph.fuse_hard_swish,
    graph.fold_into_convolution_before,
    graph.fold_into_convolutions_after,
    graph.turn_into_depthwise_convolution,
    graph.factor_gate,
    upsampling.turn_into_pointwise_convolution,
    upsampling.activate_before_rearranging,
    upsampling.convolve_before_rearranging,
    upsampling.rearrange_once,
)

_OTHER_FLOATS = {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE}


def fold(model: onnx.ModelProto) -> tuple[onnx.ModelProto, int]:
    """Apply all rewrites until none fits; return the new model and how many were applied.

    Models of other numbers than 32-bit floats, with graphs inside nodes, optional inputs or
    operators of others are left as they are.
    """
    if not _is_plain(model.graph):
        return model, 0
    rewritten = Graph(model)
    applied = 0
    for rewrite in REWRITES:
        while rewrite(rewritten):
            applied += 1
    return rewritten.to_model(), applied


def _is_plain(graph: onnx.GraphProto) -> bool:
    inputs = {value.name for value in graph.input}
    return (
        _is_of_32_bit_floats(graph)
        and not any(tensor.name in inputs for tensor in graph.initializer)
        and all(node.domain in ("", "ai.onnx") for node in graph.node)
        and not any(
            attribute.HasField("g") or attribute.graphs
            for node in graph.node
            for attribute in node.attribute
        )
    )


def _is_of_32_bit_floats(graph: onnx.GraphProto) -> bool:
    """Return whether all floats are of 32 bits, as the constants that rewrites add."""
    made = {value.type.tensor_type.elem_type for value in graph.input}
    attributes = (attribute for node in graph.node for attribute in node.attribute)
    made |= {attribute.i for attribute in attributes if attribute.name == "to"}
    return not made & _OTHER_FLOATS and not any(node.op_type == "CastLike" for node in graph.node)
