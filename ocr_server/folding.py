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


def fold(model: onnx.ModelProto) -> tuple[onnx.ModelProto, int]:
    """Apply all rewrites until none fits; return the new model and how many were applied.

    Models with graphs inside nodes, optional inputs or operators of others are left as they are.
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
        not any(tensor.name in inputs for tensor in graph.initializer)
        and all(node.domain in ("", "ai.onnx") for node in graph.node)
        and not any(
            attribute.HasField("g") or attribute.graphs
            for node in graph.node
            for attribute in node.attribute
        )
    )
