"""Transposed convolutions made pointwise: where it fits, and that the function stays the same."""

import pytest

from ocr_server.folding import fold
from tests.graphs import Constant, assert_same, folded, is_left_alone, kinds, models

SECOND: dict[str, Constant] = {"first": (4, 6, 2, 2), "second": (6, 3, 2, 2)}


@pytest.mark.parametrize("bias", ["", ", bias"])
@pytest.mark.parametrize("stride", [2, 3])
def test_a_kernel_as_large_as_its_stride_becomes_a_pointwise_convolution(
    stride: int, bias: str
) -> None:
    constants: dict[str, Constant] = {"weight": (4, 6, stride, stride)}
    if bias:
        constants["bias"] = (6,)
    body = f"y = ConvTranspose <strides = [{stride}, {stride}]> (x, weight{bias})"
    assert folded(body, constants) == ["Conv", "DepthToSpace"]


@pytest.mark.parametrize(
    ("attributes", "kernel"),
    [
        ("strides = [2, 2]", (3, 3)),
        ("strides = [3, 3]", (2, 2)),
        ("strides = [2, 3]", (2, 3)),
        ("strides = [1, 1]", (1, 1)),
        ("strides = [2, 2], pads = [1, 1, 1, 1]", (2, 2)),
        ("strides = [2, 2], output_padding = [1, 1]", (2, 2)),
        ("strides = [2, 2], output_shape = [11, 15]", (2, 2)),
        ("strides = [2, 2], dilations = [2, 2]", (2, 2)),
        ('strides = [2, 2], auto_pad = "SAME_UPPER"', (2, 2)),
        ("strides = [2, 2], group = 2", (2, 2)),
    ],
)
def test_other_transposed_convolutions_stay(attributes: str, kernel: tuple[int, int]) -> None:
    body = f"y = ConvTranspose <{attributes}> (x, weight)"
    assert is_left_alone(body, {"weight": (4, 6, *kernel)})


def test_a_transposed_convolution_with_a_weight_given_at_each_run_stays() -> None:
    inputs = {"x": (2, 4, 5, 7), "weight": (4, 6, 2, 2)}
    assert is_left_alone("y = ConvTranspose <strides = [2, 2]> (x, weight)", {}, inputs)


@pytest.mark.parametrize("outer", [2, 3])
@pytest.mark.parametrize("inner", [2, 3])
def test_two_in_a_row_with_an_activation_between_are_rearranged_once(
    outer: int, inner: int
) -> None:
    body = f"""
        a = ConvTranspose <strides = [{outer}, {outer}]> (x, first, shift)  b = Relu(a)
        y = ConvTranspose <strides = [{inner}, {inner}]> (b, second, other_shift)
    """
    constants: dict[str, Constant] = {
        "first": (4, 6, outer, outer),
        "shift": (6,),
        "second": (6, 3, inner, inner),
        "other_shift": (3,),
    }
    assert folded(body, constants) == ["Conv", "Relu", "Conv", "DepthToSpace"]


def test_an_activation_that_is_used_elsewhere_too_is_rearranged_for_it() -> None:
    body = """
        a = ConvTranspose <strides = [2, 2]> (x, first)  b = Relu(a)
        c = ConvTranspose <strides = [2, 2]> (b, second)  y = Sigmoid(c)  z = Sigmoid(b)
    """
    left = folded(body, SECOND, outputs=("y", "z"))
    assert left.count("DepthToSpace") == 2


@pytest.mark.parametrize("middle", ["a", "b"])
def test_a_rearranged_value_that_is_an_output_is_kept(middle: str) -> None:
    body = """
        a = ConvTranspose <strides = [2, 2]> (x, first)  b = Relu(a)
        y = ConvTranspose <strides = [2, 2]> (b, second)
    """
    left = folded(body, SECOND, outputs=("y", middle))
    assert left.count("DepthToSpace") == 2


@pytest.mark.parametrize(
    "after",
    [
        "Conv <pads = [1, 1, 1, 1]> (a, pointwise)",
        "Conv <strides = [2, 2]> (a, pointwise)",
        'Conv <auto_pad = "SAME_UPPER"> (a, pointwise)',
        "Conv <group = 2> (a, grouped)",
        "Conv (a, large)",
    ],
)
def test_a_convolution_that_is_not_plainly_pointwise_stays_behind(after: str) -> None:
    body = f"a = ConvTranspose <strides = [2, 2]> (x, first)  y = {after}"
    constants: dict[str, Constant] = {
        "first": (4, 6, 2, 2),
        "pointwise": (3, 6, 1, 1),
        "grouped": (4, 3, 1, 1),
        "large": (3, 6, 3, 3),
    }
    assert folded(body, constants) == ["Conv", "DepthToSpace", "Conv"]


@pytest.mark.parametrize("after", ["Relu(a)", "Conv (a, pointwise)", "DepthToSpace(a)"])
def test_rearrangements_in_another_order_of_channels_stay(after: str) -> None:
    attributes = "<blocksize = 2>" if "Depth" in after else ""
    after = after.replace("DepthToSpace", f"DepthToSpace {attributes}")
    body = f'a = DepthToSpace <blocksize = 2, mode = "CRD"> (x)  y = {after}'
    inputs = {"x": (2, 16, 5, 7)}
    assert is_left_alone(body, {"pointwise": (3, 4, 1, 1)}, inputs)


def test_two_rearrangements_after_something_else_stay() -> None:
    body = "a = DepthToSpace <blocksize = 2> (x)  y = DepthToSpace <blocksize = 2> (a)"
    assert is_left_alone(body, {}, {"x": (2, 16, 5, 7)})


def test_two_rearrangements_stay_where_the_convolution_before_is_used_elsewhere_too() -> None:
    body = """
        a = Conv(x, weight)  b = DepthToSpace <blocksize = 2> (a)
        y = DepthToSpace <blocksize = 2> (b)  z = Relu(a)
    """
    assert is_left_alone(body, {"weight": (16, 4, 1, 1)}, outputs=("y", "z"))


def test_the_second_of_two_rearrangements_in_another_order_stays() -> None:
    body = """
        a = Conv(x, weight)  b = DepthToSpace <blocksize = 2> (a)
        y = DepthToSpace <blocksize = 2, mode = "CRD"> (b)
    """
    assert is_left_alone(body, {"weight": (16, 4, 1, 1)})


def test_a_transposed_convolution_of_one_dimension_stays() -> None:
    body = "y = ConvTranspose <strides = [2]> (x, weight)"
    assert is_left_alone(body, {"weight": (4, 3, 2)}, {"x": (2, 4, 5)})


def test_a_name_that_is_taken_is_not_taken_again() -> None:
    body = """
        y_flat = Relu(x)  y = ConvTranspose <strides = [2, 2]> (x, weight)  z = Sigmoid(y_flat)
    """
    for model, feeds in models(body, {"weight": (4, 6, 2, 2)}, outputs=("y", "z")):
        # The parser takes no points in names; the name folding would choose has one.
        model.ParseFromString(model.SerializeToString().replace(b"y_flat", b"y.flat"))
        made, _ = fold(model)
        assert kinds(made) == ["Relu", "Conv", "DepthToSpace", "Sigmoid"]
        assert_same(model, made, feeds)
