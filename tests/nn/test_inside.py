from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pydantic import TypeAdapter

from nn.inside import explanation, occlusion, trace
from nn.layers import LAYERS, AnyLayer, LayerConfig
from nn.losses import softmax
from nn.network import Network

LAYER: TypeAdapter[LayerConfig] = TypeAdapter(AnyLayer)


def network(*layers: dict[str, Any], shape: tuple[int, int, int] = (8, 6, 2)) -> Network:
    """A network of these layers and a dense one of three units, its parameters at random."""
    rng = np.random.default_rng(0)
    ending = ({"kind": "flatten"}, {"kind": "dense", "units": 3})
    parsed = [LAYER.validate_python(layer) for layer in (*layers, *ending)]
    built = Network(parsed, shape, 3, rng, dtype=np.float64)
    for value in built.stored.values():
        value[...] = rng.uniform(0.1, 1.0, value.shape) * rng.choice([-1, 1], value.shape)
    return built


def picture(shape: tuple[int, int, int] = (8, 6, 2)) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def convolved(x: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """A convolution with stride 1 that keeps the size, by its definition."""
    filters, height, width, _ = weights.shape
    padded = np.pad(x, ((height // 2,) * 2, (width // 2,) * 2, (0, 0)))
    y = np.empty((*x.shape[:2], filters))
    for i, j, k in np.ndindex(*y.shape):
        y[i, j, k] = (padded[i : i + height, j : j + width] * weights[k]).sum() + biases[k]
    return y


CONV = {"kind": "conv2d", "filters": 4, "kernel_size": 3}


def test_each_layer_is_seen_as_it_is_defined() -> None:
    inside = network(CONV, {"kind": "relu"}, {"kind": "max_pool2d"})
    image = picture()
    passages = trace(inside, image)
    names = ["1.conv2d", "2.relu", "3.max_pool2d", "4.flatten", "5.dense"]
    assert [each.name for each in passages] == names
    conv, relu, pool, flatten, dense = passages
    assert_allclose(conv.input, image / 255)
    convolution = convolved(image / 255, conv.parameters["weights"], conv.parameters["biases"])
    assert_allclose(conv.output, convolution)
    assert_allclose(relu.output, np.maximum(convolution, 0))
    windows = relu.output.reshape(4, 2, 3, 2, 4)
    assert_allclose(pool.output, windows.max(axis=(1, 3)))
    assert_array_equal(flatten.output, pool.output.ravel())
    weights, biases = dense.parameters["weights"], dense.parameters["biases"]
    assert_allclose(dense.output, weights @ flatten.output + biases)
    assert_allclose(softmax(dense.output[:, None])[:, 0], inside.predict(image[None])[0])


def test_outputs_stay_what_they_were() -> None:
    """A layer's own output is valid only until its next call."""
    inside, image = network(CONV, {"kind": "relu"}), picture()
    passages = trace(inside, image)
    before = [each.output.copy() for each in passages]
    inside.predict(np.zeros((1, 8, 6, 2), np.uint8))
    trace(inside, np.zeros_like(image))
    for each, output in zip(passages, before, strict=True):
        assert_array_equal(each.output, output)


def test_floats_are_taken_as_they_are() -> None:
    inside, image = network(CONV), picture()
    shares = image / 255
    assert_allclose(trace(inside, shares)[-1].output, trace(inside, image)[-1].output)
    assert_array_equal(shares, image / 255)


def test_max_pooling_kept_the_largest_value_of_each_window() -> None:
    pool = trace(network(CONV, {"kind": "max_pool2d"}), picture())[1]
    kept = np.zeros((8, 6, 4))
    for i, j, c in np.ndindex(4, 3, 4):
        window = pool.input[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, c]
        row, column = np.unravel_index(window.argmax(), (2, 2))
        kept[2 * i + row, 2 * j + column, c] = 1
    assert pool.kept is not None
    assert_array_equal(pool.kept, kept)


def test_windows_that_overlap_may_keep_a_value_twice() -> None:
    image = np.zeros((8, 6, 2), np.uint8)
    image[4, 2] = 255
    overlapping = {"kind": "max_pool2d", "pool_size": 3, "stride": 1}
    (pool, *_) = trace(network(overlapping), image)
    assert pool.kept is not None
    assert pool.kept[4, 2].tolist() == [9, 9]
    assert pool.kept.sum() == 2 * 6 * 4


def test_average_pooling_keeps_an_equal_share_of_each_value() -> None:
    (pool, *_) = trace(network({"kind": "avg_pool2d"}), picture())
    assert pool.kept is not None
    assert_allclose(pool.kept, 1 / 4)


def test_what_is_looked_at_does_not_change() -> None:
    """Batch norm's running statistics are gathered in training alone."""
    layers = (CONV, {"kind": "batch_norm"}, {"kind": "max_pool2d"}, {"kind": "dropout"})
    inside = network(*layers)
    state = np.abs(inside.state["2.batch_norm.running_variance"])
    inside.state["2.batch_norm.running_variance"][...] = state
    before = {name: value.copy() for name, value in inside.stored.items()}
    trace(inside, picture())
    occlusion(inside, picture())
    for name, value in inside.stored.items():
        assert_array_equal(value, before[name])


@pytest.mark.parametrize("filters", [2, 4])
def test_the_layers_inside_a_block_come_before_it(filters: int) -> None:
    """Where a block keeps the shape, its shortcut is the input itself; else it is a convolution."""
    inner = [{**CONV, "filters": 3}, {"kind": "relu"}, {**CONV, "filters": filters}]
    passages = trace(network({"kind": "residual", "layers": inner}), picture())
    parts = ["1.conv2d", "2.relu", "3.conv2d", *(["shortcut"] if filters == 4 else [])]
    names = [*(f"1.residual.{part}" for part in parts), "1.residual", "2.flatten", "3.dense"]
    assert [each.name for each in passages] == names
    image, block = passages[0].input, passages[len(parts)]
    conv, relu, last = passages[:3]
    assert_allclose(relu.output, np.maximum(conv.output, 0))
    own = last.parameters
    assert_allclose(last.output, convolved(relu.output, own["weights"], own["biases"]))
    around = passages[3].output if filters == 4 else image
    if filters == 4:
        weights = passages[3].parameters["weights"][:, 0, 0]
        assert_allclose(around, image @ weights.T + passages[3].parameters["biases"])
    assert_allclose(block.output, last.output + around)


def test_blocks_within_blocks() -> None:
    innermost = {"kind": "residual", "layers": [{**CONV, "filters": 2}]}
    passages = trace(network({"kind": "residual", "layers": [innermost]}), picture())
    first = "1.residual.1.residual"
    assert [each.name for each in passages][:3] == [f"{first}.1.conv2d", first, "1.residual"]
    image = passages[0].input
    assert_allclose(passages[2].output, passages[0].output + 2 * image)


def test_occlusion_is_what_covering_each_place_costs() -> None:
    """A fifth of 10 pixels is a patch of 3 around a place; the median of this image is 7."""
    inside = network(shape=(10, 12, 1))
    image = np.full((10, 12, 1), 7, np.uint8)
    image[2:5, 3:9] = 200
    cost = occlusion(inside, image)
    assert cost.shape == (10, 12, 3)
    whole = inside.predict(image[None])[0]
    for row, column in ((0, 0), (3, 3), (3, 8), (9, 11), (4, 6)):
        covered = image.copy()
        covered[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = 7
        left = inside.predict(covered[None])[0]
        assert_allclose(cost[row, column], whole - left, atol=1e-12)
    assert_allclose(cost[8], 0, atol=1e-12)
    assert np.abs(cost[3, 3:9]).max() > 0


def test_large_images_are_covered_at_evenly_spaced_places() -> None:
    inside = network({"kind": "global_avg_pool2d"}, shape=(64, 90, 1))
    image = picture((64, 90, 1))
    assert occlusion(inside, image).shape == (28, 28, 3)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.model_fields["kind"].default)
def test_every_kind_of_layer_explains_itself(layer: type[LayerConfig]) -> None:
    """One sentence with a formula, or with what becomes of the shapes, on two lines at most."""
    sentence = explanation(layer())
    assert sentence.endswith(".")
    assert any(sign in sentence for sign in (" = ", " ≈ ", " become "))
    assert 30 < len(sentence) <= 120
    assert "`" not in sentence


def test_a_layer_that_ends_with_an_activation_explains_both() -> None:
    layer = LAYER.validate_python({"kind": "dense", "units": 3, "activation": "relu"})
    dense, relu = (explanation(LAYER.validate_python({"kind": kind})) for kind in ("dense", "relu"))
    assert explanation(layer) == f"{dense} Then relu: {relu}"
    assert "y = W x + b. Then relu: Negative values become zero" in explanation(layer)
