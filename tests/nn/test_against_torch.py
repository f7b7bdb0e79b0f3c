"""The same network in PyTorch, where that is installed: an independent implementation agrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn.layers import Layer, LayerConfig
from nn.layers.activation import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.norm import BatchNorm, LayerNorm
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.losses import cross_entropy, cross_entropy_gradient
from nn.network import Network
from nn.optimizers import SGD, Adam, OptimizerConfig
from nn.types import Array, Integers, Shape

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


def build(config: LayerConfig, shape: Shape) -> Layer:
    layer = config.build(shape, np.float64)
    rng = np.random.default_rng(0)
    for value in layer.parameters.values():
        value[...] = rng.standard_normal(value.shape)
    return layer


def theirs_of(values: Array) -> Any:
    """Maps or vectors, batch last with us, as a leaf of PyTorch's, batch and channels first."""
    turned = values.transpose(3, 2, 0, 1) if values.ndim == 4 else values.T
    return torch.tensor(turned.copy(), requires_grad=True)


def ours_of(values: Any) -> Array:
    found: Array = values.detach().numpy()
    return found.transpose(2, 3, 1, 0) if found.ndim == 4 else found.T


def assert_agrees(config: LayerConfig, shape: Shape, peer: Any) -> None:
    """Output and all gradients of a layer are those of `peer(x, parameters)`."""
    layer = build(config, shape)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((*shape, 5))
    y = layer.forward(x, training=True)
    dy = rng.standard_normal(y.shape)
    parameters = {
        name: torch.tensor(value, requires_grad=True) for name, value in layer.parameters.items()
    }
    their_x = theirs_of(x)
    their_y = peer(their_x, parameters)
    their_y.backward(theirs_of(dy).detach())
    assert_allclose(y, ours_of(their_y), rtol=1e-10, atol=1e-10)
    assert_allclose(layer.backward(dy), ours_of(their_x.grad), rtol=1e-10, atol=1e-10)
    for name, value in parameters.items():
        assert_allclose(layer.gradients[name], value.grad.numpy(), rtol=1e-10, atol=1e-10)


F = torch.nn.functional


def their_conv(x: Any, p: dict[str, Any], name: str = "", **options: Any) -> Any:
    weights = p[f"{name}weights"].permute(0, 3, 1, 2)
    return F.conv2d(x, weights, p[f"{name}biases"], **options)


@pytest.mark.parametrize("algorithm", ["gemm", "einsum"])
@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"dilation": "2x3", "padding": 3}, {"dilation": (2, 3), "padding": 3}),
        ({"groups": 2, "padding": "valid"}, {"groups": 2}),
        ({"groups": 4, "padding": 1, "stride": 2}, {"groups": 4, "padding": 1, "stride": 2}),
        (
            {"groups": 2, "dilation": 2, "stride": "1x2", "padding": 2},
            {"groups": 2, "dilation": 2, "stride": (1, 2), "padding": 2},
        ),
        ({"dilation": 2, "padding": "same"}, {"dilation": 2, "padding": "same"}),
    ],
)
def test_convolutions(algorithm: str, fields: dict[str, Any], options: dict[str, Any]) -> None:
    config = Conv2D.parse({"filters": 8, "kernel_size": 3, "algorithm": algorithm, **fields})
    assert_agrees(config, (8, 9, 4), lambda x, p: their_conv(x, p, **options))


@pytest.mark.parametrize("padding", [0, 1, 4])
def test_convolutions_by_frequencies(padding: int) -> None:
    fields = {"filters": 6, "kernel_size": "2x5", "padding": padding, "algorithm": "fft"}
    config = Conv2D.parse(fields)
    assert_agrees(config, (8, 9, 4), lambda x, p: their_conv(x, p, padding=padding))


@pytest.mark.parametrize(
    ("config", "peer"),
    [
        (
            MaxPool2D(pool_size=(3, 3), stride=(2, 2), padding=1),
            lambda x, _: F.max_pool2d(x, 3, 2, 1),
        ),
        (AvgPool2D(), lambda x, _: F.avg_pool2d(x, 2)),
        (
            AvgPool2D(pool_size=(3, 4), stride=(2, 1), padding=1),
            lambda x, _: F.avg_pool2d(x, (3, 4), (2, 1), 1, count_include_pad=False),
        ),
        (GlobalAvgPool2D(), lambda x, _: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]),
        (
            LayerNorm(),
            lambda x, p: F.layer_norm(
                x.permute(0, 2, 3, 1), (4,), p["scale"], p["shift"], 1e-5
            ).permute(0, 3, 1, 2),
        ),
    ],
)
def test_layers_on_maps(config: LayerConfig, peer: Any) -> None:
    assert_agrees(config, (7, 8, 4), peer)


@pytest.mark.parametrize(
    ("config", "peer"),
    [
        (ReLU(), F.relu),
        (LeakyReLU(), F.leaky_relu),
        (LeakyReLU(negative_slope=0.3), lambda x: F.leaky_relu(x, 0.3)),
        (ELU(), F.elu),
        (ELU(alpha=0.5), lambda x: F.elu(x, 0.5)),
        (GELU(), lambda x: F.gelu(x, approximate="tanh")),
        (SiLU(), F.silu),
        (Tanh(), torch.tanh),
        (Sigmoid(), torch.sigmoid),
    ],
)
@pytest.mark.parametrize("shape", [(3, 4, 5), (6,)], ids=["maps", "vectors"])
def test_activations(config: LayerConfig, peer: Any, shape: Shape) -> None:
    assert_agrees(config, shape, lambda x, _: peer(x))


def test_layer_norm_of_vectors() -> None:
    def peer(x: Any, p: dict[str, Any]) -> Any:
        return F.layer_norm(x, (6,), p["scale"], p["shift"], 0.01)

    assert_agrees(LayerNorm(epsilon=0.01), (6,), peer)


@pytest.mark.parametrize("shape", [(3, 4, 5), (5,)], ids=["maps", "vectors"])
def test_batch_norm_in_training_and_inference(shape: Shape) -> None:
    family = torch.nn.BatchNorm2d if len(shape) == 3 else torch.nn.BatchNorm1d
    peer = family(5, momentum=0.1, dtype=torch.float64)
    ours = build(BatchNorm(momentum=0.9), shape)

    def normalized(x: Any, p: dict[str, Any]) -> Any:
        return F.batch_norm(x, None, None, p["scale"], p["shift"], training=True, eps=1e-5)

    assert_agrees(BatchNorm(), shape, normalized)
    peer.weight.data = torch.tensor(ours.parameters["scale"])
    peer.bias.data = torch.tensor(ours.parameters["shift"])
    rng = np.random.default_rng(2)
    for _ in range(20):
        x = rng.normal(2, 3, (*shape, 6))
        y = ours.forward(x, training=True)
        assert_allclose(y, ours_of(peer(theirs_of(x))), rtol=1e-10, atol=1e-10)
    assert_allclose(ours.state["running_mean"], peer.running_mean.numpy(), rtol=1e-10)
    assert_allclose(ours.state["running_variance"], peer.running_var.numpy(), rtol=1e-10)
    peer.eval()
    y = ours.forward(x, training=False)
    assert_allclose(y, ours_of(peer(theirs_of(x))), rtol=1e-10, atol=1e-10)


def test_a_residual_block_with_a_projection() -> None:
    conv = {"kind": "conv2d", "filters": 6, "kernel_size": 3, "padding": 1}
    layers = [conv | {"stride": 2}, {"kind": "batch_norm"}, {"kind": "silu"}, conv]

    def peer(x: Any, p: dict[str, Any]) -> Any:
        y = their_conv(x, p, "1.conv2d.", stride=2, padding=1)
        scale, shift = p["2.batch_norm.scale"], p["2.batch_norm.shift"]
        y = F.silu(F.batch_norm(y, None, None, scale, shift, training=True))
        y = their_conv(y, p, "4.conv2d.", padding=1)
        return y + their_conv(x, p, "shortcut.", stride=2)

    assert_agrees(Residual.parse({"layers": layers}), (7, 8, 4), peer)
