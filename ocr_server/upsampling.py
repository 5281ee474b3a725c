"""Exact rewrites of upsampling by transposed convolutions.

One whose kernel is as large as its stride computes each pixel of the large picture from a single
pixel of the small one: a pointwise convolution of the small picture to stride x stride times the
channels, then a rearrangement, ONNX's DepthToSpace. What works on each pixel alone gives the same
before the rearrangement, where onnxruntime keeps its blocked layout and memory is touched once.
"""

import numpy as np
from onnx import NodeProto, helper

from ocr_server.graph import Constant, Graph, attribute, bias, channels_out, kind, set_weights


def turn_into_pointwise_convolution(graph: Graph) -> bool:
    """Make a ConvTranspose whose kernel is its stride into a 1 x 1 Conv and a rearrangement."""
    for transposed in kind(graph, "ConvTranspose"):
        channels = channels_out(graph, transposed)
        weight = graph.weights(transposed.input[1])
        if channels is None or weight is None:
            continue
        stride = _stride_that_is_the_kernel(transposed)
        if stride is None or weight.shape[2:] != (stride, stride):
            continue
        # (in, out, row, column) -> (row, column, out, in), as DepthToSpace orders channels.
        matrix = weight.transpose(2, 3, 1, 0).reshape(-1, weight.shape[0])
        convolution = _pointwise(graph, transposed.output[0], transposed.input[0])
        present = bias(graph, transposed, channels)
        _set_matrix(graph, convolution, matrix, np.tile(present, stride * stride))
        rearranged = _depth_to_space(convolution.output[0], stride)
        graph.replace(transposed, [transposed], [convolution, rearranged])
        return True
    return False


def activate_before_rearranging(graph: Graph) -> bool:
    """Put a Relu before the DepthToSpace that it follows."""
    for rearranged in _rearrangements(graph):
        relu = graph.only_user(rearranged.output[0], "Relu")
        if relu is not None:
            before = helper.make_node("Relu", rearranged.input, [_flat(graph, relu.output[0])])
            after = _depth_to_space(before.output[0], _block(rearranged))
            graph.replace(relu, [rearranged, relu], [before, after])
            return True
    return False


def convolve_before_rearranging(graph: Graph) -> bool:
    """Put a 1 x 1 Conv before the DepthToSpace that it follows, once for each pixel of a block."""
    for rearranged in _rearrangements(graph):
        convolution = graph.only_user(rearranged.output[0], "Conv")
        matrix = _matrix(graph, convolution) if convolution is not None else None
        if convolution is None or matrix is None:
            continue
        block = _block(rearranged)
        before = _pointwise(graph, convolution.output[0], rearranged.input[0])
        present = bias(graph, convolution, len(matrix))
        each = np.kron(np.eye(block * block), matrix)
        _set_matrix(graph, before, each, np.tile(present, block * block))
        after = _depth_to_space(before.output[0], block)
        graph.replace(convolution, [rearranged, convolution], [before, after])
        return True
    return False


def rearrange_once(graph: Graph) -> bool:
    """Make two DepthToSpace in a row into one, by reordering the channels of the Conv before."""
    for first in _rearrangements(graph):
        second = graph.only_user(first.output[0], "DepthToSpace")
        convolution = graph.maker(first.input[0], "Conv")
        matrix = _matrix(graph, convolution) if convolution is not None else None
        if second is None or convolution is None or matrix is None:
            continue
        if not _is_ordered(second) or graph.only_user(first.input[0], "DepthToSpace") is None:
            continue
        outer, inner = _block(first), _block(second)
        channels = np.arange(len(matrix)).reshape(outer, outer, inner, inner, -1)
        order = channels.transpose(0, 2, 1, 3, 4).reshape(-1)
        present = bias(graph, convolution, len(matrix))
        _set_matrix(graph, convolution, matrix[order], present[order])
        once = _depth_to_space(first.input[0], outer * inner)
        graph.replace(second, [first, second], [once])
        return True
    return False


def _rearrangements(graph: Graph) -> list[NodeProto]:
    return [node for node in kind(graph, "DepthToSpace") if _is_ordered(node)]


def _is_ordered(node: NodeProto) -> bool:
    """Return whether a DepthToSpace takes its channels as (row, column, channel)."""
    return bool(attribute(node, "mode", b"DCR") == b"DCR")


def _block(node: NodeProto) -> int:
    return int(attribute(node, "blocksize", 0))


def _depth_to_space(value: str, block: int) -> NodeProto:
    return helper.make_node("DepthToSpace", [value], ["?"], blocksize=block)


def _stride_that_is_the_kernel(transposed: NodeProto) -> int | None:
    """Return the stride of a ConvTranspose whose outputs' kernels do not overlap, else None."""
    strides = attribute(transposed, "strides", [1, 1])
    plain = (
        not any(attribute(transposed, "pads", [0]))
        and not any(attribute(transposed, "output_padding", [0]))
        and not attribute(transposed, "output_shape", [])
        and attribute(transposed, "auto_pad", b"NOTSET") == b"NOTSET"
        and attribute(transposed, "dilations", [1, 1]) == [1, 1]
    )
    return int(strides[0]) if plain and strides[0] == strides[1] > 1 else None


def _pointwise(graph: Graph, base: str, value: str) -> NodeProto:
    return helper.make_node("Conv", [value], [_flat(graph, base)], kernel_shape=[1, 1])


def _flat(graph: Graph, base: str) -> str:
    return graph.new_value(f"{base}.flat")


def _matrix(graph: Graph, convolution: NodeProto) -> Constant | None:
    """Return the weights of a 1 x 1 Conv of all channels, shape (out, in)."""
    weight = graph.weights(convolution.input[1])
    plain = (
        channels_out(graph, convolution) is not None
        and attribute(convolution, "group", 1) == 1
        and attribute(convolution, "strides", [1, 1]) == [1, 1]
        and not any(attribute(convolution, "pads", [0]))
        and attribute(convolution, "auto_pad", b"NOTSET") == b"NOTSET"
    )
    if weight is None or not plain or weight.shape[2:] != (1, 1):
        return None
    return weight.reshape(weight.shape[:2])


def _set_matrix(graph: Graph, convolution: NodeProto, matrix: Constant, added: Constant) -> None:
    set_weights(graph, convolution, matrix[:, :, None, None], added)
