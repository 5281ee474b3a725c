"""Exact rewrites of ONNX graphs that onnxruntime then runs faster.

PaddleOCR's exported models write the learnable scale and shift of PP-LCNetV3's layers, and their
activations, as chains of scalar arithmetic, which onnxruntime does not fuse. Each rewrite here
gives the same function up to the rounding of 32-bit floats; constants are worked out in 64 bits.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, helper, numpy_helper

Constant = npt.NDArray[Any]

_CONVOLUTIONS = ("Conv", "ConvTranspose")


class Graph:
    """A model's nodes and constants, and who makes and who uses each value."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)  # Nodes are changed in place, and the caller's must not be.
        model = self._model
        self._outputs = {output.name for output in model.graph.output}
        self._ours: set[str] = set()
        self._values = {name for node in model.graph.node for name in [*node.input, *node.output]}
        self.constants = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self.nodes: list[NodeProto] = []
        for node in model.graph.node:
            value = _constant_value(node)
            if value is None:
                self.nodes.append(node)
            else:
                self.constants[node.output[0]] = value

    def maker(self, value: str, *kinds: str) -> NodeProto | None:
        """Return the node that makes a value, if it is one of these kinds."""
        return next(
            (node for node in self.nodes if value in node.output and node.op_type in kinds), None
        )

    def users(self, value: str) -> list[NodeProto]:
        """Return the nodes that use a value."""
        return [node for node in self.nodes if value in node.input]

    def only_user(self, value: str, *kinds: str) -> NodeProto | None:
        """Return the node that alone uses a value, if it is one of these kinds."""
        users = self.users(value)
        alone = len(users) == 1 and value not in self._outputs
        return users[0] if alone and users[0].op_type in kinds else None

    def is_output(self, value: str) -> bool:
        """Return whether a value is one of the model's answers."""
        return value in self._outputs

    def weights(self, value: str) -> Constant | None:
        """Return a constant of 32-bit floats, in 64 bits to reckon with."""
        constant = self.constants.get(value)
        known = constant is not None and (constant.dtype == np.float32 or value in self._ours)
        return constant.astype(np.float64) if constant is not None and known else None

    def scalar(self, value: str) -> float | None:
        """Return the number that a value is, if it is one constant number."""
        constant = self.weights(value)
        single = constant is not None and constant.shape in [(), (1,)]
        return float(constant.item()) if constant is not None and single else None

    def other_input(self, node: NodeProto, value: str) -> str | None:
        """Return the second input of a node with two different ones."""
        others = [name for name in node.input if name != value]
        return others[0] if len(node.input) == 2 and len(others) == 1 else None

    def add_constant(self, value: Constant) -> str:
        """Add a constant, worked out in 64 bits and stored in 32; return its name."""
        name = next(name for name in map("folded.{}".format, itertools.count()) if self._new(name))
        self._ours.add(name)
        self.constants[name] = value
        return name

    def new_value(self, base: str) -> str:
        """Return a name for a value to be made, like this one and not taken yet."""
        names = itertools.chain([base], map(f"{base}.{{}}".format, itertools.count()))
        name = next(name for name in names if self._new(name))
        self._values.add(name)
        return name

    def _new(self, name: str) -> bool:
        return name not in self.constants and name not in self._values

    def replace(self, last: NodeProto, gone: list[NodeProto], made: list[NodeProto]) -> None:
        """Put nodes in the place of others, the last of which makes the value that stays."""
        made[-1].output[:] = last.output
        place = self.nodes.index(last)
        self.nodes[place : place + 1] = made
        for node in gone:
            if node is not last:
                self.nodes.remove(node)

    def to_model(self) -> onnx.ModelProto:
        """Return the model, with its metadata (a recognizer's alphabet is there)."""
        used = {name for node in self.nodes for name in node.input} | self._outputs
        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        del model.graph.node[:], model.graph.initializer[:], model.graph.value_info[:]
        model.graph.node.extend(self.nodes)
        model.graph.initializer.extend(
            numpy_helper.from_array(
                constant.astype(np.float32) if name in self._ours else constant, name
            )
            for name, constant in self.constants.items()
            if name in used
        )
        return model


def fuse_hard_swish(graph: Graph) -> bool:
    """Make x * clip(x + 3, 0, 6) / 6 into x * HardSigmoid(x), which onnxruntime has kernels for."""
    for add in kind(graph, "Add"):
        for value in add.input:
            chain = _hard_swish_after(graph, add, value)
            if chain:
                sigmoid = helper.make_node(
                    "HardSigmoid",
                    [value],
                    [graph.new_value(f"{add.output[0]}.sigmoid")],
                    alpha=1 / 6,
                    beta=0.5,
                )
                product = helper.make_node("Mul", [value, sigmoid.output[0]], ["?"])
                graph.replace(chain[-1], chain, [sigmoid, product])
                return True
    return False


def _hard_swish_after(graph: Graph, add: NodeProto, value: str) -> list[NodeProto]:
    if graph.scalar(graph.other_input(add, value) or "") != 3.0:
        return []
    clip = graph.only_user(add.output[0], "Clip")
    if clip is None or [graph.scalar(bound) for bound in clip.input[1:]] != [0.0, 6.0]:
        return []
    product = graph.only_user(clip.output[0], "Mul")
    if product is None or graph.other_input(product, clip.output[0]) != value:
        return []
    divide = graph.only_user(product.output[0], "Div")
    if divide is None or graph.scalar(divide.input[1]) != 6.0:
        return []
    return [add, clip, product, divide]


def fold_into_convolution_before(graph: Graph) -> bool:
    """Put a Mul, Add or BatchNormalization by constants into the convolution it follows."""
    for convolution in kind(graph, *_CONVOLUTIONS):
        channels = channels_out(graph, convolution)
        after = graph.only_user(convolution.output[0], "Mul", "Add", "BatchNormalization")
        if channels is None or after is None:
            continue
        affine = _affine(graph, after, convolution.output[0], channels)
        if affine:
            scale, shift = affine
            weight = graph.weights(convolution.input[1])
            assert weight is not None  # Else its channels would not be known.
            present = bias(graph, convolution, channels)
            shape = [1] * weight.ndim
            shape[_channel_axis(convolution)] = channels
            set_weights(graph, convolution, weight * scale.reshape(shape), present * scale + shift)
            graph.replace(after, [convolution, after], [convolution])
            return True
    return False


def fold_into_convolutions_after(graph: Graph) -> bool:
    """Put x * s + b by numbers into the convolutions that use it, if none of them pads.

    A padded convolution sees zeros beside x * s + b, and so would need -b / s beside x.
    """
    for product, add, value, scale, shift in _scalar_affines(graph):
        users = graph.users(add.output[0])
        if graph.is_output(add.output[0]) or not users:
            continue
        if all(_takes_affine_input(graph, user, add.output[0]) for user in users):
            for user in users:
                weight = graph.weights(user.input[1])
                assert weight is not None  # Else its channels would not be known.
                present = bias(graph, user, weight.shape[0])
                added = shift * weight.sum(axis=tuple(range(1, weight.ndim)))
                set_weights(graph, user, weight * scale, present + added)
                user.input[0] = value
            graph.nodes.remove(add)
            graph.nodes.remove(product)
            return True
    return False


def turn_into_depthwise_convolution(graph: Graph) -> bool:
    """Make x * s + b by numbers elsewhere into one 1 x 1 convolution of each channel alone.

    It keeps onnxruntime's blocked layout, where a Mul and an Add go back to the plain one.
    """
    for product, add, value, scale, shift in _scalar_affines(graph):
        channels = _channels(graph, value)
        if channels is None:
            continue
        weight = graph.add_constant(np.full((channels, 1, 1, 1), scale))
        bias = graph.add_constant(np.full(channels, shift))
        convolution = helper.make_node(
            "Conv", [value, weight, bias], ["?"], group=channels, kernel_shape=[1, 1]
        )
        graph.replace(add, [product, add], [convolution])
        return True
    return False


def factor_gate(graph: Graph) -> bool:
    """Make x + x * gate into x * (1 + gate), where the gate is one number a channel."""
    for product in kind(graph, "Mul"):
        add = graph.only_user(product.output[0], "Add")
        value = graph.other_input(add, product.output[0]) if add else None
        gate = graph.other_input(product, value) if value else None
        if add is not None and value and gate and _is_pooled(graph, gate):
            one = graph.add_constant(np.ones(1))
            plus_one = helper.make_node(
                "Add", [gate, one], [graph.new_value(f"{add.output[0]}.gate")]
            )
            scaled = helper.make_node("Mul", [value, plus_one.output[0]], ["?"])
            graph.replace(add, [product, add], [plus_one, scaled])
            return True
    return False


def _constant_value(node: NodeProto) -> Constant | None:
    if node.op_type != "Constant" or node.attribute[0].name != "value":
        return None
    return numpy_helper.to_array(node.attribute[0].t)


def kind(graph: Graph, *kinds: str) -> Iterator[NodeProto]:
    """Return the nodes of these kinds."""
    return (node for node in graph.nodes if node.op_type in kinds)


def attribute(node: NodeProto, name: str, default: Any) -> Any:
    """Return a node's attribute, or what it is if left out."""
    found = (item for item in node.attribute if item.name == name)
    return next((helper.get_attribute_value(item) for item in found), default)


def _channel_axis(convolution: NodeProto) -> int:
    return 0 if convolution.op_type == "Conv" else 1


def channels_out(graph: Graph, convolution: NodeProto) -> int | None:
    """Return how many channels a convolution with constant weights makes."""
    weight = graph.weights(convolution.input[1])
    unbiased = len(convolution.input) < 3
    known = unbiased or graph.weights(convolution.input[2]) is not None
    grouped = attribute(convolution, "group", 1) != 1 and convolution.op_type == "ConvTranspose"
    if weight is None or weight.ndim != 4 or not known or grouped:
        return None
    return int(weight.shape[_channel_axis(convolution)])


def bias(graph: Graph, convolution: NodeProto, channels: int) -> Constant:
    """Return a convolution's constant bias, zeros if it has none."""
    present = graph.weights(convolution.input[2]) if len(convolution.input) > 2 else None
    return np.zeros(channels) if present is None else present


def set_weights(graph: Graph, node: NodeProto, weight: Constant, added: Constant) -> None:
    """Give a convolution its weight and bias, as new constants: others may share the old ones."""
    node.input[1:] = [graph.add_constant(weight), graph.add_constant(added)]


def _affine(
    graph: Graph, node: NodeProto, value: str, channels: int
) -> tuple[Constant, Constant] | None:
    """Return the scale and shift of each channel that a node applies to a value."""
    if node.op_type == "BatchNormalization":
        numbers = [graph.weights(name) for name in node.input[1:]]
        if len(node.output) > 1 or any(n is None or n.shape != (channels,) for n in numbers):
            return None
        gamma, beta, mean, variance = (number for number in numbers if number is not None)
        scale = gamma / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
        return scale, beta - mean * scale
    operand = graph.weights(graph.other_input(node, value) or "")
    if operand is None or operand.shape not in [(), (1,), (1, channels, 1, 1), (channels, 1, 1)]:
        return None
    each = np.broadcast_to(operand.reshape(-1), channels)
    return (each, np.zeros(channels)) if node.op_type == "Mul" else (np.ones(channels), each)


def _scalar_affines(
    graph: Graph,
) -> Iterator[tuple[NodeProto, NodeProto, str, float, float]]:
    """Find Mul and Add by numbers: the two nodes, the value they change, scale and shift."""
    for product in kind(graph, "Mul"):
        for value in product.input:
            scale = graph.scalar(graph.other_input(product, value) or "")
            add = graph.only_user(product.output[0], "Add")
            if scale is None or add is None:
                continue
            shift = graph.scalar(graph.other_input(add, product.output[0]) or "")
            if shift is not None:
                yield product, add, value, scale, shift


def _takes_affine_input(graph: Graph, node: NodeProto, value: str) -> bool:
    pads = attribute(node, "pads", [0])
    return (
        node.op_type == "Conv"
        and node.input[0] == value
        and channels_out(graph, node) is not None
        and not any(pads)
        and attribute(node, "auto_pad", b"NOTSET") == b"NOTSET"
    )


def _channels(graph: Graph, value: str, steps: int = 4) -> int | None:
    """Return how many channels a value has, if an activation or little else made it from a Conv."""
    node = graph.maker(value, "Conv", "Mul", "HardSigmoid", "Relu") if steps else None
    if node is None:
        return None
    if node.op_type == "Conv":
        return channels_out(graph, node)
    found = {_channels(graph, name, steps - 1) for name in node.input}
    return found.pop() if len(found) == 1 else None


def _is_pooled(graph: Graph, value: str) -> bool:
    """Return whether a value is one number a channel: 1 x 1 convolutions of an average."""
    node = graph.maker(value, "Conv", "Relu", "HardSigmoid", "Sigmoid", "GlobalAveragePool")
    if node is None or node.op_type == "GlobalAveragePool":
        return node is not None
    pointwise = node.op_type != "Conv" or attribute(node, "kernel_shape", None) == [1, 1]
    return pointwise and _is_pooled(graph, node.input[0])
