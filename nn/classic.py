"""The functions of the notebook that this project grew from, over the engine.

An architecture is `(conv_dims, dense_dims)`: a dictionary of convolutions and poolings, computed in
its own order, and the units of the dense layers after them. ReLU follows every convolution and
every dense layer but the last, whose outputs become probabilities by softmax.

    conv_dims = {
        "conv": {"n_f": 5, "n_s": 1, "n_p": 2, "n_filters": 32},
        "max_pool": {"pool_size": 2, "n_s": 2},
    }
    dense_dims = [1024, 10]

A key that begins with `conv` is a convolution: `n_f` is the kernel's size, `n_s` the stride, `n_p`
the zeros on each side, `n_filters` the number of filters. One that begins with `max_pool`, or just
`pool`, is a max pooling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

from nn.config import DataConfig, NetworkConfig, RunConfig, TrainingConfig
from nn.data import Dataset
from nn.layers import AnyLayer
from nn.layers.activation import ReLU
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.pool import MaxPool2D
from nn.layers.shape import Flatten
from nn.network import Network, copy_arrays
from nn.optimizers import Adam
from nn.schedules import Step
from nn.schema import InputError, Schema
from nn.training import EpochDone, Training
from nn.types import Array, Bytes, Integers, Shape

Dims: TypeAlias = tuple[Mapping[str, Mapping[str, Any]], Sequence[int]]
"""`(conv_dims, dense_dims)`."""
Costs: TypeAlias = tuple[list[float], list[float]]
"""Mean cross-entropy in nats on the training and on the test images, one number an epoch."""

_CONVOLUTION = {"n_f": "kernel_size", "n_s": "stride", "n_p": "padding", "n_filters": "filters"}
_POOLING = {"pool_size": "pool_size", "n_s": "stride"}
_SCHEDULE = {"decay": "drop", "decay_after": "after"}
_TRAINING = {name: name for name in ("epochs", "batch_size", "learning_rate", "seed")}

_AnySchema = TypeVar("_AnySchema", bound=Schema)


def one_hot_encode(labels: npt.ArrayLike, num_classes: int = 10) -> Array:
    """Labels (m,) from 0 to `num_classes` - 1 as columns with one 1 each: (num_classes, m).

    Raises:
        InputError: if they are no such labels.
    """
    given = np.asarray(labels)
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer):
        raise InputError(
            f"labels: have the shape {given.shape} and the type {given.dtype}; "
            "give whole numbers in the shape (m,)"
        )
    outside = given[(given < 0) | (given >= num_classes)]
    if len(outside):
        raise InputError(
            f"labels: {outside[0]} is none of {num_classes} classes; "
            f"give 0 to {num_classes - 1}, or set num_classes"
        )
    one_hot = np.zeros((num_classes, len(given)), np.float32)
    one_hot[given, np.arange(len(given))] = 1
    return one_hot


def train(
    train_X: Array | Bytes,
    train_y: Array,
    test_X: Array | Bytes,
    test_y: Array,
    dims: Dims,
    epochs: int = 25,
    batch_size: int = 128,
    *,
    learning_rate: float = 0.001,
    decay: float = 0.1,
    decay_after: Sequence[int] = (10, 20),
    seed: int = 0,
) -> tuple[dict[str, Array], Costs]:
    """Train a network with Adam, and look at the test images after each epoch.

    Args:
        train_X: images (m, H, W, C), floats in [0, 1] or uint8.
        train_y: their labels, one-hot: (classes, m).
        test_X: images that are not learned from, in the same form.
        test_y: their labels.
        dims: `(conv_dims, dense_dims)`, the architecture.
        epochs: times through the training images, in a new order each time.
        batch_size: images a step.
        learning_rate: the size of a step, until the first decay.
        decay: what the learning rate is multiplied by at each decay.
        decay_after: the epochs after which it decays.
        seed: what all randomness grows from.

    Returns:
        `params, cost_history`: the parameters by name, as `1.conv2d.weights`, and
        `(train_costs, test_costs)`. A training cost is the mean over the epoch's batches, each
        taken before its step.

    Raises:
        InputError: if something given does not fit; one sentence says what.
        DivergedError: if the cost is no longer a number.
    """
    learned, tested = _dataset("train_", train_X, train_y), _dataset("test_", test_X, test_y)
    if learned.images.shape[1:] != tested.images.shape[1:] or (
        learned.class_names != tested.class_names
    ):
        raise InputError(
            f"test_X, test_y: images {tested.images.shape[1:]} of {len(tested.class_names)} "
            f"classes; give such as those that are trained on, {learned.images.shape[1:]} of "
            f"{len(learned.class_names)}"
        )
    options = _parse(
        TrainingConfig,
        _TRAINING,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
    )
    schedule = _parse(Step, _SCHEDULE, decay=decay, decay_after=decay_after)
    config = RunConfig(
        data=DataConfig(validation=0),
        network=NetworkConfig(layers=_layers(dims, learned)),
        training=options.model_copy(update={"schedule": schedule, "optimizer": Adam()}),
    )
    training = Training(config, learned, tested)
    costs: Costs = ([], [])
    for happened in training.run():
        if isinstance(happened, EpochDone):
            costs[0].append(happened.train.loss)
            costs[1].append(happened.test.loss)
    return training.network.parameters, costs


def batched_predict_with_cleanup(
    X: Array | Bytes, y: Array, params: Mapping[str, Array], dims: Dims, batch_size: int = 512
) -> Integers:
    """The most probable class of each image, (m,).

    Memory is bounded for any number of images, and all of it is given back at the end.

    Args:
        X: images (m, H, W, C), floats in [0, 1] or uint8.
        y: one-hot labels (classes, m); only their shape is looked at.
        params: the parameters that `train` gave.
        dims: the architecture that they were trained in.
        batch_size: images at a time.

    Raises:
        InputError: if something given does not fit; one sentence says what.
    """
    if batch_size < 1:
        raise InputError(f"batch_size: {batch_size} is too small; give 1 or more")
    data = _dataset("", X, y)
    network = Network(_layers(dims, data), data.images.shape[1:], len(data.class_names))
    copy_arrays(params, network.parameters)
    classes: Integers = network.predict(data.images, batch_size).argmax(axis=1)
    return classes


def _dataset(prefix: str, images: Array | Bytes, one_hot: Array) -> Dataset:
    """What the engine learns from; `prefix` tells in a sentence which of the arrays is meant."""
    is_bytes = images.dtype == np.uint8
    if images.ndim != 4 or images.size == 0:
        raise InputError(f"{prefix}X: has the shape {images.shape}; give images (m, H, W, C)")
    if not (is_bytes or np.issubdtype(images.dtype, np.floating)):
        raise InputError(f"{prefix}X: is of the type {images.dtype}; give floats in [0, 1]")
    if not (is_bytes or np.isfinite(images).all()):
        raise InputError(f"{prefix}X: has values that are no numbers; give floats in [0, 1]")
    count = len(images)
    if one_hot.ndim != 2 or one_hot.shape[1] != count or one_hot.size == 0:
        raise InputError(
            f"{prefix}y: has the shape {one_hot.shape}; "
            f"give one-hot labels (classes, {count}), as one_hot_encode makes them"
        )
    labels = one_hot.argmax(axis=0)
    if (one_hot[labels, np.arange(count)] != 1).any() or np.count_nonzero(one_hot) != count:
        raise InputError(
            f"{prefix}y: is not one-hot; give one 1 a column, as one_hot_encode makes them"
        )
    names = tuple(map(str, range(len(one_hot))))
    # Datasets from files are bytes; Network, and so Training, takes floats in [0, 1] as well.
    return Dataset(f"{prefix}X", cast(Bytes, images), labels, names)


def _layers(dims: Dims, data: Dataset) -> tuple[AnyLayer, ...]:
    """The engine's layers, judged entry by entry."""
    try:
        entries, units = dict(dims[0]), list(dims[1])
    except (TypeError, ValueError, LookupError):
        raise InputError(
            "dims: is no pair (conv_dims, dense_dims); give a dictionary of convolutions and "
            "poolings, and a list of the dense layers' units, as [1024, 10]"
        ) from None
    layers: list[AnyLayer] = []
    shape: Shape = data.images.shape[1:]
    for name, fields in entries.items():
        layer = _map_layer(str(name), fields)
        try:
            shape = layer.output_shape(shape)
        except InputError as error:
            raise InputError(f"dims: {name}: {error}") from None
        layers += [layer, ReLU()] if isinstance(layer, Conv2D) else [layer]
    classes = len(data.class_names)
    if not units or units[-1] != classes:
        raise InputError(
            f"dims: the dense layers are {units}; the last needs {classes} units, one a class"
        )
    layers.append(Flatten())
    for number, each in enumerate(units):
        layers += [ReLU()] if number else []
        layers.append(_parse(Dense, {"dense_dims": "units"}, "dims: ", dense_dims=each))
    return tuple(layers)


def _map_layer(name: str, fields: Mapping[str, Any]) -> Conv2D | MaxPool2D:
    """One entry of `conv_dims`."""
    is_convolution = name.startswith("conv")
    if not is_convolution and not name.startswith(("max_pool", "pool")):
        raise InputError(f"dims: {name}: is no kind of layer; begin it with conv or max_pool")
    names = _CONVOLUTION if is_convolution else _POOLING
    if not isinstance(fields, Mapping) or fields.keys() != names.keys():
        given = ", ".join(map(str, fields)) if isinstance(fields, Mapping) else repr(fields)
        raise InputError(f"dims: {name}: has {given or 'nothing'}; give exactly {', '.join(names)}")
    if is_convolution:
        return _parse(Conv2D, names, f"dims: {name}: ", **fields)
    return _parse(MaxPool2D, names, f"dims: {name}: ", **fields)


def _parse(
    schema: type[_AnySchema], names: Mapping[str, str], where: str = "", /, **values: Any
) -> _AnySchema:
    """Values under the original's names, validated; `names` has the engine's name for each."""
    try:
        return schema.parse({names[ours]: value for ours, value in values.items()})
    except InputError as error:
        path, _, sentence = str(error).partition(": ")
        field = path.partition(".")[0]
        name = next((ours for ours, theirs in names.items() if theirs == field), field)
        raise InputError(f"{where}{name}: {sentence}") from None
