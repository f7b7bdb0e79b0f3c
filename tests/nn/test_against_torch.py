"""The same network in PyTorch, where that is installed: an independent implementation agrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn.layers import LayerConfig
from nn.layers.activation import ReLU
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.pool import MaxPool2D
from nn.layers.shape import Flatten
from nn.losses import cross_entropy, cross_entropy_gradient
from nn.network import Network
from nn.optimizers import SGD, Adam, OptimizerConfig
from nn.types import Array, Integers

torch: Any = pytest.importorskip("torch")

RATE = 0.01
LAYERS: tuple[LayerConfig, ...] = (
    Conv2D(filters=4, kernel_size=(3, 5), padding=2),
    ReLU(),
    MaxPool2D(pool_size=(3, 3), stride=(2, 2)),
    Conv2D(filters=5, kernel_size=(3, 3), stride=(2, 1), padding="valid"),
    ReLU(),
    MaxPool2D(pool_size=(1, 2), stride=(1, 2)),
    Flatten(),
    Dense(units=8),
    ReLU(),
    Dense(units=3),
)


def both(seed: int = 0) -> tuple[Network, dict[str, Any]]:
    """Our network, and its parameters as PyTorch's, both in float64."""
    network = Network(LAYERS, (11, 12, 2), 3, np.random.default_rng(seed), np.float64)
    rng = np.random.default_rng(seed)
    for value in network.parameters.values():
        value += 0.1 * rng.standard_normal(value.shape)
    theirs = {
        name: torch.tensor(value, requires_grad=True) for name, value in network.parameters.items()
    }
    return network, theirs


def their_logits(p: dict[str, Any], images: Array) -> Any:
    """(N, classes), from channels-first maps and weights, as PyTorch has them."""
    f = torch.nn.functional

    def conv(x: Any, name: str, **options: Any) -> Any:
        weights = p[f"{name}.weights"].permute(0, 3, 1, 2)
        return f.relu(f.conv2d(x, weights, p[f"{name}.biases"], **options))

    x = torch.tensor(images).permute(0, 3, 1, 2)
    x = f.max_pool2d(conv(x, "1.conv2d", padding=2), 3, 2)
    x = f.max_pool2d(conv(x, "4.conv2d", stride=(2, 1)), (1, 2), (1, 2))
    x = x.permute(0, 2, 3, 1).reshape(len(images), -1)
    x = f.relu(f.linear(x, p["8.dense.weights"], p["8.dense.biases"]))
    return f.linear(x, p["10.dense.weights"], p["10.dense.biases"])


def batch(seed: int) -> tuple[Array, Integers]:
    rng = np.random.default_rng(seed)
    return rng.random((6, 11, 12, 2)), rng.integers(0, 3, 6)


def test_logits_loss_and_gradients_agree() -> None:
    network, theirs = both()
    images, labels = batch(1)
    logits = network.forward(images, training=True)
    expected = their_logits(theirs, images)
    assert_allclose(logits.T, expected.detach().numpy(), rtol=1e-10, atol=1e-10)
    loss = torch.nn.functional.cross_entropy(expected, torch.tensor(labels))
    assert cross_entropy(logits, labels).mean() == pytest.approx(loss.item(), rel=1e-10)
    loss.backward()
    network.backward(cross_entropy_gradient(logits, labels))
    for name, value in theirs.items():
        assert_allclose(network.gradients[name], value.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("config", "name", "options"),
    [
        (Adam(), "Adam", {}),
        (Adam(beta1=0.5, beta2=0.9, epsilon=1e-4), "Adam", {"betas": (0.5, 0.9), "eps": 1e-4}),
        (SGD(), "SGD", {"momentum": 0.9}),
        (SGD(momentum=0), "SGD", {}),
    ],
)
def test_parameters_agree_after_twenty_steps(
    config: OptimizerConfig, name: str, options: dict[str, Any]
) -> None:
    network, theirs = both()
    ours = config.build(network.parameters)
    peer = getattr(torch.optim, name)(list(theirs.values()), lr=RATE, **options)
    for step in range(20):
        images, labels = batch(step)
        logits = network.forward(images, training=True)
        network.backward(cross_entropy_gradient(logits, labels))
        ours.update(network.gradients, RATE)
        peer.zero_grad()
        expected = their_logits(theirs, images)
        torch.nn.functional.cross_entropy(expected, torch.tensor(labels)).backward()
        peer.step()
    for each, value in theirs.items():
        assert_allclose(network.parameters[each], value.detach().numpy(), rtol=1e-10, atol=1e-10)


def test_ties_of_a_pool_send_the_gradient_to_the_same_position() -> None:
    x = np.random.default_rng(0).integers(0, 2, (6, 7, 2, 3)).astype(np.float64)
    layer = MaxPool2D(pool_size=(3, 2), stride=(1, 2)).build((6, 7, 2), np.float64)
    y = layer.forward(x, training=True)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    theirs = torch.tensor(x.transpose(3, 2, 0, 1), requires_grad=True)
    pooled = torch.nn.functional.max_pool2d(theirs, (3, 2), (1, 2))
    pooled.backward(torch.tensor(dy.transpose(3, 2, 0, 1)))
    assert_allclose(y.transpose(3, 2, 0, 1), pooled.detach().numpy())
    found = layer.backward(dy).transpose(3, 2, 0, 1)
    assert_allclose(found, theirs.grad.numpy(), rtol=1e-12, atol=1e-12)
