import pytest
from textual.app import App

from nn.config import preset
from nn.rate_finder import RateTest, RateTested, RateTried
from tui.panels.rate import RatePanel
from tui.state import RateState, View

FOUND = RateTested(
    sentence="a learning rate of 0.002 would suit: found by hand",
    suggestion=0.002,
    steepest=0.001,
    lowest=0.04,
)


def state_of(count, result=None, **more):
    """A test of so many batches, whose loss falls in a straight line."""
    state = RateState(preset("small"), RateTest(), **more)
    for k, rate in enumerate(state.test.rates[:count]):
        loss = 2.5 - 0.02 * k
        state.apply(RateTried(step=k + 1, learning_rate=rate, loss=loss, smoothed=loss))
    if result is not None:
        state.apply(result)
    return state


def offered(panel):
    """The keys that mean something now."""
    return {name for name in ("test", "cancel", "use") if panel.check_action(name, ())}


async def shown(app_of, painted, state, size=(80, 24), ascii=False):
    panel = RatePanel(ascii=ascii)
    async with app_of(panel).run_test(size=size) as pilot:
        panel.show(View(rate=state))
        await pilot.pause()
        return painted(panel), offered(panel)


async def test_before_a_test_it_says_what_it_would_do(app_of, painted):
    text, keys = await shown(app_of, painted, None)
    assert "while the learning rate rises" in " ".join(text.split())
    assert "t starts the test" in text
    assert keys == {"test"}


async def test_while_it_goes_on_it_shows_how_far_it_is_and_can_be_cancelled(app_of, painted):
    text, keys = await shown(app_of, painted, state_of(40))
    assert "adam, batches of 64, conv 8·16, dense 64·10" in text
    assert "40 of 100 batches, learning rate 5.72e-4" in text
    assert "smoothed loss" in text
    assert keys == {"cancel"}


async def test_before_the_first_batch_it_says_that_it_starts(app_of, painted):
    text, keys = await shown(app_of, painted, state_of(0))
    assert "The test is starting." in text
    assert keys == {"cancel"}


async def test_a_found_rate_is_marked_and_offered(app_of, painted):
    text, keys = await shown(app_of, painted, state_of(80, FOUND))
    assert "┊" in text
    assert "A learning rate of 0.002 would suit: found by hand. u puts it into" in text
    assert keys == {"test", "use"}


async def test_where_none_was_found_none_is_offered(app_of, painted):
    nothing = RateTested(sentence="no rate was found, as the loss never fell")
    text, keys = await shown(app_of, painted, state_of(80, nothing))
    assert "No rate was found, as the loss never fell." in text
    assert "┊" not in text
    assert keys == {"test"}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (state_of(7, cancelled=True), "Cancelled after 7 of 100 batches; t tests again."),
        (state_of(0, problem="there is no such file"), "could not be done: there is no such file."),
    ],
)
async def test_how_else_it_can_end(app_of, painted, state, sentence):
    text, keys = await shown(app_of, painted, state)
    assert sentence in text
    assert keys == {"test"}


@pytest.mark.parametrize("size", [(80, 21), (40, 9), (20, 5), (5, 3), (1, 1)])
async def test_it_fits_into_any_room(app_of, painted, size):
    text, _ = await shown(app_of, painted, state_of(80, FOUND), size)
    assert len(text.split("\n")) == size[1]


async def test_a_small_screen_leaves_room_for_the_curve(app_of, painted):
    text, _ = await shown(app_of, painted, state_of(80, FOUND), (40, 9))
    assert "┊" in text
    assert "0.002 would suit." in text
    assert "found by hand" not in text


@pytest.mark.parametrize("state", [None, state_of(40), state_of(80, FOUND)])
async def test_ascii_is_enough(app_of, painted, state):
    text, _ = await shown(app_of, painted, state, ascii=True)
    assert text.replace("·", "").isascii()


async def test_it_follows_the_screens_size(app_of, painted):
    panel = RatePanel()
    async with app_of(panel).run_test(size=(80, 24)) as pilot:
        panel.show(View(rate=state_of(80, FOUND)))
        await pilot.resize_terminal(50, 15)
        await pilot.pause()
        lines = painted(panel).split("\n")
        assert len(lines) == 15
        assert max(len(line.rstrip()) for line in lines) <= 50
        assert "u puts it into" in " ".join(lines)


async def test_keys_ask_for_what_they_say():
    asked = []

    class Listening(App[None]):
        def compose(self):
            yield RatePanel()

        def on_rate_panel_test_asked(self):
            asked.append("test")

        def on_rate_panel_cancel_asked(self):
            asked.append("cancel")

        def on_rate_panel_rate_chosen(self, message):
            asked.append(message.rate)

    app = Listening()
    async with app.run_test() as pilot:
        panel = app.query_one(RatePanel)
        panel.focus()
        for state in (None, state_of(3), state_of(80, FOUND)):
            panel.show(View(rate=state))
            await pilot.press("t", "u")
    assert asked == ["test", "cancel", "test", 0.002]
