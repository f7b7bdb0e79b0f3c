"""What is seen inside a network, and the way through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pydantic import TypeAdapter

from nn.inside import trace
from nn.layers import AnyLayer, LayerConfig
from nn.network import Network
from tui.insight import (
    InsideState,
    Insight,
    Subject,
    Walk,
    following,
    next_class,
    next_mistake,
)

LAYER: TypeAdapter[LayerConfig] = TypeAdapter(AnyLayer)
CONV = {"kind": "conv2d", "filters": 4, "kernel_size": 3}
LABELS = np.array([0, 2, 1, 0, 2])


def insight(
    *layers: dict[str, Any], classes: int = 3, shape: tuple[int, ...] = (8, 6, 1)
) -> Insight:
    """What a network of these layers, and a dense one behind, makes of noise."""
    ending = ({"kind": "flatten"}, {"kind": "dense", "units": classes})
    parsed = [LAYER.validate_python(layer) for layer in (*layers, *ending)]
    network = Network(parsed, shape, classes, np.random.default_rng(0))  # type: ignore[arg-type]
    image = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    names = tuple("abcdefghij"[:classes])
    return Insight("model m", Subject(image, 3, 0), LABELS, names, trace(network, image))


def test_the_stops_are_the_image_the_layers_and_the_probabilities() -> None:
    inside = insight(CONV, {"kind": "max_pool2d"})
    titles = ["image", "1 conv2d", "2 max_pool2d", "3 flatten", "4 dense", "softmax"]
    assert [stop.title for stop in inside.stops] == titles
    conv, pool = inside.stops[1:3]
    assert conv.fields == "4 of 3×3, same"
    assert conv.sizes == ("8×6×1 → 8×6×4", "40 parameters", "1.73 k multiply-adds")
    assert "y = w ⋆ x + b" in conv.explanation
    assert pool.sizes == ("8×6×4 → 4×3×4",)
    assert "exp(z) / sum exp(z)" in inside.stops[-1].explanation


def test_layers_inside_a_block_are_numbered_within_it() -> None:
    inside = insight(CONV, {"kind": "residual", "layers": [CONV, {"kind": "relu"}]})
    titles = ["image", "1 conv2d", "2.1 conv2d", "2.2 relu", "2 residual"]
    assert [stop.title for stop in inside.stops][:5] == titles


def test_the_last_layer_and_the_probabilities_go_by_the_classes() -> None:
    inside = insight(CONV)
    logits, shares = inside.stops[-2].output, inside.stops[-1].output
    assert [logits.label(n) for n in range(3)] == ["a", "b", "c"]
    assert logits.title(1) == "class b"
    exponentials = np.exp(logits.values.ravel())
    assert np.allclose(shares.values.ravel(), exponentials / exponentials.sum())
    assert inside.called == exponentials.argmax()
    assert inside.stops[1].output.title(2) == "map 3 of 4"


def test_behind_a_convolution_are_its_filters() -> None:
    first, second = insight(CONV, {**CONV, "filters": 5}).stops[1:3]
    assert first.passage is not None
    assert second.passage is not None
    filters, slices = first.behind(1), second.behind(4)
    assert filters is not None
    assert slices is not None
    assert (filters.noun, filters.count) == ("filter", 4)
    weights = first.passage.parameters["weights"]
    assert_array_equal(filters.values[:, :, 3], weights[3, :, :, 0])
    assert (slices.noun, slices.count) == ("slice", 4)
    assert_array_equal(slices.values, second.passage.parameters["weights"][4])


def test_behind_a_pooling_is_what_it_kept() -> None:
    pool = insight(CONV, {"kind": "max_pool2d"}).stops[2]
    assert pool.passage is not None
    kept = pool.behind(0)
    assert kept is not None
    assert kept.kept is not None
    assert_array_equal(kept.values, pool.passage.input)
    assert (kept.kept > 0).sum() == 4 * 3 * 4
    assert kept.values[kept.kept > 0].sum() == pytest.approx(pool.passage.output.sum())


def test_weights_of_what_was_maps_before_flatten_are_maps_again() -> None:
    stop = insight(CONV, {"kind": "max_pool2d"}).stops[-2]
    assert stop.passage is not None
    weights = stop.behind(2)
    assert weights is not None
    assert weights.values.shape == (4, 3, 4)
    assert_array_equal(weights.values.ravel(), stop.passage.parameters["weights"][2])


def test_layers_that_mix_nothing_may_stand_between() -> None:
    between = ({"kind": "flatten"}, {"kind": "dropout"}, {"kind": "batch_norm"}, {"kind": "relu"})
    dense = {"kind": "dense", "units": 5}
    inside = insight(*between, dense, {"kind": "relu"})
    first, last = inside.stops[5].behind(0), inside.stops[-2].behind(0)
    assert first is not None
    assert last is not None
    assert first.values.shape == (8, 6, 1)
    assert last.values.shape == (1, 1, 5)


@pytest.mark.parametrize("kind", ["relu", "batch_norm", "dropout"])
def test_behind_other_layers_is_nothing(kind: str) -> None:
    inside = insight({"kind": kind})
    assert inside.stops[1].behind(0) is None
    assert inside.stops[0].behind(0) is None


def test_the_way_ends_at_both_ends() -> None:
    inside = insight(CONV)
    walk = Walk().going(inside, -1)
    assert walk.at(inside).title == "image"
    walk = walk.going(inside, 2)
    assert walk.at(inside).title == "2 flatten"
    assert walk.going(inside, 100).at(inside).title == "softmax"


def test_a_shorter_network_is_entered_at_its_end() -> None:
    long, short = insight(CONV, CONV, CONV), insight()
    walk = Walk().going(long, 5)
    assert walk.at(short).title == "softmax"
    assert walk.going(short, -1).at(short).title == "2 dense"


def test_a_map_is_followed_from_layer_to_layer() -> None:
    """A layer with fewer maps shows its last one, and does not forget."""
    inside = insight({**CONV, "filters": 6}, {"kind": "relu"}, {**CONV, "filters": 2})
    walk = Walk().going(inside, 1).choosing(inside, 4)
    assert [walk.map_at(stop) for stop in inside.stops[1:4]] == [4, 4, 1]
    assert walk.choosing(inside, 100).map_at(inside.stops[1]) == 5
    assert walk.choosing(inside, -100).map_at(inside.stops[1]) == 0
    third = walk.going(inside, 2)
    assert third.choosing(inside, -1).map_at(inside.stops[3]) == 0


def test_at_both_ends_classes_are_chosen_round_and_round() -> None:
    inside = insight(CONV)
    walk = Walk()
    assert walk.class_for(inside) == inside.called
    others = [walk := walk.choosing(inside, 1) for _ in range(3)]
    found = [each.class_for(inside) for each in others]
    assert found == [(inside.called + n) % 3 for n in (1, 2, 0)]


def test_turning_and_going_on_begin_at_the_first_picture() -> None:
    inside = insight(CONV)
    walk = Walk(stop=1).turning().skipping(10, 4)
    assert (walk.page, walk.skipped) == ("behind", 4)
    assert walk.skipping(10, 40).skipped == 9
    assert walk.skipping(10, -40).skipped == 0
    assert walk.going(inside, 1).skipped == 0
    assert walk.turning() == Walk(stop=1)


def test_images_are_gone_through_round_and_round() -> None:
    assert following(LABELS, 4, 1) == 0
    assert following(LABELS, 0, -1) == 4


def test_the_next_class_is_one_that_occurs() -> None:
    """Their classes are 0, 2, 1, 0, 2."""
    assert next_class(LABELS, 0) == 2
    assert next_class(LABELS, 2) == 4
    assert next_class(LABELS, 4) == 0
    assert next_class(np.array([5, 5, 9]), 2) == 0


def test_the_next_mistake_is_behind_this_image_or_the_first() -> None:
    wrong = np.array([2, 7])
    assert [next_mistake(wrong, n) for n in (0, 2, 5, 7)] == [2, 7, 7, 2]
    assert next_mistake(np.empty(0, np.intp), 4) == 4


def test_an_image_is_wanted_until_it_is_seen() -> None:
    state, inside = InsideState(), insight()
    assert not state.is_met
    state.insight = inside
    state.follow(2)
    assert not state.is_met
    state.follow(3)
    assert state.is_met
    state.follow(8)
    assert state.is_met, "numbers go round"
    drawn = np.zeros((8, 6, 1), np.uint8)
    state.follow_drawn(drawn)
    assert not state.is_met
    state.insight = Insight("m", Subject(drawn), LABELS, ("a",), inside.passages)
    assert state.is_met
