"""How long an epoch of a design takes: measured on a few steps when nobody edits or trains."""

from __future__ import annotations

from dataclasses import dataclass, field

from nn.config import RunConfig
from nn.network import Plan
from nn.processors import processors
from nn.profiling import Profile
from tui.render import formats

REST_SECONDS = 1.0
"""A design is measured when it has not changed for so long."""

STEPS = 3
"""So many steps are enough for a figure with one digit to rely on."""

MOST_BYTES = 2e9
"""What takes more memory than this in training is not measured unasked."""

INDIFFERENT = {
    "data.limit": None,
    "data.validation": 0,
    "training.epochs": 1,
    "training.patience": None,
    "training.learning_rate": 0.001,
    "training.schedule": "constant",
    "training.checkpoint_seconds": 30,
    "training.seed": 0,
    "save_as": None,
}
"""Fields on which the time of a step does not depend."""


@dataclass
class Pace:
    """What is known of designs by their keys, and which one is being measured.

    `failed` says of some why they could not be. `disturbed`: somebody trained when it was tried.
    """

    found: dict[str, Profile] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    measuring: str = ""
    disturbed: bool = False

    def wants(self, key: str) -> bool:
        """Whether nothing is known of a design, and nobody is at it."""
        return key not in self.found and key not in self.failed and key != self.measuring


def key(config: RunConfig) -> str:
    """The same for designs whose steps take the same time."""
    threads = config.training.threads or processors()
    return config.changed({**INDIFFERENT, "training.threads": threads}).model_dump_json()


def is_small(config: RunConfig, plan: Plan) -> bool:
    """Whether it may be measured without having been asked."""
    return plan.training_bytes(config.training.batch_size) <= MOST_BYTES


def seconds_an_epoch(config: RunConfig, profile: Profile) -> float:
    """Learning all training images, and judging those held out and those of the test set."""
    info = config.dataset()
    images = min(info.train_count, config.data.limit or info.train_count)
    held_out = min(config.data.validation, images // 5)
    learned = (images - held_out) / profile.images_per_second
    return learned + (held_out + info.test_count) / profile.inference_images_per_second


def words(config: RunConfig, plan: Plan, pace: Pace, *, training: bool) -> str:
    """What is known about a design's time, in a line; empty while there is nothing to say."""
    wanted = key(config)
    if wanted in pace.found:
        seconds = seconds_an_epoch(config, pace.found[wanted])
        return f"about {time(seconds)} an epoch (measured)"
    if wanted in pace.failed:
        return f"an epoch cannot be measured: {pace.failed[wanted]}"
    if training or pace.disturbed:
        return "time not measured while training"
    if wanted == pace.measuring:
        return "measuring an epoch…"
    return "" if is_small(config, plan) else "too large to time unasked: 7, then t"


def time(seconds: float) -> str:
    """About how long: 0.4 s, 12 s, 1:12."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 99.5 else formats.duration(seconds)
