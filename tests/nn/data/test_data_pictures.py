import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nn.data import load
from nn.data.pictures import from_drawing, read_picture
from nn.schema import InputError

GREY = (28, 28, 1)


@cache
def digits() -> np.ndarray[Any, Any]:
    """The first 50 test digits, (50, 28, 28)."""
    return load("mnist", "test", limit=50).images[..., 0]


def seven() -> Any:
    return digits()[0]


def save(picture: Image.Image, path: Path, **options: Any) -> Path:
    picture.save(path, **options)
    return path


def correlation(one: Any, other: Any) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def page(ink: Any, left: int, top: int, paper: int = 255) -> Image.Image:
    """A digit in black ink on a larger light page, five times its size."""
    large = np.kron(ink, np.ones((5, 5))) / 255
    pixels = np.full((260, 310), float(paper))
    pixels[top : top + 140, left : left + 140] *= 1 - large
    return Image.fromarray(pixels.round().astype(np.uint8))


@pytest.mark.parametrize("index", range(50))
def test_a_digit_drawn_large_and_off_centre_comes_back(index: int, tmp_path: Path) -> None:
    drawn = page(digits()[index], left=3 * index, top=2 * index)
    read = read_picture(save(drawn, tmp_path / "page.png"), GREY)
    assert read.shape == GREY
    assert read.dtype == np.uint8
    # Where the centre of mass lies between two pixels, rounding may go to either.
    shifts = [np.roll(read, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    assert max(correlation(shifted, digits()[index]) for shifted in shifts) > 0.98


def test_nearly_all_digits_come_back_to_the_very_pixel(tmp_path: Path) -> None:
    paths = [save(page(digit, 80, 33), tmp_path / f"{n}.png") for n, digit in enumerate(digits())]
    read = np.stack([read_picture(path, GREY)[..., 0] for path in paths])
    same = [correlation(*pair) > 0.98 for pair in zip(read, digits(), strict=True)]
    assert np.mean(same) >= 0.9
    assert np.abs(read.astype(int) - digits()).mean() < 4


@pytest.mark.parametrize("index", range(5))
def test_a_photograph_on_grey_unevenly_lit_grainy_paper_comes_back(
    index: int, tmp_path: Path
) -> None:
    pixels = np.asarray(page(digits()[index], 90, 50), dtype=float) * 0.5 + 60
    light = np.linspace(-8, 8, pixels.shape[1])
    grain = np.random.default_rng(index).normal(0, 3, pixels.shape)
    photo = Image.fromarray((pixels + light + grain).round().astype(np.uint8)).convert("RGB")
    read = read_picture(save(photo, tmp_path / "photo.jpg", quality=85), GREY)
    assert correlation(read, digits()[index]) > 0.9


def test_white_chalk_reads_like_black_ink(tmp_path: Path) -> None:
    ink = page(seven(), 40, 60)
    chalk = Image.fromarray(255 - np.asarray(ink))
    of_ink = read_picture(save(ink, tmp_path / "ink.png"), GREY)
    of_chalk = read_picture(save(chalk, tmp_path / "chalk.png"), GREY)
    assert np.array_equal(of_ink, of_chalk)


def test_a_solid_bar_fills_the_box_and_sits_in_the_middle(tmp_path: Path) -> None:
    pixels = np.full((300, 400), 255, dtype=np.uint8)
    pixels[20:70, 250:350] = 0
    read = read_picture(save(Image.fromarray(pixels), tmp_path / "bar.png"), GREY)
    expected = np.zeros(GREY, dtype=np.uint8)
    expected[9:19, 4:24] = 255
    assert np.array_equal(read, expected)


def test_the_box_scales_with_the_input(tmp_path: Path) -> None:
    pixels = np.full((300, 400), 255, dtype=np.uint8)
    pixels[20:70, 250:350] = 0
    read = read_picture(save(Image.fromarray(pixels), tmp_path / "bar.png"), (56, 84, 1))
    expected = np.zeros((56, 84, 1), dtype=np.uint8)
    expected[13:43, 12:72] = 255
    assert np.array_equal(read, expected)


def test_the_middle_is_the_centre_of_mass_not_of_the_outline(tmp_path: Path) -> None:
    pixels = np.full((200, 200), 255, dtype=np.uint8)
    pixels[30:130, 50:100] = 0
    pixels[30:50, 100:150] = 0
    read = read_picture(save(Image.fromarray(pixels), tmp_path / "flag.png"), GREY)[..., 0]
    rows, columns = np.indices(read.shape)
    assert abs(np.average(rows, weights=read) - 14) <= 0.5
    assert abs(np.average(columns, weights=read) - 14) <= 0.5


def test_a_thin_stroke_keeps_full_contrast(tmp_path: Path) -> None:
    pixels = np.full((1000, 1000), 255, dtype=np.uint8)
    pixels[100:900, 500:503] = 0
    read = read_picture(save(Image.fromarray(pixels), tmp_path / "one.png"), GREY)
    assert read.max() == 255


def test_a_picture_of_the_inputs_size_is_taken_as_it_is(tmp_path: Path) -> None:
    dark = save(Image.fromarray(seven()), tmp_path / "dark.png")
    light = save(Image.fromarray(255 - seven()), tmp_path / "light.png")
    assert np.array_equal(read_picture(dark, GREY)[..., 0], seven())
    assert np.array_equal(read_picture(str(light), GREY)[..., 0], seven())


@pytest.mark.parametrize(
    ("picture", "suffix"),
    [
        (lambda: Image.fromarray(seven()).convert("RGB"), "png"),
        (lambda: Image.fromarray(seven()).convert("RGB").convert("CMYK"), "tif"),
        (lambda: Image.fromarray(seven()).convert("P"), "gif"),
        (lambda: Image.fromarray(seven().astype(np.uint16) * 257), "png"),
        (lambda: Image.fromarray(seven().astype(np.uint16) * 257), "tif"),
        (lambda: Image.fromarray(seven().astype(np.int32) * 65_793), "tif"),
        (lambda: Image.fromarray(seven().astype(np.float32) / 255), "tif"),
        (lambda: Image.fromarray(np.stack([0 * seven(), seven()], axis=-1), "LA"), "png"),
    ],
    ids=["RGB", "CMYK", "palette", "16 bit PNG", "16 bit TIFF", "32 bit", "float", "black alpha"],
)
def test_every_mode_of_a_digit_reads_the_same(picture: Any, suffix: str, tmp_path: Path) -> None:
    path = save(picture(), tmp_path / f"digit.{suffix}")
    read = read_picture(path, GREY)[..., 0].astype(int)
    assert np.abs(read - seven()).max() <= 1


def test_one_bit_pixels_become_black_and_white(tmp_path: Path) -> None:
    picture = Image.fromarray(seven() > 127)
    assert picture.mode == "1"
    read = read_picture(save(picture, tmp_path / "bits.png"), GREY)[..., 0]
    assert np.array_equal(read, np.where(seven() > 127, 255, 0))


def test_a_transparent_colour_of_a_palette_becomes_white(tmp_path: Path) -> None:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    picture.putpixel((2, 1), 0)
    path = save(picture, tmp_path / "palette.png", transparency=1)
    read = read_picture(path, (4, 4, 3))
    expected = np.full((4, 4, 3), 255)
    expected[1, 2] = [0, 0, 255]
    assert np.array_equal(read, expected)


def test_ink_colours_survive_in_a_colour_input(tmp_path: Path) -> None:
    path = save(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), tmp_path / "red.tif")
    assert np.array_equal(read_picture(path, (8, 8, 3)), np.full((8, 8, 3), [255, 0, 0]))


def test_a_turned_photograph_is_set_upright(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn a quarter clockwise to view"
    path = save(Image.fromarray(pixels), tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_picture(path, (6, 6, 3)), np.rot90(pixels, -1))


def test_a_colour_picture_loses_its_longer_ends_and_is_resized(tmp_path: Path) -> None:
    pixels = np.zeros((40, 100, 3), dtype=np.uint8)
    pixels[:, 30:70] = [10, 200, 90]
    read = read_picture(save(Image.fromarray(pixels), tmp_path / "wide.png"), (10, 10, 3))
    assert np.abs(read.astype(int) - [10, 200, 90]).max() < 15


@pytest.mark.parametrize("level", [0, 90, 128, 200, 255])
@pytest.mark.parametrize("size", [(60, 40), (1, 1)])
def test_a_blank_picture_has_no_ink(level: int, size: tuple[int, int], tmp_path: Path) -> None:
    path = save(Image.new("L", size, level), tmp_path / "blank.png")
    assert not read_picture(path, GREY).any()


def test_faint_grain_is_not_ink(tmp_path: Path) -> None:
    grain = np.random.default_rng(0).integers(245, 256, (80, 80), dtype=np.uint8)
    assert not read_picture(save(Image.fromarray(grain), tmp_path / "grain.png"), GREY).any()


@pytest.mark.parametrize("level", [0, 255])
def test_a_blank_picture_of_the_inputs_size_is_black(level: int, tmp_path: Path) -> None:
    path = save(Image.new("L", (28, 28), level), tmp_path / "blank.png")
    assert not read_picture(path, GREY).any()


def test_two_specks_far_apart_are_still_ink(tmp_path: Path) -> None:
    pixels = np.full((2000, 2000), 255, dtype=np.uint8)
    pixels[10, 10] = pixels[1990, 1990] = 0
    read = read_picture(save(Image.fromarray(pixels), tmp_path / "specks.png"), GREY)
    assert np.count_nonzero(read) == 2


@pytest.mark.parametrize("size", [(4000, 3), (3, 4000), (1, 50)])
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_a_very_long_picture_is_read(
    size: tuple[int, int], shape: tuple[int, int, int], tmp_path: Path
) -> None:
    picture = Image.new("L", size, 255)
    picture.putpixel((size[0] // 2, size[1] // 2), 0)
    assert read_picture(save(picture, tmp_path / "long.png"), shape).shape == shape


def png_that_claims(width: int, height: int, path: Path) -> Path:
    """A small PNG whose header gives another size."""
    content = bytearray(save(Image.new("L", (1, 1)), path).read_bytes())
    header = b"IHDR" + struct.pack(">2I", width, height) + bytes(content[24:29])
    content[12:33] = header + struct.pack(">I", zlib.crc32(header))
    path.write_bytes(content)
    return path


def missing(folder: Path) -> Path:
    return folder / "missing.png"


def a_folder(folder: Path) -> Path:
    return folder


def some_text(folder: Path) -> Path:
    path = folder / "text.png"
    path.write_text("a picture says more than a thousand words", encoding="utf-8")
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.png"
    path.touch()
    return path


def half_a_png(folder: Path) -> Path:
    path = save(page(seven(), 10, 10), folder / "half.png")
    path.write_bytes(path.read_bytes()[:300])
    return path


def half_a_jpeg(folder: Path) -> Path:
    path = save(page(seven(), 10, 10), folder / "half.jpg")
    path.write_bytes(path.read_bytes()[:900])
    return path


def enormous(folder: Path) -> Path:
    return png_that_claims(100_000, 100_000, folder / "enormous.png")


def very_large(folder: Path) -> Path:
    return png_that_claims(10_000, 10_000, folder / "large.png")


def without_width(folder: Path) -> Path:
    return png_that_claims(0, 5, folder / "flat.png")


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (missing, "there is no such file"),
        (a_folder, "this is a folder"),
        (some_text, "this is no picture"),
        (empty, "this is no picture"),
        (half_a_png, "cannot be read"),
        (half_a_jpeg, "cannot be read"),
        (enormous, "at most 89 million pixels"),
        (very_large, "at most 89 million pixels"),
        (without_width, "this is no picture"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_sentence(
    make: Any, reason: str, shape: tuple[int, int, int], tmp_path: Path
) -> None:
    path = make(tmp_path)
    with pytest.raises(InputError) as caught:
        read_picture(path, shape)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert reason in message
    assert "\n" not in message


def test_an_input_of_two_channels_is_refused(tmp_path: Path) -> None:
    path = save(Image.fromarray(seven()), tmp_path / "digit.png")
    with pytest.raises(InputError, match="1 or 3 channels, but this network reads 2"):
        read_picture(path, (28, 28, 2))


@pytest.mark.parametrize("shape", [GREY, (32, 32, 3), (20, 14, 1), (7, 9, 3)])
def test_a_drawing_in_memory_is_read_like_its_file(
    shape: tuple[int, int, int], tmp_path: Path
) -> None:
    ink = 255 - np.asarray(page(seven(), 40, 60))
    mode = "L" if shape[2] == 1 else "RGB"
    file = save(Image.fromarray(ink).convert(mode), tmp_path / "seven.png")
    read = from_drawing(ink, shape)
    assert read.dtype == np.uint8
    assert np.array_equal(read, read_picture(file, shape))


@pytest.mark.parametrize("index", range(10))
def test_a_drawn_digit_comes_back_as_it_was(index: int) -> None:
    ink = 255 - np.asarray(page(digits()[index], 3 * index, 100 - index))
    read = from_drawing(ink, GREY)[..., 0]
    shifts = [np.roll(read, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    assert max(correlation(shifted, digits()[index]) for shifted in shifts) > 0.98


def test_a_drawing_for_a_network_of_two_channels_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        from_drawing(np.zeros((9, 9), np.uint8), (8, 8, 2))
    assert str(caught.value) == "a picture has 1 or 3 channels, but this network reads 2"
