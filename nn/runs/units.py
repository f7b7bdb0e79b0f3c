"""Which units do nothing any more: those whose slope is next to nothing, whatever the image.

No gradient reaches what is before such a unit, so that it will hardly come back. A unit is a map of
a convolution, or one output of a dense layer.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nn.layers import LayerConfig
from nn.layers.activation import Activation, ReLU, Sigmoid, Tanh, activation
from nn.network import Network, batches
from nn.types import Array, Bytes

Marks = npt.NDArray[np.bool_]

PROBE = 128
"""Images that are looked at: what is active for one in 43 is seen with 95 %, as 3 / 128 says.
Jovanovic and Levy, "A Look at the Rule of Three" (1997)."""

AT_ONCE = 32
"""Images that go through the network at once: it takes little memory beside that of training."""

LEAST_SLOPE = 0.01
"""The share of its steepest slope below which an activation is flat."""


def stuck_units(network: Network, images: Bytes) -> dict[str, tuple[int, int]]:
    """How many units are stuck and how many there are, by the names of layers.

    These are the layers that are an activation with flat parts, or end with one.

    Some of the images (N, H, W, C) are looked at, evenly spaced. Layers inside blocks are left out.
    """
    probe = images[:: max(len(images) // PROBE, 1)][:PROBE]
    alive: dict[str, Marks] = {}
    for part in batches(len(probe), AT_ONCE):
        x = network.enter(probe[part])
        for planned, layer in zip(network.plan.layers, network.layers, strict=True):
            x = layer.forward(x, training=False)
            function = activation_of(planned.config)
            if isinstance(function, ReLU | Tanh | Sigmoid):
                active = _is_steep(function, x)
                others = tuple(axis for axis in range(x.ndim) if axis != x.ndim - 2)
                seen: Marks = np.any(active, axis=others)
                alive[planned.name] = alive.get(planned.name, seen) | seen
    return {name: (int((~units).sum()), len(units)) for name, units in alive.items()}


def activation_of(config: LayerConfig) -> Activation:
    """The activation that a layer is, or ends with."""
    if isinstance(config, Activation):
        return config
    return activation(getattr(config, "activation", "none"))


def _is_steep(function: Activation, y: Array) -> Marks:
    """Where the slope is more than next to nothing, given the values."""
    steep: Marks
    if isinstance(function, Tanh):
        steep = np.greater(1 - y * y, LEAST_SLOPE)
    elif isinstance(function, Sigmoid):
        steep = np.greater(4 * y * (1 - y), LEAST_SLOPE)
    else:
        steep = np.greater(y, 0)
    return steep
