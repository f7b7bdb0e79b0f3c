"""How long a training step's convolution takes over windows and by frequencies, and what is chosen.

For each shape: forward and both gradients, in float32, in turn by either; the least times count, as
other work on the machine only adds to them. Run it with one thread and with several.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from measuring import alternate, at_least_one, facts, parser, report, run, table

from nn.layers.base import show_size
from nn.ops.algorithms import choose
from nn.ops.buffers import Buffers
from nn.ops.convolution import Convolution, Geometry, Grid
from nn.ops.costs import by_frequencies, by_windows, prefers_frequencies
from nn.ops.pieces import Plain
from nn.ops.threads import set_threads
from nn.ops.windows import frame
from nn.processors import processors
from nn.types import Array

CHANNELS = {
    32: ((3, 16), (16, 16), (32, 32)),
    28: ((1, 32), (8, 16)),
    14: ((1, 32), (8, 16), (32, 64), (64, 64)),
    7: ((16, 32), (64, 64), (128, 128)),
}
"""By the maps' height and width, how many go in and come out."""
KERNELS = (3, 5, 7)
FEWEST_SECONDS = 0.02
"""How long a shape's measurement takes at least: short steps are repeated."""


@dataclass(frozen=True)
class Shape:
    """What was measured of one shape: seconds a step, and the chosen algorithm."""

    size: int
    kernel: int
    channels: int
    filters: int
    gemm: float
    fft: float
    predicted: float
    chosen: str

    @property
    def ratio(self) -> float:
        """How many times as fast frequencies are."""
        return self.gemm / self.fft

    @property
    def lost(self) -> float:
        """How many times as long the chosen one takes as the better one."""
        chosen = self.fft if self.chosen == "fft" else self.gemm
        return chosen / min(self.gemm, self.fft)

    def row(self) -> list[str]:
        """As cells of the table."""
        name = f"{show_size((self.size, self.size))}, {show_size((self.kernel, self.kernel))}"
        times = f"{self.gemm * 1e3:.2f}", f"{self.fft * 1e3:.2f}"
        ratios = f"{self.ratio:.2f}", f"{self.predicted:.2f}", self.chosen, f"{self.lost:.2f}"
        return [name, f"{self.channels} to {self.filters}", *times, *ratios]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--rounds", type=at_least_one, default=3, help="how often to measure")
    arguments.add_argument("--batch", type=at_least_one, default=128, help="images at once")
    arguments.add_argument("--threads", type=at_least_one, default=processors(), help="to use")
    options = arguments.parse_args()
    machine = facts()
    set_threads(options.threads)
    shapes = [
        measure(size, kernel, channels, filters, options.batch, options.rounds)
        for size, pairs in CHANNELS.items()
        for kernel in KERNELS
        for channels, filters in pairs
    ]
    heads = ["map, kernel", "channels", "gemm ms", "fft ms", "ratio", "counted", "auto", "lost"]
    worst = max(shape.lost for shape in shapes)
    right = sum(shape.lost == 1 for shape in shapes)
    words = (
        f"{table([heads, *(shape.row() for shape in shapes)])}\n\n"
        f"auto takes the faster one {right} times of {len(shapes)}; "
        f"at worst, it takes {worst:.2f} times as long as the faster one"
    )
    report(options, machine, {"shapes": shapes}, words)


def measure(size: int, kernel: int, channels: int, filters: int, n: int, rounds: int) -> Shape:
    """The least time of a step by either algorithm."""
    around = frame((size, size), (kernel, kernel), (1, 1), "same")
    geometry = Geometry(around, Grid(), (kernel, kernel), channels, filters)
    steps = {
        name: timed(choose(name, geometry, Buffers(np.float32)), geometry, n)
        for name in ("gemm", "fft")
    }
    least = {name: min(times) for name, times in alternate(rounds, steps).items()}
    predicted = by_windows(geometry, n) / by_frequencies(geometry, n)
    chosen = "fft" if prefers_frequencies(geometry, n) else "gemm"
    return Shape(size, kernel, channels, filters, least["gemm"], least["fft"], predicted, chosen)


def timed(convolution: Convolution, geometry: Geometry, n: int) -> Callable[[], float]:
    """A function that takes steps, each with other weights, and says how long one took."""
    rng = np.random.default_rng(0)

    def some(*shape: int) -> Array:
        return rng.standard_normal(shape, np.float32)

    x = some(*geometry.frame.map_size, geometry.channels, n)
    w = some(geometry.filters, *geometry.kernel, geometry.channels)
    y, dy = (some(*geometry.output_size, geometry.filters, n) for _ in range(2))
    dw, tail = np.empty_like(w), Plain(y, dy)

    def step() -> float:
        start = time.perf_counter()
        convolution.forward(x, w, tail)
        convolution.backward(tail, w, dw, wants_input=True)
        taken = time.perf_counter() - start
        np.negative(w, out=w)
        return taken

    def least() -> float:
        first = step()
        return min([first, *(step() for _ in range(int(FEWEST_SECONDS / first)))])

    least()
    return least


if __name__ == "__main__":
    run(main)
