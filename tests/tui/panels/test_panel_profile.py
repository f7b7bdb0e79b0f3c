import pytest
from textual.app import App

from nn.config import preset
from nn.profiling import Part, Profile, ProfileAdvanced, ProfileTest, Work
from tui.panels.profile import ProfilePanel
from tui.state import ProfileState, View


def part(number):
    """A stage of three layers that took so many milliseconds forward, and as many backward."""
    layers = tuple(f"{3 * number + k}.{kind}" for k, kind in enumerate(("conv2d", "relu", "none")))
    work = Work(milliseconds=float(number), multiply_adds=1, rate=1.0)
    return Part(
        name=" + ".join(layers),
        milliseconds=2.0 * number,
        share=2.0 * number / 200,
        inference_milliseconds=1.0,
        layers=layers,
        algorithm="gemm",
        forward=work,
        backward=work,
    )


FOUND = Profile(
    processor="A processor",
    processors=8,
    threads=2,
    blas="openblas 1.2",
    numpy="2.0",
    batch_size=128,
    steps=20,
    milliseconds=200.0,
    images_per_second=640.0,
    inference_milliseconds=10.0,
    inference_images_per_second=12_800.0,
    parts=tuple(map(part, range(1, 15))),
)


def state_of(done=0, result=None, **more):
    state = ProfileState(preset("small"), ProfileTest(), **more)
    if done:
        state.apply(ProfileAdvanced(done=done, total=46))
    if result is not None:
        state.apply(result)
    return state


def offered(panel):
    """The keys that mean something now."""
    return {name for name in ("measure", "cancel") if panel.check_action(name, ())}


def words(app):
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


async def shown(app_of, state, size=(80, 24), ascii=False, keys=()):
    panel = ProfilePanel(ascii=ascii)
    app = app_of(panel)
    async with app.run_test(size=size) as pilot:
        panel.focus()
        panel.show(View(profile=state))
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        return words(app), offered(panel)


async def test_before_measuring_it_says_what_it_would_do(app_of):
    text, keys = await shown(app_of, None)
    assert "No run and no model is touched: t starts it." in " ".join(text.split())
    assert keys == {"measure"}


@pytest.mark.parametrize(
    ("state", "sentence", "key"),
    [
        (state_of(), "Measuring is starting.", "cancel"),
        (state_of(7), "7 of 46 steps", "cancel"),
        (
            state_of(7, cancelled=True),
            "Cancelled after 7 of 46 steps; t measures again.",
            "measure",
        ),
        (state_of(cancelled=True), "Cancelled.", "measure"),
        (state_of(problem="no room"), "The steps could not be measured: no room.", "measure"),
    ],
)
async def test_how_far_it_is_and_how_it_can_end(app_of, state, sentence, key):
    text, keys = await shown(app_of, state)
    assert "conv 8·16, dense 64·10" in text
    assert sentence in text
    assert keys == {key}


async def test_what_was_found_is_a_table_with_bars(app_of):
    text, keys = await shown(app_of, state_of(46, FOUND), (120, 36))
    assert "A step takes 200 ms, 640 images/s" in text
    assert "part of a step" in text
    rows = [line for line in text.splitlines() if "conv2d" in line]
    assert [row.split()[0] for row in rows] == [f"{3 * k}.conv2d" for k in range(1, 15)]
    cells = [sum(1 if sign == "━" else 0.5 for sign in row.split()[-1]) for row in rows]
    assert cells == sorted(cells)
    assert rows[-1].endswith("━━━━━━━━")
    assert "A processor" in text
    assert keys == {"measure"}


async def test_a_table_taken_beside_a_run_says_so(app_of):
    assert "A run trains meanwhile" not in (await shown(app_of, state_of(46, FOUND)))[0]
    text, _ = await shown(app_of, state_of(46, FOUND, disturbed=True))
    assert "A run trains meanwhile" in text


async def test_what_is_longer_than_the_screen_can_be_scrolled_to(app_of):
    text, _ = await shown(app_of, state_of(46, FOUND), (80, 16))
    assert "Measured:" not in text
    text, _ = await shown(app_of, state_of(46, FOUND), (80, 16), keys=["end"])
    assert "Measured: batches of 128, 2 threads, A processor" in " ".join(text.split())


@pytest.mark.parametrize("size", [(80, 21), (40, 9), (20, 5), (5, 3), (1, 1)])
async def test_it_fits_into_any_room(app_of, size):
    text, _ = await shown(app_of, state_of(46, FOUND), size)
    lines = text.split("\n")
    assert len(lines) == size[1]
    assert max(map(len, lines)) <= size[0]


@pytest.mark.parametrize("state", [None, state_of(7), state_of(46, FOUND)])
async def test_ascii_is_enough(app_of, state):
    text, _ = await shown(app_of, state, (120, 60), ascii=True)
    assert text.replace("·", "").isascii()


async def test_it_follows_the_screens_size(app_of):
    panel = ProfilePanel()
    app = app_of(panel)
    async with app.run_test(size=(120, 40)) as pilot:
        panel.show(View(profile=state_of(46, FOUND)))
        await pilot.pause()
        assert "inference" in words(app).splitlines()[3]
        await pilot.resize_terminal(60, 40)
        await pilot.pause()
        assert "part of a step" in words(app)
        assert "inference ms" not in " ".join(words(app).split())


async def test_keys_ask_for_what_they_say():
    asked = []

    class Listening(App[None]):
        def compose(self):
            yield ProfilePanel()

        def on_profile_panel_measure_asked(self):
            asked.append("measure")

        def on_profile_panel_cancel_asked(self):
            asked.append("cancel")

    app = Listening()
    async with app.run_test() as pilot:
        panel = app.query_one(ProfilePanel)
        panel.focus()
        for state in (None, state_of(3), state_of(46, FOUND)):
            panel.show(View(profile=state))
            await pilot.press("t")
    assert asked == ["measure", "cancel", "measure"]
