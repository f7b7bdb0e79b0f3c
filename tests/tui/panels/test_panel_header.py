import pytest

from nn.runs import messages as m
from tui.panels.header import Header


def finished(**changed):
    return m.Finished(
        step=100,
        epochs=2,
        best_epoch=1,
        test_accuracy=0.8,
        test_loss=0.2,
        seconds=10,
        images_per_second=1000,
        model="best.safetensors",
        **changed,
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (m.Paused(step=100), ["paused at step 100", "epoch 3/5", "40 %"]),
        (finished(), ["✓ finished", "epoch 2/5", "100 %"]),
        (finished(reason="patience"), ["✓ finished early", "epoch 2/5", "100 %"]),
    ],
    ids=["paused", "finished", "finished early"],
)
async def test_the_state_and_the_epoch(app_of, run_of, event, words):
    """Two of five epochs are over."""
    run = run_of()
    run.apply(m.Changed(step=0, field="training.epochs", value=5))
    run.apply(event)
    header = Header()
    async with app_of(header).run_test(size=(120, 3)) as pilot:
        header.show(run, "mnist", "no run yet", "")
        await pilot.pause()
        line = header.render().plain
    for word in words:
        assert word in line
    assert ("early" in line) == ("finished early" in words[0])


@pytest.mark.parametrize(("remarks", "words"), [(0, ""), (1, "! 1 remark "), (3, "! 3 remarks")])
async def test_remarks_are_counted(app_of, run_of, remarks, words):
    header = Header()
    async with app_of(header).run_test(size=(120, 3)) as pilot:
        header.show(run_of(), "mnist", "no run yet", "", remarks)
        await pilot.pause()
        line = header.render().plain
    assert words in line
    assert ("remark" in line) == bool(remarks)
