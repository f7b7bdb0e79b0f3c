"""What convolutions and dense layers add to each channel or feature."""

from __future__ import annotations

import numpy as np

from nn.layers.base import Layer
from nn.layers.stages import Local
from nn.ops.pieces import Piece, channel_sums, for_each_image
from nn.types import Array


class Bias(Local):
    """y = x + b, with the `biases` of a layer, one a channel."""

    rises = True
    changes_gradient = False

    def __init__(self, layer: Layer) -> None:
        self._biases, self._gradient = layer.parameters["biases"], layer.gradients["biases"]
        self._sums: dict[tuple[int, int], tuple[slice, Array]] = {}

    def forward_piece(self, x: Array, y: Array, at: Piece) -> None:
        """Add them."""
        np.add(x, for_each_image("biases", self._biases[at.channels], x.shape[-1]), out=y)

    def backward_piece(self, dy: Array, dx: Array, at: Piece) -> None:
        """Sum over the piece."""
        self._sums[at.number, at.channels.start] = at.channels, channel_sums(dy)

    def end(self) -> None:
        """Sum over all pieces, always in one order."""
        self._gradient.fill(0)
        for place in sorted(self._sums):
            channels, total = self._sums[place]
            self._gradient[channels] += total
        self._sums.clear()
