"""Units that do nothing any more."""

from __future__ import annotations

from nn.layers.activation import Activation
from nn.runs.advice.facts import Facts
from nn.runs.advice.remarks import Check, Remark, Try
from nn.runs.advice.statistics import percent, rounded
from nn.runs.units import PROBE, activation_of

MANY, MOST = 0.25, 0.5
"""The shares of a layer's units that are worth a remark, and that leave no doubt."""


def look_for_dead_units(facts: Facts) -> Remark | None:
    """A layer of which many units are flat for all images.

    Lu et al., "Dying ReLU and Initialization: Theory and Numerical Examples" (2020).
    """
    units = facts.epochs[-1].stuck_units or {}
    dead = {name: stuck / count for name, (stuck, count) in units.items() if stuck > 1}
    worst = max(dead, key=lambda name: dead[name], default="")
    if not worst or dead[worst] < MANY:
        return None
    number = int(worst.partition(".")[0])
    layer = facts.config.network.layers[number - 1]
    kind = activation_of(layer).kind
    shown = [
        f"{stuck} of {count} units of layer {name.replace('.', ' ')}"
        for name, (stuck, count) in units.items()
        if dead.get(name, 0.0) >= MANY
    ]
    flat = "give 0" if kind == "relu" else "are saturated"
    rate = rounded(facts.config.training.learning_rate / 3)
    tries = [Try(f"a learning rate of {rate:g}", {"training.learning_rate": rate})]
    place = f"network.layers.{number - 1}"
    if not isinstance(layer, Activation):
        place += ".activation"
    tries.append(Try(f"leaky_relu in layer {number}, which is never flat", {place: "leaky_relu"}))
    tries.append(Try(f"batch norm before layer {number}: e, then a in the dashboard"))
    return Remark(
        "dead units",
        "Many units do nothing any more" if kind == "relu" else "Many units are saturated",
        f"After epoch {facts.epochs[-1].epoch}, {', '.join(shown)} {flat} for all of {PROBE} "
        f"training images: {percent(dead[worst], 0)} of the worst layer.",
        "very likely" if dead[worst] >= MOST else "likely",
        f"one that moves for 1 image in {PROBE // 3 + 1} would have been seen with 95 % certainty",
        tuple(tries),
    )


def _waits(facts: Facts) -> str:
    if not facts.epochs:
        return "an epoch"
    return "" if facts.epochs[-1].stuck_units is not None else "a run of this version"


DEAD_UNITS = Check("dead units", _waits, look_for_dead_units)
