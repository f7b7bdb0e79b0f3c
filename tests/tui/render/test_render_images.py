import itertools

import numpy as np
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

from nn.schema import InputError
from tui.render.images import image_text, segment_lines

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def pixels_of(text):
    """What a terminal shows: the colours of the upper and the lower half of every cell."""
    lines = text.split("\n")
    shown = np.zeros((2 * len(lines), len(lines[0]), 3), dtype=int)
    for row, line in enumerate(lines):
        for span in line.spans:
            for column in range(span.start, span.end):
                lower = span.style.bgcolor.triplet
                upper = lower if line.plain[column] == " " else span.style.color.triplet
                shown[2 * row : 2 * row + 2, column] = upper, lower
    return shown


def grey(values):
    return np.repeat(np.asarray(values)[:, :, None], 3, axis=2)


def test_a_digit_at_its_own_size_keeps_every_pixel():
    image = np.zeros((28, 28), dtype=np.uint8)
    image[3:25, 13:15] = 255
    image[27, 0] = 255
    assert (pixels_of(image_text(image, width=28)) == grey(image)).all()


def test_half_the_width_shows_the_means_of_two_by_two_pixels():
    rng = np.random.default_rng(0)
    image = rng.random((28, 28, 1))
    image[:2, :2] = 1.0
    means = image.reshape(14, 2, 14, 2).mean(axis=(1, 3))
    shown = pixels_of(image_text(image, width=14))
    assert shown.shape == (14, 14, 3)
    assert np.abs(shown - grey(255 * means)).max() <= 255 / 31 / 2 + 1


def test_thin_strokes_stay_as_bright_as_they_were():
    image = np.zeros((28, 28))
    image[:, 13] = 1.0
    assert pixels_of(image_text(image, width=14)).max() == 255


def test_ink_and_paper_are_the_colours_of_one_and_zero():
    shown = pixels_of(
        image_text(np.array([[0.0, 1.0]] * 2), width=2, ink="#102030", paper="#f0e0d0")
    )
    assert shown[0].tolist() == [[0xF0, 0xE0, 0xD0], [0x10, 0x20, 0x30]]


def test_colours_are_kept():
    image = np.array([[[255, 0, 10], [0, 200, 0]], [[1, 2, 3], [9, 8, 7]]], dtype=np.uint8)
    assert (pixels_of(image_text(image, width=2)) == image).all()


def test_bytes_and_floats_look_the_same():
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert image_text(image, width=16) == image_text(image / 255, width=16)


@pytest.mark.parametrize("style", ["half", "fine", "quadrant", "ascii"])
@pytest.mark.parametrize(
    ("shape", "width", "size"),
    [
        ((28, 28), 28, (14, 28)),
        ((28, 28), 14, (7, 14)),
        ((32, 32, 3), 10, (5, 10)),
        ((1, 50), 5, (1, 5)),
    ],
)
def test_proportions_are_kept_in_every_style(style, shape, width, size):
    image = np.random.default_rng(1).random(shape)
    lines = image_text(image, width=width, style=style).plain.split("\n")
    assert (len(lines), len(lines[0])) == size
    assert len({len(line) for line in lines}) == 1


def test_equal_neighbours_share_a_span():
    text = image_text(np.zeros((28, 28)), width=28)
    assert len(text.spans) == 14


def test_quadrants_show_two_by_two_pixels_without_colour():
    image = np.array([[1, 0, 1, 1], [0, 0, 0, 1], [1, 1, 0, 0], [1, 1, 1, 0]], dtype=float)
    text = image_text(np.repeat(image, 2, axis=0), width=2, style="quadrant")
    assert text.plain == "▘▜\n█▖"
    assert not text.spans


def test_fine_pictures_have_two_colours_a_cell():
    """A cell of two colours is exact; of four, the split with the least error wins."""
    red, blue = (200, 0, 0), (0, 0, 200)
    image = np.array([[red, blue, (0, 0, 0), (10, 0, 0)], [blue, red, (250, 0, 0), (240, 0, 0)]])
    text = image_text(np.repeat(image, 2, axis=0)[::2].astype(np.uint8), width=2, style="fine")
    diagonal, halves = (text.spans[n].style for n in (0, 1))
    assert text.plain == "▞▀"
    assert (diagonal.color.triplet, diagonal.bgcolor.triplet) == (blue, red)
    assert (halves.color.triplet, halves.bgcolor.triplet) == ((5, 0, 0), (245, 0, 0))


def test_fine_pictures_against_trying_every_split():
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    text = image_text(np.repeat(image, 2, axis=0), width=4, style="fine")
    glyphs = " ▗▖▄▝▐▞▟▘▚▌▙▀▜▛█"
    for row, line in enumerate(text.split("\n")):
        for column, span in enumerate(line.spans):
            cell = image[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].reshape(4, 3)
            pattern = glyphs.index(line.plain[column])
            inked = np.array([pattern >> bit & 1 for bit in (3, 2, 1, 0)], bool)
            colours = (span.style.bgcolor.triplet, span.style.color.triplet)
            error = sum(((cell[inked == n] - colours[n]) ** 2.0).sum() for n in (0, 1))
            least = min(
                sum(
                    len(part) * part.var(axis=0).sum()
                    for part in (cell[np.array(split)], cell[~np.array(split)])
                    if len(part)
                )
                for split in itertools.product((True, False), repeat=4)
            )
            assert least <= error <= least + 4 * 3 * (0.5**2 + 1e-6)


def test_fine_greys_lie_between_paper_and_ink():
    text = image_text(np.array([[0.0, 1.0]] * 2), width=1, style="fine", paper="#f0e0d0")
    assert text.plain == "▌"
    assert text.spans[0].style.color.triplet == (0xF0, 0xE0, 0xD0)
    assert text.spans[0].style.bgcolor.triplet == WHITE


def test_quadrants_find_faint_ink_on_light_ground():
    image = np.full((8, 4), 0.6)
    image[:, :2] = 0.9
    assert image_text(image, width=2, style="quadrant").plain == "█ \n█ "


def test_ascii_is_denser_where_the_picture_is_brighter():
    darkest, middle, brightest = image_text(
        np.array([[0.0, 0.5, 1.0]] * 2), width=3, style="ascii"
    ).plain
    assert darkest == " "
    assert middle in "=+"
    assert brightest == "@"


@pytest.mark.parametrize("style", ["quadrant", "ascii"])
@pytest.mark.parametrize("width", [2, 3])
def test_an_empty_picture_is_blank(style, width):
    assert image_text(np.zeros((4, 4)), width=width, style=style).plain.split() == []


def test_no_width_is_no_picture():
    assert image_text(np.zeros((4, 4)), width=0).plain == ""


@pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (2, 4, 4, 1), (0, 4)])
def test_other_shapes_are_refused_with_one_sentence(shape):
    with pytest.raises(InputError, match=r"image: an array of shape .* is no picture"):
        image_text(np.zeros(shape), width=4)


def cells_of(lines):
    return [[(sign, part.style) for part in line for sign in part.text] for line in lines]


@pytest.mark.parametrize("style", ["half", "fine", "quadrant", "ascii"])
def test_lines_of_segments_are_those_that_rich_finds(style):
    picture = image_text(np.random.default_rng(0).random((28, 28)), width=14, style=style)
    ground = Style.parse("red on blue")
    console = Console()
    rich_lines = [Segment.apply_style(line.render(console), ground) for line in picture.split("\n")]
    assert cells_of(segment_lines(picture, ground)) == cells_of(rich_lines)
