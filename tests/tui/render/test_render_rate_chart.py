import numpy as np
import pytest

from nn.rate_finder import RateTest, RateTried
from tui.render.rate_chart import rate_chart

TEST = RateTest()


def tried(losses):
    return [
        RateTried(step=k + 1, learning_rate=rate, loss=loss, smoothed=loss)
        for k, (rate, loss) in enumerate(zip(TEST.rates, losses, strict=False))
    ]


def columns(text, sign):
    return {line.index(sign) for line in text.plain.split("\n") if sign in line}


@pytest.mark.parametrize("ascii", [False, True])
def test_the_suggestion_is_marked_where_it_belongs(ascii):
    falling = tried(np.linspace(2, 1, 100))
    text = rate_chart(TEST, falling, 1e-2, width=80, height=16, ascii=ascii)
    (mark,) = columns(text, ":" if ascii else "┊")
    axis = text.plain.split("\n")[-1]
    label = axis.index("0.01")
    assert label <= mark <= label + len("0.01")
    assert not ascii or text.plain.isascii()
    assert columns(rate_chart(TEST, falling, None, width=80, height=16), "┊") == set()


def test_the_axes_stay_while_the_test_goes_on_and_an_explosion_leaves_the_picture():
    losses = [2.0, *np.linspace(2, 1, 90), 50.0, 400.0]
    first, last = (
        rate_chart(TEST, tried(losses[:n]), None, width=80, height=16).plain.split("\n")
        for n in (1, 93)
    )
    assert [line[:2] for line in first[1:]] == [line[:2] for line in last[1:]]
    assert first[-1] == last[-1]


def test_before_the_first_batch_it_says_so():
    assert "no batches yet" in rate_chart(TEST, [], None, width=80, height=16).plain
