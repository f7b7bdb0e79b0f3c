"""Training beside Keras's: the same parameters after twenty steps."""

from __future__ import annotations

from typing import Any

import pytest
from peer_cases import TOLERANCE, assert_all_close
from peer_training import CLASSES, OPTIMIZERS, SHAPE, Trained, epochs, train

from nn.config import TrainingConfig
from nn.optimizers import SGD, Adam, AdamW, RMSprop
from nn.types import Array

tensorflow: Any = pytest.importorskip("tensorflow")
keras: Any = pytest.importorskip("keras")

# Keras's own conversion of its variables is not up to NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NAMES = ("1.conv2d", "3.conv2d", "6.dense", "7.dense")


def their_model(config: TrainingConfig, dtype: str) -> Any:
    """Keras decays beside the steps alone; otherwise a regularizer adds λ/2 ‖w‖² to the loss."""
    decay = getattr(config.optimizer, "weight_decay", 0.0)
    added = 0.0 if isinstance(config.optimizer, AdamW) else decay / 2
    learned = {"kernel_regularizer": keras.regularizers.L2(added), "dtype": dtype}
    return keras.Sequential(
        [
            keras.Input(SHAPE, dtype=dtype),
            keras.layers.ZeroPadding2D(2, dtype=dtype),
            keras.layers.Conv2D(4, (3, 5), activation="tanh", **learned),
            keras.layers.AveragePooling2D(3, 2, dtype=dtype),
            keras.layers.Conv2D(5, 3, (2, 1), activation="elu", **learned),
            keras.layers.Flatten(dtype=dtype),
            keras.layers.Dense(8, activation="sigmoid", **learned),
            keras.layers.Dense(3, **learned),
        ]
    )


def their_optimizer(config: TrainingConfig) -> Any:
    """Keras keeps the rate in SGD's velocity: the same as long as the rate stays.

    It shortens gradients to the limit; PyTorch and we to the millionth below.
    """
    optimizer, family = config.optimizer, keras.optimizers
    common = {
        "learning_rate": config.learning_rate,
        "global_clipnorm": config.clip_norm,
    }
    scaled = common | {"epsilon": 1e-37}
    match optimizer:
        case Adam():
            return family.Adam(beta_1=optimizer.beta1, beta_2=optimizer.beta2, **scaled)
        case AdamW():
            theirs = family.AdamW(
                beta_1=optimizer.beta1,
                beta_2=optimizer.beta2,
                weight_decay=optimizer.weight_decay,
                **scaled,
            )
            theirs.exclude_from_weight_decay(var_names=["bias"])
            return theirs
        case RMSprop():
            return family.RMSprop(rho=optimizer.rho, momentum=optimizer.momentum, **scaled)
        case SGD():
            return family.SGD(momentum=optimizer.momentum, nesterov=optimizer.nesterov, **common)


def weights_of(arrays: dict[str, Array]) -> list[Array]:
    """In their order, and with filters and units last."""
    found = []
    for name in NAMES:
        weights = arrays[f"{name}.weights"]
        found += [weights.transpose(*range(1, weights.ndim), 0), arrays[f"{name}.biases"]]
    return found


def assert_they_agree(ours: Trained, dtype: str, tolerance: float) -> None:
    """Keras, from the same beginning, comes to the same parameters."""
    config = ours.config
    model = their_model(config, dtype)
    model.set_weights(weights_of(ours.before))
    optimizer = their_optimizer(config)
    loss = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=config.loss.label_smoothing, dtype=dtype
    )
    for epoch in epochs(config, dtype):
        for images, labels in epoch:
            targets = keras.ops.one_hot(labels, len(CLASSES), dtype=dtype)
            with tensorflow.GradientTape() as tape:
                total = loss(targets, model(images, training=True)) + sum(model.losses)
            gradients = tape.gradient(total, [each.value for each in model.trainable_weights])
            optimizer.apply(gradients, model.trainable_weights)
    found = dict(enumerate(weights_of(ours.after)))
    expected = dict(enumerate(model.get_weights()))
    assert_all_close(
        {str(k): v for k, v in found.items()}, {str(k): v for k, v in expected.items()}, tolerance
    )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    optimizer = OPTIMIZERS[name]
    if optimizer["kind"].startswith("adam"):
        # Keras keeps the betas in float32: these are exact there.
        optimizer = optimizer | {"beta1": 0.875, "beta2": 0.96875}
    ours = train({"optimizer": optimizer}, dtype, monkeypatch)
    assert_they_agree(ours, dtype, TOLERANCE[dtype])


def test_label_smoothing(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"optimizer": OPTIMIZERS["sgd, momentum"], "loss": {"label_smoothing": 0.125}}
    ours = train(settings, "float64", monkeypatch)
    assert_they_agree(ours, "float64", 1e-10)


def test_clipping(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"optimizer": OPTIMIZERS["sgd, momentum"], "clip_norm": 0.3}
    assert_they_agree(train(settings, "float64", monkeypatch), "float64", 1e-6)
