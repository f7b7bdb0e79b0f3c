"""Code for PyTorch, run: the same network, the same rates, the same training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from code_cases import SUBJECTS, TOLERANCE, Subject, answer, by_layer, changes, run
from peer_cases import assert_close
from peer_training import LAYERS, OPTIMIZERS, SHAPE, epochs, train

from nn.config import RunConfig, TrainingConfig
from nn.types import Array

torch: Any = pytest.importorskip("torch")
torch.set_num_threads(1)  # Its own threads would wait for each other longer than they work.


def take(network: Any, arrays: dict[str, Array]) -> None:
    """Copy our arrays into a PyTorch network."""
    theirs = [each for each in network.modules() if hasattr(each, "weight")]
    for module, ours in zip(theirs, by_layer(arrays), strict=True):
        if "weights" in ours:
            weights = ours["weights"]
            weights = weights.transpose(0, 3, 1, 2) if weights.ndim == 4 else weights
            named = {"weight": weights, "bias": ours["biases"]}
        else:
            named = {"weight": ours["scale"], "bias": ours["shift"]}
        if "running_mean" in ours:
            named |= {"running_mean": ours["running_mean"], "running_var": ours["running_variance"]}
        state = {name: torch.tensor(np.ascontiguousarray(value)) for name, value in named.items()}
        module.load_state_dict(state, strict=False)


def channels_first(values: Array) -> Any:
    return torch.tensor(values.transpose(0, 3, 1, 2) if values.ndim == 4 else values)


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_network_is_the_same(name: str) -> None:
    ours = answer(SUBJECTS[name])
    network = run(SUBJECTS[name], "pytorch")["make_network"]().eval()
    assert sum(p.numel() for p in network.parameters()) == ours.parameters
    take(network, ours.arrays)
    x, shapes = channels_first(ours.images), [SUBJECTS[name].shape]
    with torch.no_grad():
        for module in network:
            x = module(x)
            if not isinstance(module, torch.nn.ZeroPad2d | torch.nn.ConstantPad2d):
                shape = tuple(x.shape[1:])
                shapes.append((*shape[1:], shape[0]) if len(shape) == 3 else shape)
    found = x.numpy()
    assert_close(found.transpose(0, 2, 3, 1) if found.ndim == 4 else found, ours.outputs, TOLERANCE)
    pooled = [shape for shape in changes(shapes) if shape[:2] != (1, 1) or shape in ours.shapes]
    assert pooled == changes(ours.shapes)


TRAININGS: dict[str, dict[str, Any]] = {
    **{name: {"optimizer": optimizer} for name, optimizer in OPTIMIZERS.items()},
    "no momentum to look along": {"optimizer": {"kind": "sgd", "momentum": 0, "nesterov": True}},
    "step": {"schedule": {"kind": "step", "after": [2, 7], "drop": 0.3}},
    "exponential": {"schedule": {"kind": "exponential", "drop": 0.8}},
    "cosine": {"schedule": {"kind": "cosine", "warmup": 3, "floor": 0.1}},
    "cosine without a warm-up": {"schedule": {"kind": "cosine", "warmup": 0}},
    "one cycle": {"schedule": {"kind": "one_cycle"}},
    "plateau": {"schedule": {"kind": "plateau", "patience": 0, "threshold": 0.2, "drop": 0.5}},
    "smooth labels and weights": {
        "loss": {"label_smoothing": 0.1, "class_weights": [1, 2, 3]},
        "clip_norm": 0.3,
    },
    "average": {"average": 0.9},
    "two batches a step": {"accumulate": 2},
}


class Batches:
    """Those of one epoch after the other."""

    def __init__(self, config: TrainingConfig) -> None:
        self._epochs = epochs(config, "float64")
        self._per_epoch = len(next(epochs(config, "float64")))

    def __len__(self) -> int:
        return self._per_epoch

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for images, labels in next(self._epochs):
            yield channels_first(images), torch.tensor(labels)


@pytest.fixture
def exactly() -> Iterator[None]:
    """PyTorch makes tensors in double precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("exactly")
@pytest.mark.parametrize("name", TRAININGS)
def test_training_is_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty steps from the same beginning lead to the same parameters."""
    ours = train(TRAININGS[name], "float64", monkeypatch)
    config = RunConfig.parse(
        {"network": {"layers": LAYERS}, "training": ours.config.model_dump(mode="json")}
    )
    module = run(Subject(config, SHAPE), "pytorch")
    network, expected = module["make_network"](), module["make_network"]()
    take(network, ours.before)
    found = module["train"](network, Batches(ours.config)).state_dict()
    take(expected, ours.judged)
    assert module["BATCH_SIZE"] == 20 * ours.config.accumulate
    for key, value in expected.state_dict().items():
        assert_close(found[key].numpy(), value.numpy(), 1e-9)


def test_weights_start_as_ours_do() -> None:
    """The variances, and biases of 0."""
    names = ("he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "zeros")
    layers = [
        {"kind": "conv2d", "filters": 128, "groups": 4, "kernel_size": 3, "initializer": name}
        for name in names
    ]
    subject = Subject(RunConfig.parse({"network": {"layers": layers}}), (6, 6, 128))
    torch.manual_seed(0)
    network = run(subject, "pytorch")["make_network"]()
    for module, config in zip(network, subject.config.network.layers, strict=True):
        layer = config.build((6, 6, 128), np.float32)
        layer.initialize(np.random.default_rng(0))
        ours, theirs = layer.parameters["weights"], module.weight.detach().numpy()
        assert theirs.std() == pytest.approx(ours.std(), rel=0.03)
        assert np.abs(theirs).max() == pytest.approx(np.abs(ours).max(), rel=0.2)
        assert not module.bias.any()
