import pytest
from rich.console import Console

from nn.profiling import Part, Profile, Work
from tui.render.profile_table import conditions, profile_table, result

CONVOLUTION = Part(
    name="1.conv2d + 3.max_pool2d + 2.relu",
    milliseconds=30.0,
    share=0.75,
    inference_milliseconds=9.0,
    layers=("1.conv2d", "3.max_pool2d", "2.relu"),
    algorithm="fft",
    forward=Work(milliseconds=10.0, multiply_adds=800_000_000, rate=80.0),
    backward=Work(milliseconds=20.0, multiply_adds=800_000_000, rate=40.0),
)
FLATTEN = Part(
    name="4.flatten",
    milliseconds=0.02,
    share=0.0005,
    inference_milliseconds=0.01,
    layers=("4.flatten",),
    forward=Work(milliseconds=0.01, multiply_adds=0, rate=0.0),
    backward=Work(milliseconds=0.01, multiply_adds=0, rate=0.0),
)
OPTIMIZER = Part(name="optimizer", milliseconds=9.98, share=0.2495, inference_milliseconds=0.0)
PROFILE = Profile(
    processor="A processor",
    processors=8,
    threads=2,
    blas="openblas 1.2",
    numpy="2.0",
    batch_size=128,
    steps=20,
    milliseconds=40.0,
    images_per_second=3200.0,
    inference_milliseconds=9.01,
    inference_images_per_second=14_206.4,
    parts=(CONVOLUTION, FLATTEN, OPTIMIZER),
)


def lines(width, ascii=False):
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(profile_table(PROFILE, width=width, ascii=ascii))
    return capture.get().splitlines()


def test_a_row_for_each_part_of_a_step():
    head, convolution, flatten, optimizer = (line.rstrip() for line in lines(100))
    assert head.split() == [
        *("part", "of", "a", "step", "by", "forward", "G/s", "backward", "G/s"),
        *("inference", "ms", "share"),
    ]
    assert convolution.startswith("1.conv2d + 3.max_pool2d + 2.relu fft")
    figures = ["10.0", "80.0", "20.0", "40.0", "9.00", "30.0", "75.0", "%", "━━━━━━━━"]
    assert convolution.split()[6:] == figures
    assert flatten.split() == ["4.flatten", "0.01", "0.01", "0.01", "0.02", "0.1", "%"]
    assert optimizer.split() == ["optimizer", "9.98", "24.9", "%", "━━╸"]


def test_bars_are_drawn_with_ascii():
    text = "\n".join(lines(100, ascii=True))
    assert text.isascii()
    assert "########" in text


@pytest.mark.parametrize("width", [30, 40, 50, 60, 70, 86, 120])
def test_it_keeps_to_its_width_and_always_names_time_and_share(width):
    shown = lines(width)
    assert max(len(line) for line in shown) <= width
    assert {"ms", "share"} <= set(shown[0].split() + shown[1].split())
    assert "…" not in "".join(shown)


def test_what_the_figures_depend_on_and_the_whole_are_sentences():
    assert conditions(PROFILE) == (
        "batches of 128, 2 threads, A processor (8 usable), openblas 1.2, NumPy 2.0"
    )
    one = PROFILE.model_copy(update={"threads": 1, "milliseconds": 140.2})
    assert ", 1 thread, " in conditions(one)
    assert result(one) == (
        "A step takes 140 ms, 3,200 images/s; inference 9.01 ms, 14,206 images/s."
    )
