"""What is known of mistakes beyond the network's own answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nn.runs.second_look_process import ModelAsked, Neighbour, NeighboursFound
from tui.second_look import MOST_KEPT, Opinion, Place, SecondLook

LABELS = np.array([0, 1, 0, 1, 0])
NAMES = ("cat", "dog")
HERE = Place("mnist", None, ((Path("a.safetensors"), 1),))


def asked(look: SecondLook) -> tuple[int, ...]:
    wanted = look.next()
    return () if wanted is None else wanted.indices


def found(count: int) -> NeighboursFound:
    neighbour = Neighbour(index=3, label=1, distance=2.5, pixels="AA==")
    return NeighboursFound(neighbours=((neighbour,),) * count)


def test_what_is_looked_at_is_wanted_with_what_follows() -> None:
    look = SecondLook()
    look.turn_to(HERE)
    assert look.next() is None
    look.want(np.array([4, 2, 0]), 1, 1)
    wanted = look.next()
    assert wanted is not None
    assert (wanted.dataset, wanted.limit, wanted.indices) == ("mnist", None, (2, 0))
    assert wanted.models == (Path("a.safetensors"),)


@pytest.mark.parametrize(("image_bytes", "count"), [(784, 16), (150_528, 1), (50_000, 5)])
def test_of_large_images_fewer_are_wanted_at_once(image_bytes: int, count: int) -> None:
    look = SecondLook(HERE)
    look.want(np.arange(100), 0, image_bytes)
    assert len(asked(look)) == count


def test_what_was_found_is_not_looked_for_again() -> None:
    look = SecondLook(HERE)
    look.want(np.arange(5), 0, 200_000)
    assert asked(look) == (0,)
    look.apply(found(1), LABELS, NAMES)
    assert look.next() is None
    assert look.of(0).done
    look.want(np.arange(5), 0, 1)
    assert look.next() is None, "the image itself is known"
    look.want(np.arange(5), 1, 1)
    assert asked(look) == (1, 2, 3, 4)
    assert not look.is_elsewhere
    look.want(np.array([40]), 0, 1)
    assert look.is_elsewhere


def test_answers_are_opinions_of_each_image() -> None:
    look = SecondLook(HERE)
    look.want(np.array([1, 2]), 0, 1)
    assert asked(look) == (1, 2)
    probabilities = ((0.25, 0.75), (0.125, 0.875))
    turned = ModelAsked(path=Path("b"), class_names=("dog", "cat"), probabilities=probabilities)
    other = ModelAsked(path=Path("c"), class_names=("bag", "dog"), probabilities=probabilities)
    broken = ModelAsked(path=Path("d"), problem="is no\nmodel")
    for each in (turned, other, broken):
        look.apply(each, LABELS, NAMES)
    assert look.of(1).opinions == [
        Opinion("b", "cat", 0.75, 0.25),
        Opinion("c", "dog", 0.75, None),
        Opinion("d", problem="is no model"),
    ]
    assert look.of(2).opinions[0] == Opinion("b", "cat", 0.875, 0.875)
    assert look.news == 3


def test_another_place_makes_it_look_again() -> None:
    look = SecondLook(HERE)
    look.want(np.array([1]), 0, 1)
    assert asked(look) == (1,)
    look.apply(found(1), LABELS, NAMES)
    look.turn_to(Place("mnist", None, ((Path("a.safetensors"), 1),)))
    assert look.of(1).done
    look.turn_to(Place("mnist", None, ((Path("a.safetensors"), 2),)))
    assert not look.of(1).done
    assert asked(look) == (1,)


def test_a_look_that_failed_is_tried_again_when_somebody_moves_on() -> None:
    look = SecondLook(HERE)
    look.want(np.array([1, 2]), 0, 1)
    assert asked(look) == (1, 2)
    look.fail("gone")
    assert look.next() is None
    assert look.problem == "gone"
    look.want(np.array([1, 2]), 1, 1)
    assert (look.problem, asked(look)) == ("", (2,))


def test_not_everything_is_remembered() -> None:
    look = SecondLook(HERE)
    for start in range(0, 2000, 16):
        look.want(np.arange(start, start + 16), 0, 1)
        count = len(asked(look))
        look.apply(found(count), np.zeros(2016, int), NAMES)
    assert len(look.found) <= MOST_KEPT
    assert look.of(1999).done
    assert not look.of(0).done
