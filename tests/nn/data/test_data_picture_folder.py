"""Folders with one sub-folder of pictures a class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nn.data import describe, load
from nn.data.pictures import read_picture
from nn.schema import InputError


def picture(level: int, mode: str = "L", size: tuple[int, int] = (28, 28)) -> Image.Image:
    """A bright square on black, whose brightness tells one picture from another."""
    image = Image.new("L", size)
    ImageDraw.Draw(image).rectangle((8, 8, 19, 19), fill=level)
    return image.convert(mode)


def fill(folder: Path, counts: dict[str, int], mode: str = "L", kind: str = "png") -> Path:
    for label, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            picture(50 * label + 40 + i, mode).save(folder / name / f"{i}.{kind}")
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(str(folder), "train")
    return str(caught.value).replace(str(folder), "FOLDER")


def test_sub_folders_are_classes_and_a_sixth_of_each_is_for_the_test(tmp_path: Path) -> None:
    fill(tmp_path, {"cat": 12, "dog": 6})
    info = describe(str(tmp_path))
    assert (info.class_names, info.input_shape) == (("cat", "dog"), (28, 28, 1))
    assert (info.train_count, info.test_count) == (15, 3)
    train, test = load(str(tmp_path), "train"), load(str(tmp_path), "test")
    assert Counter(train.labels.tolist()) == {0: 10, 1: 5}
    assert Counter(test.labels.tolist()) == {0: 2, 1: 1}
    assert train.class_names == test.class_names == ("cat", "dog")
    levels = [int(image.max()) for image in (*train.images, *test.images)]
    assert sorted(levels) == [*range(40, 52), *range(90, 96)]
    for data in (train, test):
        for image, label in zip(data.images, data.labels, strict=True):
            assert (image.max() >= 90) == label
    again = load(str(tmp_path), "test")
    assert np.array_equal(again.images, test.images)


def test_the_first_images_are_of_all_classes(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 30, "b": 30, "c": 30})
    assert set(load(str(tmp_path), "train", 20).labels.tolist()) == {0, 1, 2}


def test_train_and_test_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"1": 2, "10": 3, "2": 4})
    fill(tmp_path / "test", {"2": 1, "1": 1})
    (tmp_path / "validation").mkdir()
    info = describe(str(tmp_path))
    assert info.class_names == ("1", "2", "10")
    assert (info.train_count, info.test_count) == (9, 2)
    assert Counter(load(str(tmp_path), "train").labels.tolist()) == {0: 2, 1: 4, 2: 3}
    assert sorted(load(str(tmp_path), "test").labels.tolist()) == [0, 1]


def test_a_test_folder_alone_is_all_for_the_test_and_may_lack_classes(tmp_path: Path) -> None:
    fill(tmp_path / "test", {"10": 1, "2": 3, "1": 0})
    info = describe(str(tmp_path))
    assert (info.class_names, info.input_shape) == (("1", "2", "10"), (28, 28, 1))
    assert (info.train_count, info.test_count) == (0, 4)
    test = load(str(tmp_path), "test")
    assert Counter(test.labels.tolist()) == {1: 3, 2: 1}
    levels = dict(zip(test.images.max(axis=(1, 2, 3)).tolist(), test.labels.tolist(), strict=True))
    assert levels == {40: 2, 90: 1, 91: 1, 92: 1}
    assert refusal(tmp_path) == (
        "data.dataset: FOLDER has test images alone; name another one to train on"
    )


def test_a_test_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "test", {"a": 0, "b": 0})
    assert "FOLDER/test: has no images at all" in refusal(tmp_path)


def test_a_class_called_test_beside_others_is_a_class(tmp_path: Path) -> None:
    fill(tmp_path, {"exam": 6, "test": 6})
    assert describe(str(tmp_path)).class_names == ("exam", "test")


def test_a_train_folder_alone_is_divided(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"a": 6, "b": 6})
    info = describe(str(tmp_path))
    assert (info.train_count, info.test_count) == (10, 2)


def test_grey_pictures_are_fitted_and_centred_like_digits(tmp_path: Path) -> None:
    for name, corner in (("low", 60), ("high", 0)):
        (tmp_path / "train" / name).mkdir(parents=True)
        image = Image.new("L", (100, 90), 255)
        ImageDraw.Draw(image).rectangle((corner, corner, corner + 25, corner + 29), fill=10)
        image.save(tmp_path / "train" / name / "one.jpg")
        image.save(tmp_path / "train" / name / "two.jpg")
    data = load(str(tmp_path / "train"), "train")
    assert data.images.shape == (3, 28, 28, 1)
    wanted = read_picture(tmp_path / "train" / "low" / "one.jpg", (28, 28, 1))
    assert np.array_equal(data.images[data.labels == 1][0], wanted)
    rows, columns = np.nonzero(wanted[..., 0] > 128)
    assert abs(rows.mean() - 13.5) <= 1
    assert abs(columns.mean() - 13.5) <= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_one_picture_with_colours_makes_it_a_dataset_of_colours(tmp_path: Path, mode: str) -> None:
    fill(tmp_path, {"a": 6, "b": 6})
    red = Image.new("RGB", (64, 64), (200, 30, 40)).convert(mode)
    red.save(tmp_path / "b" / ("3.jpg" if mode == "CMYK" else "3.png"))
    assert describe(str(tmp_path)).input_shape == (32, 32, 3)
    images = load(str(tmp_path), "train").images
    assert images.shape[1:] == (32, 32, 3)
    assert images.dtype == np.uint8


@pytest.mark.parametrize(("mode", "kind"), [("1", "png"), ("LA", "png"), ("I;16", "png")])
def test_other_modes_without_colours_are_grey(tmp_path: Path, mode: str, kind: str) -> None:
    fill(tmp_path, {"a": 3, "b": 3}, mode, kind)
    assert describe(str(tmp_path)).input_shape == (28, 28, 1)


def test_a_palette_of_greys_is_grey(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 3, "b": 3}, "L", "gif")
    with Image.open(tmp_path / "a" / "0.gif") as image:
        assert image.mode in ("L", "P")
    assert describe(str(tmp_path)).input_shape == (28, 28, 1)


def test_what_is_no_picture_and_what_is_hidden_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 3, "b": 3})
    (tmp_path / "a" / "notes.txt").write_text("nothing")
    (tmp_path / "a" / ".hidden.png").write_text("nothing")
    (tmp_path / ".git").mkdir()
    (tmp_path / "README").write_text("nothing")
    info = describe(str(tmp_path))
    assert (info.class_names, info.train_count, info.test_count) == (("a", "b"), 5, 1)


def test_describing_reads_headers_only(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 6, "b": 6})
    for path in tmp_path.glob("*/*.png"):
        path.write_bytes(path.read_bytes()[:60])
    assert describe(str(tmp_path)).train_count == 10


def test_a_broken_picture_is_refused_by_name(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"a": 12, "b": 12})
    fill(tmp_path / "test", {"a": 1, "b": 1})
    noise = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    file = tmp_path / "train" / "b" / "99.png"
    Image.fromarray(noise).save(file)
    file.write_bytes(file.read_bytes()[:400])
    assert refusal(tmp_path).startswith("FOLDER/train/b/99.png: the picture cannot be read")


def test_what_only_has_the_name_of_a_picture_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 2, "b": 2})
    (tmp_path / "a" / "0.png").write_text("not a picture")
    assert refusal(tmp_path) == (
        "FOLDER/a/0.png: this is no picture that can be read; give a PNG, JPEG or the like"
    )


def test_a_picture_that_unpacks_to_far_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    fill(tmp_path, {"a": 2, "b": 2})
    Image.new("L", (1500, 1000)).save(tmp_path / "a" / "0.png")
    assert refusal(tmp_path) == (
        "FOLDER/a/0.png: the picture is too large; give one of at most 1 million pixels"
    )


def test_an_empty_class_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, {"a": 2, "b": 2, "c": 0})
    assert refusal(tmp_path) == (
        "FOLDER/c: has no picture; give some that end in .bmp, .gif, .jpeg, .jpg, .pbm, .pgm, "
        ".png, .pnm, .ppm, .tif, .tiff, .webp"
    )


@pytest.mark.parametrize("name", [None, "one.png"])
def test_a_folder_without_classes_is_refused(tmp_path: Path, name: str | None) -> None:
    if name is not None:
        picture(200).save(tmp_path / name)
    assert refusal(tmp_path) == (
        "FOLDER: holds neither IDX files nor sub-folders of pictures; "
        "give a folder with one sub-folder a class"
    )


def test_one_class_is_refused(tmp_path: Path) -> None:
    assert refusal(fill(tmp_path, {"a": 5})) == (
        "FOLDER: the number of classes is 1; give 2 to 1,000"
    )


def test_a_class_of_the_test_alone_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"a": 2, "b": 2})
    fill(tmp_path / "test", {"a": 1, "c": 1})
    assert refusal(tmp_path) == (
        "FOLDER/test/c: is a class of the test alone; FOLDER/train has none"
    )


def test_an_empty_test_folder_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "train", {"a": 2, "b": 2})
    (tmp_path / "test").mkdir()
    assert refusal(tmp_path) == "FOLDER/test: has no images at all; give some of each class"


def test_a_class_too_small_to_divide_is_refused(tmp_path: Path) -> None:
    assert refusal(fill(tmp_path, {"a": 6, "b": 1})) == (
        "FOLDER: has 1 image of class 1 (b), too few to keep some for the test; "
        "give 2 or more, or a test part"
    )
