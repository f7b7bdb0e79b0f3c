"""Any picture, made into what a network was trained on.

A network with one input channel is taken to read digits, and its pictures are prepared as MNIST's
were (http://yann.lecun.com/exdb/mnist): light ink on black, fitted into a 20 x 20 box with its
proportions kept, and laid into a field of 28 x 28 so that its centre of mass is in the middle.
Other field sizes scale with these.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from nn.schema import InputError

Pixels = NDArray[np.uint8]

FIELD, BOX = 28, 20

# A picture in which nothing differs more from the paper, on the scale of 0 to 255, is blank.
FAINTEST_INK = 16
# Grain, shadows and the noise of JPEG files, as a share of the strongest ink, are not ink.
NOISE = 0.2


def read_picture(path: str | os.PathLike[str], input_shape: tuple[int, int, int]) -> Pixels:
    """Read a picture of any size and mode as one input of a network.

    Transparent parts become white, and a photograph is turned as its camera says. With one
    channel, a picture that has exactly the size of the input is only inverted where its background
    is light; any other one is prepared like a digit of MNIST, and a blank one is all black. With
    three channels, the picture is resized and its middle is cut out.

    Args:
        path: a file in any format that Pillow reads; of several frames the first counts.
        input_shape: (H, W, C) of the network's input.

    Returns:
        `input_shape`, uint8, 0 to 255.

    Raises:
        InputError: if the file is missing, is not a picture, is damaged or is far too large, or if
            C is neither 1 nor 3.
    """
    return _as_input(_open(path, _mode(input_shape, f"{path}: ")), input_shape)


def from_drawing(ink: Pixels, input_shape: tuple[int, int, int]) -> Pixels:
    """A drawing in memory as one input of a network, as if it were read from a file.

    Args:
        ink: (any height, any width), uint8, 0 to 255.
        input_shape: (H, W, C) of the network's input; with three channels all get the same.

    Returns:
        `input_shape`, uint8, 0 to 255.

    Raises:
        InputError: if C is neither 1 nor 3.
    """
    return _as_input(Image.fromarray(ink).convert(_mode(input_shape, "")), input_shape)


def _mode(input_shape: tuple[int, int, int], where: str) -> str:
    channels = input_shape[2]
    if channels not in (1, 3):
        raise InputError(f"{where}a picture has 1 or 3 channels, but this network reads {channels}")
    return "L" if channels == 1 else "RGB"


def _as_input(picture: Image.Image, input_shape: tuple[int, int, int]) -> Pixels:
    """A picture in mode "L" or "RGB" as the network's own pictures are."""
    height, width, channels = input_shape
    if channels == 3:
        return np.array(ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS))
    if picture.size == (width, height):
        return _light_on_dark(picture)[..., np.newaxis]
    return _like_mnist(picture, height, width)[..., np.newaxis]


def has_colours(path: str | os.PathLike[str]) -> bool:
    """Whether a picture's file has colours, by its header and palette; its pixels stay unread.

    Raises:
        InputError: if the file is missing, is not a picture, is damaged or is far too large.
    """
    with _opened(path) as image:
        if image.mode != "P":
            return Image.getmodebase(image.mode) != "L"
        levels = np.array(image.getpalette("RGB") or (), np.uint8).reshape(-1, 3)
    return bool((levels != levels[:, :1]).any())


def _open(path: str | os.PathLike[str], mode: str) -> Image.Image:
    """The picture upright, without transparency, and in mode "L" or "RGB"."""
    with _opened(path) as image:
        return _flatten(ImageOps.exif_transpose(image)).convert(mode)


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[Image.Image]:
    """The file as a picture whose pixels are not read yet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                yield image
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: this is a folder; name the pictures in it") from None
    except PermissionError:
        raise InputError(f"{path}: this file may not be read; change its permissions") from None
    except UnidentifiedImageError:
        raise InputError(
            f"{path}: this is no picture that can be read; give a PNG, JPEG or the like"
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise InputError(
            f"{path}: the picture is too large; give one of at most {limit} million pixels"
        ) from None
    except Exception as error:  # what Pillow's decoders raise on damaged files has no common base
        raise InputError(
            f"{path}: the picture cannot be read ({error}); it may be damaged, so save it anew"
        ) from error


def _flatten(image: Image.Image) -> Image.Image:
    """The image with 8 bits a channel, laid on white paper where it is transparent."""
    if image.mode.startswith("I") or image.mode == "F":
        return _stretch(image)
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image)


def _stretch(image: Image.Image) -> Image.Image:
    """The values of a 16-bit, 32-bit or floating-point image spread over 0 to 255.

    The file does not say which value is white, and Pillow's own conversion would cut them off.
    """
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    values -= values.min()
    values *= 255 / max(float(values.max()), 1e-30)
    return Image.fromarray(values.round().astype(np.uint8))


def _light_on_dark(picture: Image.Image) -> Pixels:
    pixels = np.array(picture)
    return 255 - pixels if _is_dark_on_light(pixels) else pixels


def _is_dark_on_light(pixels: Pixels) -> bool:
    """Whether the ink is darker than the paper; one without ink counts by which end it is near."""
    paper = _paper(pixels)
    darker, lighter = paper - pixels.min(), pixels.max() - paper
    return bool(darker > lighter or (darker == lighter and paper > 127))


def _paper(pixels: Pixels) -> float:
    """The level of the background, as the border shows it."""
    return float(np.median(np.concatenate((*pixels[[0, -1]], *pixels[:, [0, -1]].T))))


def _like_mnist(picture: Image.Image, height: int, width: int) -> Pixels:
    field = np.zeros((height, width), dtype=np.uint8)
    ink = _ink(picture)
    bounds = ink.getbbox()
    if bounds is None:
        return field
    digit = _shrink(ink.crop(bounds), round(height * BOX / FIELD), round(width * BOX / FIELD))
    rows, columns = digit.shape
    top = _offset(digit.sum(axis=1), height)
    left = _offset(digit.sum(axis=0), width)
    field[top : top + rows, left : left + columns] = digit
    return field


def _ink(picture: Image.Image) -> Image.Image:
    """How far each pixel is from the paper in the direction of the ink; noise is 0."""
    pixels = np.asarray(picture)
    direction = -1 if _is_dark_on_light(pixels) else 1
    # One entry for each of the 256 levels: a table keeps a large photograph at one byte a pixel.
    strength = ((np.arange(256) - _paper(pixels)) * direction).clip(0)
    strongest = strength[[pixels.min(), pixels.max()]].max()
    strength[strength < max(strongest * NOISE, FAINTEST_INK)] = 0
    return picture.point(strength.round().astype(int).tolist())


def _shrink(ink: Image.Image, box_height: int, box_width: int) -> Pixels:
    """The ink as large as fits into the box, with its proportions kept and full contrast."""
    scale = min(box_height / ink.height, box_width / ink.width)
    size = max(round(ink.width * scale), 1), max(round(ink.height * scale), 1)
    digit = np.asarray(ink.convert("F").resize(size, Image.Resampling.HAMMING))
    # Thin strokes fade when they shrink; MNIST's digits all reach nearly full white.
    stretched: Pixels = (digit * (255 / digit.max())).round().astype(np.uint8)
    return stretched


def _offset(mass: NDArray[np.integer], room: int) -> int:
    """Where to start a row of masses so that its centre falls on the middle of `room`.

    The middle is pixel `room` // 2, as in all of MNIST; a tie goes to the lower side, which puts a
    symmetric digit exactly in the middle. The row always stays inside `room`.
    """
    centre = float(np.average(np.arange(len(mass)), weights=mass))
    return int(np.clip(math.ceil(room // 2 - centre - 0.5), 0, room - len(mass)))
