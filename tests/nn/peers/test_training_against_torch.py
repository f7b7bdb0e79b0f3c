"""Training beside PyTorch's: the same rates, and the same parameters after twenty steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from peer_cases import TOLERANCE, assert_all_close
from peer_training import BATCH, EPOCHS, IMAGES, OPTIMIZERS, Trained, epochs, train

from nn.config import TrainingConfig
from nn.optimizers import SGD, Adam, AdamW, OptimizerConfig, RMSprop
from nn.schedules import Constant, Cosine, Exponential, OneCycle, Plateau, ScheduleConfig, Step

torch: Any = pytest.importorskip("torch")
torch.set_num_threads(1)  # Its own threads would wait for each other longer than they work.
F = torch.nn.functional

SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {"kind": "constant"},
    "step": {"kind": "step", "after": [2, 7], "drop": 0.3},
    "exponential": {"kind": "exponential", "drop": 0.8},
    "cosine": {"kind": "cosine", "warmup": 0},
    "cosine after a warm-up": {"kind": "cosine", "warmup": 3, "floor": 0.1},
    "one cycle": {"kind": "one_cycle"},
    "one cycle, early and high": {"kind": "one_cycle", "rise": 0.1, "start": 0.5, "floor": 0.1},
    "plateau": {"kind": "plateau", "patience": 0, "threshold": 0.2, "drop": 0.5},
    "plateau with a floor": {"kind": "plateau", "patience": 1, "threshold": 0.9, "floor": 0.05},
}


def their_logits(p: dict[str, Any], x: Any) -> Any:
    """(N, classes) of images with channels last."""

    def conv(values: Any, name: str, **options: Any) -> Any:
        return F.conv2d(
            values, p[f"{name}.weights"].permute(0, 3, 1, 2), p[f"{name}.biases"], **options
        )

    x = torch.tanh(conv(x.permute(0, 3, 1, 2), "1.conv2d", padding=2))
    x = F.elu(conv(F.avg_pool2d(x, 3, 2), "3.conv2d", stride=(2, 1)))
    x = x.permute(0, 2, 3, 1).flatten(1)
    x = torch.sigmoid(F.linear(x, p["6.dense.weights"], p["6.dense.biases"]))
    return F.linear(x, p["7.dense.weights"], p["7.dense.biases"])


def their_optimizer(config: OptimizerConfig, rate: float, p: dict[str, Any]) -> Any:
    """Decay is for weights alone."""
    weights = [value for name, value in p.items() if name.endswith("weights")]
    others = [value for name, value in p.items() if not name.endswith("weights")]
    assert isinstance(config, Adam | AdamW | RMSprop | SGD)
    grouped = [
        {"params": weights, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0},
    ]
    match config:
        case Adam() | AdamW():
            family = torch.optim.Adam if isinstance(config, Adam) else torch.optim.AdamW
            betas = config.beta1, config.beta2
            return family(grouped, lr=rate, betas=betas, eps=config.epsilon)
        case RMSprop():
            return torch.optim.RMSprop(
                grouped, rate, alpha=config.rho, eps=config.epsilon, momentum=config.momentum
            )
        case SGD():
            nesterov = config.nesterov
            return torch.optim.SGD(grouped, rate, momentum=config.momentum, nesterov=nesterov)


@dataclass(frozen=True)
class Scheduler:
    """What is told about every step, and about every epoch with its loss."""

    step: Callable[[], None] = lambda: None
    epoch: Callable[[float], None] = lambda _: None


def their_scheduler(training: TrainingConfig, optimizer: Any) -> Scheduler:
    """PyTorch's schedulers count steps or epochs, whichever is said to them."""
    family = torch.optim.lr_scheduler
    rate, per_epoch = training.learning_rate, IMAGES // BATCH // training.accumulate
    steps = per_epoch * EPOCHS
    config: ScheduleConfig = training.schedule
    match config:
        case Constant():
            return Scheduler()
        case Step():
            by_epoch = family.MultiStepLR(optimizer, config.after, config.drop)
            return Scheduler(epoch=lambda _: by_epoch.step())
        case Exponential():
            by_drop = family.ExponentialLR(optimizer, config.drop)
            return Scheduler(epoch=lambda _: by_drop.step())
        case Cosine():
            warmup = int(config.warmup * per_epoch)
            rest = steps - warmup
            cosine = family.CosineAnnealingLR(optimizer, rest, eta_min=config.floor * rate)
            if not warmup:
                return Scheduler(cosine.step)
            rising = family.LinearLR(optimizer, config.floor, total_iters=warmup)
            return Scheduler(family.SequentialLR(optimizer, [rising, cosine], [warmup]).step)
        case OneCycle():
            # Theirs ends at the last of its steps, ours at the one that would follow.
            cycle = family.OneCycleLR(
                optimizer,
                rate,
                steps + 1,
                pct_start=(config.rise * steps + 1) / (steps + 1),
                cycle_momentum=False,
                div_factor=1 / config.start,
                final_div_factor=config.start / config.floor,
            )
            return Scheduler(cycle.step)
        case Plateau():
            plateau = family.ReduceLROnPlateau(
                optimizer,
                factor=config.drop,
                patience=config.patience,
                threshold=config.threshold,
                min_lr=config.floor * rate,
                eps=0,
            )
            return Scheduler(epoch=plateau.step)
        case _:
            raise AssertionError(f"{config.kind} has no counterpart here")


def their_loss(config: TrainingConfig, dtype: str) -> Any:
    given = config.loss.class_weights
    weights = None if given is None else torch.tensor(given, dtype=getattr(torch, dtype))
    return torch.nn.CrossEntropyLoss(weights, label_smoothing=config.loss.label_smoothing)


def their_average(config: TrainingConfig, learned: Any) -> Any:
    """Theirs copies what it is first told; without an average, it keeps nothing of what was."""

    def follow(average: Any, value: Any, steps: Any) -> Any:
        kept = min(config.average or 0.0, (1 + int(steps)) / (10 + int(steps)))
        return kept * average + (1 - kept) * value

    average = torch.optim.swa_utils.AveragedModel(learned, avg_fn=follow)
    average.update_parameters(learned)
    return average


def assert_they_agree(ours: Trained, dtype: str) -> None:
    """PyTorch, from the same beginning, takes the same rates and comes to the same parameters."""
    config = ours.config
    p = {name: torch.nn.Parameter(torch.tensor(value)) for name, value in ours.before.items()}
    learned = torch.nn.ParameterList(p.values())
    optimizer = their_optimizer(config.optimizer, config.learning_rate, p)
    scheduler = their_scheduler(config, optimizer)
    loss = their_loss(config, dtype)
    average = their_average(config, learned)
    rates = []
    for epoch in epochs(config, dtype):
        losses = []
        for images, labels in epoch:
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            logits, target = their_logits(p, torch.tensor(images)), torch.tensor(labels)
            losses.append(F.cross_entropy(logits, target).item())
            loss(logits, target).backward()
            if config.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(learned, config.clip_norm)
            optimizer.step()
            scheduler.step()
            average.update_parameters(learned)
        scheduler.epoch(float(np.mean(losses)))
    assert_allclose(ours.rates[:: config.accumulate], rates, rtol=1e-10)
    for found, values in ((ours.after, learned), (ours.judged, average.module)):
        expected = {k: v.detach().numpy() for k, v in zip(p, values, strict=True)}
        assert_all_close(found, expected, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_they_agree(train({"optimizer": OPTIMIZERS[name]}, dtype, monkeypatch), dtype)


# PyTorch's own sequence of two schedulers calls them in a way that it warns of.
@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning:torch.optim.lr_scheduler")
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = train({"schedule": SCHEDULES[name], "optimizer": {"kind": "sgd"}}, dtype, monkeypatch)
    assert name == "constant" or len(set(ours.rates)) > 1
    assert_they_agree(ours, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "settings",
    [
        {"loss": {"label_smoothing": 0.2}},
        {"loss": {"class_weights": [0.3, 1, 4]}},
        {"loss": {"class_weights": [0.3, 1, 4], "label_smoothing": 0.1}},
        {"clip_norm": 0.3},
        {"average": 0.9},
        {"average": 0.3},
        {"accumulate": 2},
        {
            "optimizer": OPTIMIZERS["adamw"],
            "schedule": SCHEDULES["one cycle"],
            "loss": {"class_weights": [0.3, 1, 4], "label_smoothing": 0.1},
            "clip_norm": 0.5,
            "average": 0.8,
            "accumulate": 2,
        },
    ],
    ids=", ".join,
)
def test_what_training_does_besides(
    settings: dict[str, Any], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_they_agree(train({"optimizer": {"kind": "sgd"}} | settings, dtype, monkeypatch), dtype)
