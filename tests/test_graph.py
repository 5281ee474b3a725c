"""Rewrites of graphs: where one fits, what it leaves, and that the function stays the same."""

from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import rapidocr_onnxruntime
from onnx import ModelProto, helper, numpy_helper, parser

from ocr_server.folding import fold
from tests.graphs import (
    CHANNELS_MADE,
    OPTIMIZATIONS,
    Constant,
    Shape,
    X,
    folded,
    is_left_alone,
    kinds,
    models,
    session_of,
)

MODELS = Path(rapidocr_onnxruntime.__file__).parent / "models"
DETECTOR = "ch_PP-OCRv4_det_infer.onnx"
RECOGNIZER = "ch_PP-OCRv4_rec_infer.onnx"
CLASSIFIER = "ch_ppocr_mobile_v2.0_cls_infer.onnx"


# x * clip(x + 3, 0, 6) / 6

SWISH = """
    sum = Add(x, three)  cut = Clip(sum, zero, six)  product = Mul(x, cut)
    y = Div(product, divisor)
"""
SWISH_NUMBERS: dict[str, Constant] = {"three": 3.0, "zero": 0.0, "six": 6.0, "divisor": 6.0}


@pytest.mark.parametrize("three", [3.0, [3.0]])
@pytest.mark.parametrize("divisor", [6.0, [6.0]])
@pytest.mark.parametrize(
    "body",
    [
        SWISH,
        SWISH.replace("Add(x, three)", "Add(three, x)"),
        SWISH.replace("Mul(x, cut)", "Mul(cut, x)"),
    ],
)
def test_a_written_out_hard_swish_becomes_a_hard_sigmoid(
    body: str, three: Constant, divisor: Constant
) -> None:
    left = folded(body, {**SWISH_NUMBERS, "three": three, "divisor": divisor})
    assert left == ["HardSigmoid", "Mul"]


def test_hard_swishes_in_a_row_are_all_fused() -> None:
    first = SWISH.replace("y =", "x2 =")
    second = "sum2 = Add(x2, three)  cut2 = Clip(sum2, zero, six)  product2 = Mul(x2, cut2)"
    body = f"{first}  {second}  y = Div(product2, divisor)"
    left = folded(body, SWISH_NUMBERS)
    assert left == ["HardSigmoid", "Mul"] * 2


@pytest.mark.parametrize(
    "number", [{"three": 2.9}, {"zero": 1.0}, {"zero": -1.0}, {"six": 5.0}, {"divisor": 5.0}]
)
def test_other_numbers_make_no_hard_swish(number: dict[str, Constant]) -> None:
    assert is_left_alone(SWISH, {**SWISH_NUMBERS, **number})


@pytest.mark.parametrize("inner", ["sum", "cut", "product"])
def test_a_hard_swish_of_which_a_part_is_used_elsewhere_stays(inner: str) -> None:
    body = f"{SWISH}  z = Abs({inner})"
    assert is_left_alone(body, SWISH_NUMBERS, outputs=["y", "z"])


@pytest.mark.parametrize("inner", ["sum", "cut", "product"])
def test_a_hard_swish_of_which_a_part_is_an_output_stays(inner: str) -> None:
    assert is_left_alone(SWISH, SWISH_NUMBERS, outputs=["y", inner])


@pytest.mark.parametrize(
    "body",
    [
        SWISH.replace("Mul(x, cut)", "Mul(other, cut)"),
        SWISH.replace("Mul(x, cut)", "Mul(cut, cut)"),
        SWISH.replace("Add(x, three)", "Add(x, other)"),
        SWISH.replace("Div(product, divisor)", "Div(product, other)"),
        SWISH.replace("Div(product, divisor)", "Div(divisor, product)"),
        SWISH.replace("Clip(sum, zero, six)", "Clip(sum, zero)"),
    ],
)
def test_what_only_looks_like_a_hard_swish_stays(body: str) -> None:
    inputs = {**X, "other": X["x"]}
    assert is_left_alone(body, SWISH_NUMBERS, inputs=inputs)


# What follows a convolution

CONVOLUTIONS: dict[str, tuple[str, Shape]] = {
    "plain": ("Conv <pads = [1, 1, 1, 1]>", (CHANNELS_MADE, 4, 3, 3)),
    "auto_pad": ('Conv <auto_pad = "SAME_UPPER", strides = [2, 2]>', (CHANNELS_MADE, 4, 3, 3)),
    "grouped": ("Conv <group = 2>", (CHANNELS_MADE, 2, 3, 3)),
    "depthwise": ("Conv <group = 4>", (4, 1, 3, 3)),
    "transposed": ("ConvTranspose <strides = [2, 2]>", (4, CHANNELS_MADE, 3, 3)),
    "transposed with output_padding": (
        "ConvTranspose <strides = [2, 2], output_padding = [1, 1]>",
        (4, CHANNELS_MADE, 3, 3),
    ),
}


def convolution(name: str, biased: bool) -> tuple[str, int, dict[str, Constant]]:
    """Return one of the convolutions, how many channels it makes, and its constants."""
    kind, weight = CONVOLUTIONS[name]
    channels = weight[1] if kind.startswith("ConvTranspose") else weight[0]
    bias: dict[str, Constant] = {"bias": (channels,)} if biased else {}
    inputs = ", ".join(["x", "weight", *bias])
    return f"made = {kind} ({inputs})", channels, {"weight": weight, **bias}


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_scale_and_a_shift_go_into_the_convolution_before(name: str, biased: bool) -> None:
    before, channels, constants = convolution(name, biased)
    constants |= {"scale": (1, channels, 1, 1), "shift": (1, channels, 1, 1)}
    left = folded(f"{before}  scaled = Mul(made, scale)  y = Add(scaled, shift)", constants)
    assert left == [before.split()[2]]


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_batch_normalization_goes_into_the_convolution_before(name: str, biased: bool) -> None:
    before, channels, constants = convolution(name, biased)
    constants |= dict.fromkeys(("gamma", "beta", "mean"), (channels,))
    constants["variance"] = [0.3 + 0.2 * channel for channel in range(channels)]
    after = "y = BatchNormalization <epsilon = 0.1> (made, gamma, beta, mean, variance)"
    assert folded(f"{before}  {after}", constants) == [before.split()[2]]


def test_a_shift_and_a_batch_normalization_go_into_the_transposed_convolution_before() -> None:
    before, channels, constants = convolution("transposed", biased=False)
    constants |= dict.fromkeys(("gamma", "beta", "mean"), (channels,))
    constants |= {"shift": (1, channels, 1, 1), "variance": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]}
    after = (
        "shifted = Add(made, shift)  y = BatchNormalization(shifted, gamma, beta, mean, variance)"
    )
    assert folded(f"{before}  {after}", constants) == ["ConvTranspose"]


@pytest.mark.parametrize("shape", [(), (1,), (1, CHANNELS_MADE, 1, 1), (CHANNELS_MADE, 1, 1)])
@pytest.mark.parametrize(
    "after", ["Mul(made, number)", "Mul(number, made)", "Add(made, number)", "Add(number, made)"]
)
def test_a_number_or_one_for_each_channel_goes_into_the_convolution_before(
    after: str, shape: Shape
) -> None:
    before, _, constants = convolution("plain", biased=True)
    assert folded(f"{before}  y = {after}", {**constants, "number": shape}) == ["Conv"]


def test_what_a_convolution_makes_times_itself_stays() -> None:
    assert is_left_alone("made = Conv(x, weight)  y = Mul(made, made)", {"weight": (6, 4, 1, 1)})


@pytest.mark.parametrize(
    "shape", [(7,), (5, 7), (5, 1), (1, 1, 1, 7), (2, 1, 1, 1), (1, 1, 1, 1, 1)]
)
@pytest.mark.parametrize("kind", ["Mul", "Add"])
def test_a_constant_that_is_not_one_for_each_channel_stays(kind: str, shape: Shape) -> None:
    body = f"made = Conv(x, weight)  y = {kind}(made, number)"
    assert is_left_alone(body, {"weight": (6, 4, 1, 1), "number": shape})


@pytest.mark.parametrize("shape", [(1, 4, 1, 1), (4, 1, 1)])
def test_a_constant_that_makes_more_channels_of_one_stays(shape: Shape) -> None:
    body = "made = Conv(x, weight)  y = Mul(made, number)"
    assert is_left_alone(body, {"weight": (1, 4, 1, 1), "number": shape})


@pytest.mark.parametrize("width", [4, 5])
def test_numbers_along_the_width_stay_even_if_there_are_as_many_as_channels(width: int) -> None:
    body = "made = Conv(x, weight)  y = Mul(made, number)"
    inputs = {"x": (2, 3, 6, width)}
    assert is_left_alone(body, {"weight": (width, 3, 1, 1), "number": (width,)}, inputs=inputs)


@pytest.mark.parametrize("name", ["number", "weight", "bias"])
def test_what_is_given_at_each_run_is_not_folded(name: str) -> None:
    constants: dict[str, Constant] = {"weight": (6, 4, 1, 1), "bias": (6,), "number": (1,)}
    given = {name: constants.pop(name)}
    inputs = {**X, **{key: shape for key, shape in given.items() if isinstance(shape, tuple)}}
    body = "made = Conv(x, weight, bias)  y = Mul(made, number)"
    assert is_left_alone(body, constants, inputs=inputs)


def test_a_batch_normalization_by_what_is_given_at_each_run_stays() -> None:
    body = "made = Conv(x, weight)  y = BatchNormalization(made, gamma, beta, mean, variance)"
    constants: dict[str, Constant] = dict.fromkeys(("gamma", "beta"), (4,))
    constants |= {"weight": (4, 4, 1, 1), "variance": [1.0, 2.0, 3.0, 4.0]}
    assert is_left_alone(body, constants, inputs={**X, "mean": (4,)})


def test_a_batch_normalization_in_training_mode_stays() -> None:
    body = """
        made = Conv(x, weight)
        y, new_mean, new_variance =
            BatchNormalization <training_mode = 1> (made, gamma, beta, mean, variance)
    """
    constants: dict[str, Constant] = dict.fromkeys(("gamma", "beta", "mean"), (4,))
    constants |= {"weight": (4, 4, 1, 1), "variance": [1.0, 2.0, 3.0, 4.0]}
    for model, _ in models(body, constants, outputs=["y", "new_mean", "new_variance"]):
        model.opset_import[0].version = 15
        assert fold(model)[1] == 0


@pytest.mark.parametrize("scale", [(), (1, 6, 1, 1)])
def test_a_grouped_transposed_convolution_stays(scale: Shape) -> None:
    body = "made = ConvTranspose <group = 2> (x, weight)  y = Mul(made, scale)"
    assert is_left_alone(body, {"weight": (4, 3, 2, 2), "scale": scale})


def test_a_convolution_of_which_the_result_is_used_elsewhere_too_stays() -> None:
    body = "made = Conv(x, weight)  y = Mul(made, scale)  z = Abs(made)"
    assert is_left_alone(body, {"weight": (6, 4, 1, 1), "scale": 2.0}, outputs=["y", "z"])


def test_a_convolution_of_which_the_result_is_an_output_too_stays() -> None:
    body = "made = Conv(x, weight)  y = Mul(made, scale)"
    assert is_left_alone(body, {"weight": (6, 4, 1, 1), "scale": 2.0}, outputs=["y", "made"])


def test_a_convolution_keeps_the_weight_and_bias_that_another_one_was_folded_with() -> None:
    body = """
        made = Conv(x, weight, bias)  y = Mul(made, scale)
        z = Conv(x, weight, bias)
    """
    left = folded(body, {"weight": (6, 4, 3, 3), "bias": (6,), "scale": 2.0}, outputs=["y", "z"])
    assert left == ["Conv", "Conv"]


# What goes before convolutions

AFFINE = "scaled = Mul(x, scale)  used = Add(scaled, shift)"
AFFINE_CONSTANTS: dict[str, Constant] = {"weight": (6, 4, 3, 3), "scale": 1.5, "shift": -2.0}


@pytest.mark.parametrize("scale", [2.5, [-0.5], [0.0]])
@pytest.mark.parametrize("shift", [1.5, [-2.0]])
@pytest.mark.parametrize("affine", [AFFINE, "scaled = Mul(scale, x)  used = Add(shift, scaled)"])
def test_a_scale_and_a_shift_go_into_the_convolution_after(
    affine: str, scale: Constant, shift: Constant
) -> None:
    body = f"{affine}  y = Conv <kernel_shape = [3, 3]> (used, weight, bias)"
    constants = {**AFFINE_CONSTANTS, "bias": (6,), "scale": scale, "shift": shift}
    assert folded(body, constants) == ["Conv"]


@pytest.mark.parametrize(
    ("convolution", "weight"),
    [
        ("Conv <group = 4>", (4, 1, 3, 3)),
        ("Conv <group = 2>", (6, 2, 3, 3)),
        ("Conv <strides = [2, 2], dilations = [2, 1]>", (6, 4, 2, 3)),
        ("Conv <pads = [0, 0, 0, 0]>", (6, 4, 3, 3)),
    ],
)
def test_a_scale_and_a_shift_go_into_any_convolution_that_does_not_pad(
    convolution: str, weight: Shape
) -> None:
    body = f"{AFFINE}  y = {convolution} (used, weight)"
    assert folded(body, {**AFFINE_CONSTANTS, "weight": weight}) == ["Conv"]


def test_a_scale_and_a_shift_go_into_all_convolutions_after() -> None:
    body = f"{AFFINE}  y = Conv(used, weight)  z = Conv(used, weight)  u = Conv(x, weight)"
    left = folded(body, AFFINE_CONSTANTS, outputs=["y", "z", "u"])
    assert left == ["Conv"] * 3


@pytest.mark.parametrize(
    "convolution",
    [
        "Conv <pads = [1, 1, 1, 1]>",
        "Conv <pads = [0, 0, 0, 1]>",
        'Conv <auto_pad = "SAME_UPPER">',
        'Conv <auto_pad = "SAME_LOWER">',
        "Conv <pads = [1, 1, 1, 1], group = 4>",
        "ConvTranspose",
    ],
)
def test_a_scale_and_a_shift_stay_before_what_pads_or_is_transposed(
    convolution: str,
) -> None:
    body = f"{AFFINE}  y = {convolution} (used, weight)"
    weight = (4, 1, 3, 3) if "group" in convolution else (4, 4, 3, 3)
    assert is_left_alone(body, {**AFFINE_CONSTANTS, "weight": weight})


@pytest.mark.parametrize(
    "other", ["Conv <pads = [1, 1, 1, 1]> (used, weight)", "Relu(used)", "Conv(used, given)"]
)
def test_a_scale_and_a_shift_stay_if_one_user_of_several_cannot_take_them(other: str) -> None:
    body = f"{AFFINE}  y = Conv(used, weight)  z = {other}"
    inputs = {**X, "given": (6, 4, 1, 1)}
    assert is_left_alone(
        body,
        AFFINE_CONSTANTS,
        inputs=inputs,
        outputs=["y", "z"],
    )


def test_a_scale_and_a_shift_of_a_weight_stay() -> None:
    body = f"{AFFINE}  y = Conv(data, used)"
    inputs = {"x": (6, 4, 3, 3), "data": X["x"]}
    assert is_left_alone(body, {"scale": 1.5, "shift": -2.0}, inputs=inputs)


@pytest.mark.parametrize("name", ["scale", "shift"])
def test_a_scale_or_a_shift_given_at_each_run_stays_before_the_convolution(name: str) -> None:
    constants = {**AFFINE_CONSTANTS}
    del constants[name]
    assert is_left_alone(f"{AFFINE}  y = Conv(used, weight)", constants, inputs={**X, name: (1,)})


def test_a_scaled_value_that_is_an_output_stays() -> None:
    body = f"{AFFINE}  y = Conv(used, weight)"
    assert is_left_alone(body, AFFINE_CONSTANTS, outputs=["y", "scaled"])


def test_scales_of_each_channel_stay_before_a_convolution() -> None:
    body = f"{AFFINE}  y = Conv(used, weight)"
    assert is_left_alone(body, {**AFFINE_CONSTANTS, "scale": (1, 4, 1, 1)})


# What can go neither before nor after

ACTIVATED = "made = Conv(x, weight)  active = Relu(made)"
ACTIVATED_CONSTANTS: dict[str, Constant] = {"weight": (6, 4, 1, 1), "scale": -1.5, "shift": [2.0]}


@pytest.mark.parametrize(
    "affine",
    [
        "scaled = Mul(active, scale)  used = Add(scaled, shift)",
        "scaled = Mul(scale, active)  used = Add(shift, scaled)",
    ],
)
@pytest.mark.parametrize(
    "after",
    ["Conv <pads = [1, 1, 1, 1]> (used, weight2)", "AveragePool <kernel_shape = [2, 2]> (used)"],
)
def test_any_other_scale_and_shift_become_a_depthwise_convolution(affine: str, after: str) -> None:
    body = f"{ACTIVATED}  {affine}  y = {after}"
    left = folded(body, ACTIVATED_CONSTANTS | {"weight2": (3, 6, 3, 3)})
    assert left == ["Conv", "Relu", "Conv", after.split(maxsplit=1)[0]]


def test_the_depthwise_convolution_leaves_the_value_for_others() -> None:
    body = f"""
        {ACTIVATED}  scaled = Mul(active, scale)  used = Add(scaled, shift)
        y = MaxPool <kernel_shape = [2, 2]> (used)  z = Abs(active)
    """
    left = folded(body, ACTIVATED_CONSTANTS, outputs=["y", "z"])
    assert left == ["Conv", "Relu", "Conv", "MaxPool", "Abs"]


def test_a_scale_and_a_shift_of_unknown_channels_stay() -> None:
    body = "active = Relu(x)  scaled = Mul(active, scale)  used = Add(scaled, shift)  y = Abs(used)"
    assert is_left_alone(body, {"scale": 1.5, "shift": -2.0})


# x + x * gate

GATES = {
    "average": "gate = GlobalAveragePool(x)",
    "convolutions of the average": """
        pool = GlobalAveragePool(x)
        squeezed = Conv <kernel_shape = [1, 1]> (pool, squeeze)  active = Relu(squeezed)
        excited = Conv <kernel_shape = [1, 1]> (active, excite)  gate = HardSigmoid(excited)
    """,
    "sigmoid": "pool = GlobalAveragePool(x)  gate = Sigmoid(pool)",
}
GATE_WEIGHTS: dict[str, Constant] = {"squeeze": (2, 4, 1, 1), "excite": (4, 2, 1, 1)}


@pytest.mark.parametrize(
    "gated",
    [
        "product = Mul(x, gate)  y = Add(x, product)",
        "product = Mul(gate, x)  y = Add(product, x)",
    ],
)
@pytest.mark.parametrize("gate", GATES)
def test_a_value_plus_its_gated_self_is_gated_by_one_more(gate: str, gated: str) -> None:
    left = folded(f"{GATES[gate]}  {gated}", GATE_WEIGHTS)
    assert left[-2:] == ["Add", "Mul"]


def test_one_is_added_to_the_gate_and_not_to_the_value() -> None:
    body = f"{GATES['average']}  product = Mul(x, gate)  y = Add(x, product)"
    for model, _ in models(body, {}):
        small = next(node for node in fold(model)[0].graph.node if node.op_type == "Add")
        assert "gate" in small.input


@pytest.mark.parametrize(
    "gate",
    [
        "gate = Sigmoid(x)",
        "gate = Conv <kernel_shape = [1, 1]> (x, mix)",
        "pool = AveragePool <kernel_shape = [1, 1]> (x)  gate = Sigmoid(pool)",
    ],
)
def test_a_gate_as_large_as_the_value_stays(gate: str) -> None:
    body = f"{gate}  product = Mul(x, gate)  y = Add(x, product)"
    assert is_left_alone(body, {"mix": (4, 4, 1, 1)})


def test_a_gate_from_a_larger_convolution_of_the_average_stays() -> None:
    body = """
        pool = GlobalAveragePool(x)  gate = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]>
        (pool, mix)  product = Mul(x, gate)  y = Add(x, product)
    """
    assert is_left_alone(body, {"mix": (4, 4, 3, 3)})


def test_a_gated_value_that_is_used_elsewhere_too_stays() -> None:
    body = f"{GATES['average']}  product = Mul(x, gate)  y = Add(x, product)  z = Abs(product)"
    assert is_left_alone(body, {}, outputs=["y", "z"])


def test_a_gated_value_that_is_an_output_stays() -> None:
    body = f"{GATES['average']}  product = Mul(x, gate)  y = Add(x, product)"
    assert is_left_alone(body, {}, outputs=["y", "product"])


@pytest.mark.parametrize("product", ["Mul(x, gate)", "Mul(gate, x)"])
def test_a_gated_value_plus_another_stays(product: str) -> None:
    body = f"{GATES['average']}  product = {product}  y = Add(other, product)"
    assert is_left_alone(body, {}, inputs={**X, "other": X["x"]})


# Whole models

LAYER = """
    made = Conv <pads = [1, 1, 1, 1]> (x, weight)
    scaled = Mul(made, scale)  shifted = Add(scaled, shift)
    sum = Add(shifted, three)  cut = Clip(sum, zero, six)  product = Mul(shifted, cut)
    active = Div(product, six)
    scaled2 = Mul(active, scale2)  shifted2 = Add(scaled2, shift2)
    y = Conv(shifted2, weight2)
"""
LAYER_CONSTANTS: dict[str, Constant] = {
    "weight": (6, 4, 3, 3), "scale": [1.5], "shift": [-0.5], "three": 3.0, "zero": 0.0,
    "six": 6.0, "scale2": [0.5], "shift2": [2.0], "weight2": (3, 6, 1, 1),
}  # fmt: skip


def test_a_layer_as_paddle_exports_it_becomes_two_convolutions_and_an_activation() -> None:
    assert folded(LAYER, LAYER_CONSTANTS) == ["Conv", "HardSigmoid", "Mul", "Conv"]


@pytest.mark.parametrize("kind", ["float16", "double"])
def test_a_model_of_other_numbers_stays(kind: str) -> None:
    body = "pooled = GlobalAveragePool(x)  product = Mul(x, pooled)  y = Add(x, product)"
    graph = f"g ({kind}[1,4,5,5] x) => ({kind}[] y) {{ {body} }}"
    model = parser.parse_model(f'<ir_version: 8, opset_import: ["": 12]> {graph}')
    assert fold(model)[1] == 0


def test_folding_twice_is_folding_once() -> None:
    for model, _ in models(LAYER, LAYER_CONSTANTS):
        once, _ = fold(model)
        twice, applied = fold(once)
        assert (twice, applied) == (once, 0)


def test_the_model_given_is_not_changed() -> None:
    for model, _ in models(LAYER, LAYER_CONSTANTS):
        before = model.SerializeToString(deterministic=True)
        fold(model)
        assert model.SerializeToString(deterministic=True) == before


def test_what_a_model_says_of_itself_is_kept() -> None:
    for model, _ in models(LAYER, LAYER_CONSTANTS):
        helper.set_model_props(model, {"character": "a\nb\n 字"})
        model.producer_name = "someone"
        made, _ = fold(model)
        assert (made.metadata_props, made.producer_name) == (model.metadata_props, "someone")
        assert (made.ir_version, made.opset_import) == (model.ir_version, model.opset_import)
        assert (made.graph.input, made.graph.output) == (model.graph.input, model.graph.output)


def test_constants_that_nothing_uses_any_more_are_dropped() -> None:
    for model, _ in models(LAYER, LAYER_CONSTANTS):
        made, _ = fold(model)
        used = {name for node in made.graph.node for name in node.input}
        names = {tensor.name for tensor in made.graph.initializer}
        assert names == used - {name for node in made.graph.node for name in node.output} - {"x"}


def test_a_constant_that_is_an_output_is_kept() -> None:
    assert is_left_alone("y = Abs(x)", {"number": [2.0]}, outputs=["y", "number"])


def test_constants_of_whole_numbers_are_kept_as_they_are() -> None:
    sides = np.array([2, -1], np.int64)
    graph = parser.parse_graph("g (float[2,4,5,7] x) => (float[] y) { y = Reshape(x, sides) }")
    graph.initializer.append(numpy_helper.from_array(sides, "sides"))
    (kept,) = fold(helper.make_model(graph))[0].graph.initializer
    assert kept == graph.initializer[0]


# The engine's models


@cache
def real(name: str) -> tuple[ModelProto, ModelProto]:
    """Return one of the engine's models and what folding makes of it."""
    model = onnx.load(MODELS / name)
    return model, fold(model)[0]


@pytest.mark.parametrize(("name", "limit"), [(DETECTOR, 190), (RECOGNIZER, 290), (CLASSIFIER, 190)])
def test_a_real_model_is_left_with_few_nodes(name: str, limit: int) -> None:
    original, made = real(name)
    assert len(kinds(made)) <= limit < len(kinds(original))


@pytest.mark.parametrize("name", [DETECTOR, RECOGNIZER, CLASSIFIER])
def test_a_real_model_is_left_without_a_written_out_hard_swish(name: str) -> None:
    original, made = real(name)
    assert "Clip" in kinds(original)
    assert "Clip" not in kinds(made)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        (DETECTOR, [(1, 3, 32, 32), (1, 3, 64, 160), (2, 3, 96, 64)]),
        (RECOGNIZER, [(1, 3, 48, 32), (2, 3, 48, 96), (1, 3, 48, 320)]),
        (CLASSIFIER, [(1, 3, 48, 192), (3, 3, 48, 192)]),
    ],
)
def test_a_real_model_gives_the_same_for_noise(name: str, shapes: list[Shape]) -> None:
    sessions = [session_of(model, OPTIMIZATIONS[-1]) for model in real(name)]
    for seed, shape in enumerate(shapes):
        noise = np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)
        expected, actual = (session.run(None, {"x": noise})[0] for session in sessions)
        assert expected.std() > 0
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-4)


def test_the_recognizer_keeps_its_alphabet() -> None:
    original, made = (
        {item.key: item.value for item in one.metadata_props} for one in real(RECOGNIZER)
    )
    assert len(original["character"]) > 6000
    assert made == original
