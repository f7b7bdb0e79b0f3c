"""The original's functions: its document runs as printed, and the engine does the work."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn import batched_predict_with_cleanup, one_hot_encode, train
from nn.config import preset
from nn.data import Dataset, as_floats, load
from nn.network import Network
from nn.schema import InputError
from nn.training import EpochDone, Training
from nn.types import Array

IMPORTS = """\
import numpy as np
from nn import train, one_hot_encode, batched_predict_with_cleanup
"""
USAGE = """\
# Load and preprocess data
from tensorflow.keras.datasets import mnist
(train_X, train_y), (test_X, test_y) = mnist.load_data()

# Reshape and normalize
train_X = train_X.reshape(-1, 28, 28, 1).astype(np.float32) / 255.0
test_X = test_X.reshape(-1, 28, 28, 1).astype(np.float32) / 255.0

# One-hot encode labels
train_y = one_hot_encode(train_y)
test_y = one_hot_encode(test_y)

# Define architecture
conv_dims = {
    'conv': {'n_f': 5, 'n_s': 1, 'n_p': 2, 'n_filters': 32},
    'max_pool': {'pool_size': 2, 'n_s': 2},
    'conv2': {'n_f': 5, 'n_s': 1, 'n_p': 2, 'n_filters': 64},
    'max_pool2': {'pool_size': 2, 'n_s': 2}
}
dense_dims = [1024, 10]

# Train the model
params, cost_history = train(
    train_X, train_y, test_X, test_y,
    dims=(conv_dims, dense_dims),
    epochs=25,
    batch_size=128
)

# Make predictions
predictions = batched_predict_with_cleanup(test_X, test_y, params, dims)
"""
"""The section "Usage" of the original's document, as printed."""

CONV: dict[str, dict[str, Any]] = {
    "conv": {"n_f": 5, "n_s": 1, "n_p": 2, "n_filters": 32},
    "max_pool": {"pool_size": 2, "n_s": 2},
    "conv2": {"n_f": 5, "n_s": 1, "n_p": 2, "n_filters": 64},
    "max_pool2": {"pool_size": 2, "n_s": 2},
}
DIMS = (CONV, [1024, 10])
SMALL = ({"conv": {"n_f": 3, "n_s": 2, "n_p": 1, "n_filters": 4}}, [8, 10])
EPOCHS = 3


@pytest.fixture(scope="module")
def tests() -> Dataset:
    return load("mnist", "test", 100)


@pytest.fixture(scope="module")
def printed(digits: Dataset, tests: Dataset) -> dict[str, Any]:
    """The names that the document's usage section leaves behind.

    Keras is played by the bundled MNIST, cut short; `dims` is what the document never defines; and
    3 epochs are enough here.
    """

    def load_data() -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        return (
            (digits.images[..., 0], digits.labels.astype(np.uint8)),
            (tests.images[..., 0], tests.labels.astype(np.uint8)),
        )

    datasets = ModuleType("tensorflow.keras.datasets")
    datasets.mnist = ModuleType("mnist")  # type: ignore[attr-defined]
    datasets.mnist.load_data = load_data
    assert USAGE.count("epochs=25") == 1
    names: dict[str, Any] = {"dims": DIMS}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("tensorflow", "tensorflow.keras"):
            patch.setitem(sys.modules, name, ModuleType(name))
        patch.setitem(sys.modules, "tensorflow.keras.datasets", datasets)
        exec(IMPORTS + USAGE.replace("epochs=25", f"epochs={EPOCHS}"), names)
    return names


@pytest.fixture(scope="module")
def engine(digits: Dataset, tests: Dataset) -> tuple[Training, list[EpochDone]]:
    """The same network as a preset, trained by the engine from uint8 images."""
    config = preset("original").changed(
        {
            "data.validation": 0,
            "training.epochs": EPOCHS,
            "training.schedule": {"kind": "step", "drop": 0.1, "after": [10, 20]},
        }
    )
    training = Training(config, digits, tests)
    return training, [each for each in training.run() if isinstance(each, EpochDone)]


def test_the_printed_usage_gives_what_the_engine_gives(
    printed: dict[str, Any], engine: tuple[Training, list[EpochDone]]
) -> None:
    training, epochs = engine
    train_costs, test_costs = printed["cost_history"]
    assert train_costs == [each.train.loss for each in epochs]
    assert test_costs == [each.test.loss for each in epochs]
    assert printed["params"].keys() == training.network.parameters.keys()
    for name, value in training.network.parameters.items():
        assert_array_equal(printed["params"][name], value)
    probabilities = training.network.predict(training.test.images)
    assert_array_equal(printed["predictions"], probabilities.argmax(axis=1))


def test_the_printed_usage_learns(printed: dict[str, Any], tests: Dataset) -> None:
    train_costs, test_costs = printed["cost_history"]
    assert len(train_costs) == len(test_costs) == EPOCHS
    assert train_costs[-1] < np.log(10) < train_costs[0]
    assert printed["predictions"].shape == (100,)
    assert np.mean(printed["predictions"] == tests.labels) > 0.6


def test_its_network_is_the_printed_one(printed: dict[str, Any]) -> None:
    assert {name: value.shape for name, value in printed["params"].items()} == {
        "1.conv2d.weights": (32, 5, 5, 1),
        "1.conv2d.biases": (32,),
        "4.conv2d.weights": (64, 5, 5, 32),
        "4.conv2d.biases": (64,),
        "8.dense.weights": (1024, 7 * 7 * 64),
        "8.dense.biases": (1024,),
        "10.dense.weights": (10, 1024),
        "10.dense.biases": (10,),
    }


def test_one_hot_labels_are_columns() -> None:
    assert_array_equal(one_hot_encode(np.array([2, 0, 1, 2]), 3), np.eye(3)[:, [2, 0, 1, 2]])
    assert one_hot_encode(np.array([3], np.uint8)).shape == (10, 1)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([1, 10], r"^labels: 10 is none of 10 classes; give 0 to 9, or set num_classes$"),
        ([-1], "^labels: -1 is none of 10 classes"),
        ([[1], [2]], r"^labels: have the shape \(2, 1\) and the type int64; give whole numbers"),
        ([0.5], r"^labels: have the shape \(1,\) and the type float64; give whole numbers"),
    ],
)
def test_wrong_labels_are_refused(labels: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        one_hot_encode(labels)


def arrays(digits: Dataset, count: int = 60) -> tuple[Array, Array]:
    return as_floats(digits.images[:count]), one_hot_encode(digits.labels[:count])


def outputs(params: dict[str, Array], names: list[str]) -> list[tuple[int, ...]]:
    return [params[f"{name}.weights"].shape for name in names]


def test_entries_may_come_in_any_number_and_order(digits: Dataset) -> None:
    """14×14, two convolutions in a row to 12×12 and 6×6, and a pooling with overlap: 5×5."""
    conv = {
        "max_pool_first": {"pool_size": 2, "n_s": 2},
        "conv_a": {"n_f": 3, "n_s": 1, "n_p": 0, "n_filters": 3},
        "conv_b": {"n_f": 2, "n_s": 2, "n_p": 0, "n_filters": 5},
        "pool": {"pool_size": 2, "n_s": 1},
    }
    x, y = arrays(digits)
    params, _ = train(x, y, x, y, (conv, [9, 7, 10]), epochs=1)
    names = ["2.conv2d", "4.conv2d", "8.dense", "10.dense", "12.dense"]
    assert outputs(params, names) == [(3, 3, 3, 1), (5, 2, 2, 3), (9, 5 * 5 * 5), (7, 9), (10, 7)]


def test_a_network_may_be_dense_alone_or_one_layer(digits: Dataset) -> None:
    x, y = arrays(digits)
    params, _ = train(x, y, x, y, ({}, [10]), epochs=1)
    assert outputs(params, ["2.dense"]) == [(10, 784)]
    assert len(batched_predict_with_cleanup(x, y, params, ({}, [10]))) == 60


def test_hidden_values_pass_relu_and_the_last_ones_do_not(digits: Dataset) -> None:
    """A dense network by hand, from the parameters that training gave."""
    x, y = arrays(digits)
    params, costs = train(x, y, x, y, ({}, [20, 10]), epochs=4, batch_size=20)
    hidden = np.maximum(
        x.reshape(60, -1) @ params["2.dense.weights"].T + params["2.dense.biases"], 0
    )
    logits = hidden @ params["4.dense.weights"].T + params["4.dense.biases"]
    assert (logits < 0).any()
    predictions = batched_predict_with_cleanup(x, y, params, ({}, [20, 10]))
    assert_array_equal(predictions, logits.argmax(axis=1))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log((probabilities * y.T).sum(axis=1)).mean()
    assert costs[1][-1] == pytest.approx(expected, rel=1e-4)


def test_batches_of_prediction_change_nothing(digits: Dataset) -> None:
    x, y = arrays(digits)
    params, _ = train(x, y, x, y, SMALL, epochs=2, batch_size=20)
    whole = batched_predict_with_cleanup(x, y, params, SMALL)
    assert_array_equal(batched_predict_with_cleanup(x, y, params, SMALL, batch_size=7), whole)
    assert len(set(whole)) > 1


def test_the_seed_decides(digits: Dataset) -> None:
    x, y = arrays(digits)
    one, same, other = (train(x, y, x, y, SMALL, epochs=1, seed=seed)[0] for seed in (1, 1, 2))
    for name, value in one.items():
        assert_array_equal(value, same[name])
    assert not np.array_equal(one["1.conv2d.weights"], other["1.conv2d.weights"])


def test_the_rate_decays_after_the_named_epochs(digits: Dataset) -> None:
    """With a rate that has decayed to next to nothing, an epoch changes next to nothing."""
    x, y = arrays(digits)
    options: dict[str, Any] = {"learning_rate": 0.01, "decay": 1e-6, "batch_size": 20}
    one, two, three = (
        train(x, y, x, y, SMALL, epochs=epochs, decay_after=[2], **options)[0]
        for epochs in (1, 2, 3)
    )
    assert np.abs(two["1.conv2d.weights"] - one["1.conv2d.weights"]).max() > 1e-3
    assert_allclose(three["1.conv2d.weights"], two["1.conv2d.weights"], atol=1e-6)


def test_by_default_the_rate_falls_to_a_tenth_after_epochs_10_and_20(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = []
    step = Training._step

    def watched(self: Training, order: Any) -> Any:
        done = step(self, order)
        rates.append(done.learning_rate)
        return done

    monkeypatch.setattr(Training, "_step", watched)
    x, y = arrays(digits, 20)
    train(x, y, x, y, SMALL, epochs=25)
    assert rates == pytest.approx([1e-3] * 10 + [1e-4] * 10 + [1e-5] * 5)


def with_conv(**fields: Any) -> Any:
    return {"conv": {"n_f": 3, "n_s": 1, "n_p": 1, "n_filters": 4} | fields}, [10]


@pytest.mark.parametrize(
    ("dims", "sentence"),
    [
        (None, r"^dims: is no pair \(conv_dims, dense_dims\); give a dictionary"),
        (([1024, 10], {}), r"^dims: is no pair"),
        (({"dropout": {"rate": 0.5}}, [10]), "^dims: dropout: is no kind of layer; begin it with"),
        (({"avg_pool": {"pool_size": 2, "n_s": 2}}, [10]), "^dims: avg_pool: is no kind of layer"),
        (
            ({"conv2": {"n_f": 3, "n_s": 1}}, [10]),
            "^dims: conv2: has n_f, n_s; give exactly n_f, n_s, n_p, n_filters$",
        ),
        (({"max_pool": 2}, [10]), "^dims: max_pool: has 2; give exactly pool_size, n_s$"),
        (with_conv(n_filters=0), "^dims: conv: n_filters: 0 is too small; give 1 or more$"),
        (with_conv(n_p=-1), "^dims: conv: n_p: -1 is no padding"),
        (with_conv(n_f=40), "^dims: conv: its 40×40 kernel does not fit into its 28×28 input"),
        (
            ({f"max_pool{i}": {"pool_size": 3, "n_s": 3} for i in range(4)}, [10]),
            "^dims: max_pool3: its 3×3 window does not fit into its 1×1 input",
        ),
        (({}, [1024, 9]), r"^dims: the dense layers are \[1024, 9\]; the last needs 10 units"),
        (({}, []), r"^dims: the dense layers are \[\]; the last needs 10 units"),
        (({}, [-5, 10]), "^dims: dense_dims: -5 is too small; give 1 or more$"),
    ],
)
def test_wrong_dims_are_refused(digits: Dataset, dims: Any, sentence: str) -> None:
    x, y = arrays(digits, 5)
    with pytest.raises(InputError, match=sentence):
        train(x, y, x, y, dims, epochs=1)
    with pytest.raises(InputError, match=sentence):
        batched_predict_with_cleanup(x, y, {}, dims)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"epochs": 0}, "^epochs: 0 is too small; give 1 or more$"),
        ({"batch_size": 2.5}, "^batch_size: 2.5 is not a whole number"),
        ({"learning_rate": -1}, "^learning_rate: -1 is too small"),
        ({"decay": 2}, "^decay: 2 is too large"),
        ({"decay_after": [0]}, "^decay_after: 0 is too small; give 1 or more$"),
        ({"seed": -1}, "^seed: -1 is too small"),
    ],
)
def test_wrong_options_are_refused(digits: Dataset, options: dict[str, Any], sentence: str) -> None:
    x, y = arrays(digits, 5)
    with pytest.raises(InputError, match=sentence):
        train(x, y, x, y, SMALL, **options)


def test_wrong_arrays_are_refused(digits: Dataset) -> None:
    x, y = arrays(digits, 5)
    holed = x.copy()
    holed[0, 0, 0, 0] = np.nan
    for changed, sentence in (
        ({"train_X": x[..., 0]}, r"^train_X: has the shape \(5, 28, 28\); give images"),
        ({"test_X": x[:0]}, r"^test_X: has the shape \(0, 28, 28, 1\); give images"),
        ({"train_X": x.astype(np.int32)}, "^train_X: is of the type int32; give floats"),
        ({"train_X": holed}, "^train_X: has values that are no numbers"),
        (
            {"train_y": y.T},
            r"^train_y: has the shape \(5, 10\); give one-hot labels \(classes, 5\)",
        ),
        ({"test_y": digits.labels[:5]}, r"^test_y: has the shape \(5,\); give one-hot labels"),
        ({"train_y": y * 0}, "^train_y: is not one-hot; give one 1 a column"),
        ({"train_y": y + 1}, "^train_y: is not one-hot"),
        ({"test_X": x[:, :20]}, r"^test_X, test_y: images \(20, 28, 1\) of 10 classes; give such"),
    ):
        given: dict[str, Any] = {"train_X": x, "train_y": y, "test_X": x, "test_y": y} | changed
        with pytest.raises(InputError, match=sentence):
            train(**given, dims=SMALL, epochs=1)


def test_predictions_need_the_parameters_of_their_network(digits: Dataset) -> None:
    x, y = arrays(digits, 5)
    params, _ = train(x, y, x, y, SMALL, epochs=1)
    with pytest.raises(InputError, match=r"^1\.conv2d\.weights is missing; the network needs it"):
        batched_predict_with_cleanup(x, y, {}, SMALL)
    with pytest.raises(InputError, match=r"^4\.dense\.weights has the shape \(8, 784\)"):
        batched_predict_with_cleanup(x, y, params, (SMALL[0], [9, 10]))
    with pytest.raises(InputError, match=r"^batch_size: 0 is too small; give 1 or more$"):
        batched_predict_with_cleanup(x, y, params, SMALL, batch_size=0)
    with pytest.raises(InputError, match=r"^X: has the shape \(28, 28, 1\)"):
        batched_predict_with_cleanup(x[0], y, params, SMALL)


def test_what_is_given_stays_untouched(digits: Dataset) -> None:
    x, y = arrays(digits, 20)
    kept_x, kept_y = x.copy(), y.copy()
    params, _ = train(x, y, x, y, SMALL, epochs=1)
    kept = {name: value.copy() for name, value in params.items()}
    batched_predict_with_cleanup(x, y, params, SMALL)
    assert_array_equal(x, kept_x)
    assert_array_equal(y, kept_y)
    for name, value in kept.items():
        assert_array_equal(params[name], value)


def test_a_network_of_these_parameters_answers_the_same(digits: Dataset) -> None:
    x, y = arrays(digits)
    params, _ = train(digits.images[:60], y, x, y, SMALL, epochs=1)
    layers = preset("small").changed(
        {
            "network.layers": [
                {"kind": "conv2d", "filters": 4, "kernel_size": 3, "stride": 2, "padding": 1},
                {"kind": "relu"},
                {"kind": "flatten"},
                {"kind": "dense", "units": 8},
                {"kind": "relu"},
                {"kind": "dense", "units": 10},
            ]
        }
    )
    network = Network(layers.network.layers, (28, 28, 1), 10)
    for name, value in network.parameters.items():
        value[...] = params[name]
    expected = network.predict(x).argmax(axis=1)
    assert_array_equal(batched_predict_with_cleanup(x, y, params, SMALL), expected)


def test_the_package_alone_loads_no_numpy() -> None:
    code = (
        "import sys, nn\n"
        "assert 'numpy' not in sys.modules\n"
        "assert not hasattr(nn, 'nonsense')\n"
        "assert callable(nn.train) and 'numpy' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
