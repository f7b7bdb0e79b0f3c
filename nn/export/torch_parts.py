"""The parts of PyTorch code besides its layers: definitions that some need, and training."""

from __future__ import annotations

from textwrap import indent

from nn.config import TrainingConfig
from nn.export.python import Code, call
from nn.losses import Loss
from nn.optimizers import SGD, Adam, AdamW, OptimizerConfig, RMSprop
from nn.schedules import Constant, Plateau
from nn.schema import InputError

HELPERS = {
    "he_normal": '''\
def he_normal(layer):
    """Weights of variance 2 / fan in (He et al., 2015), biases 0."""
    nn.init.normal_(layer.weight, std=(2 / layer.weight[0].numel()) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer
''',
    "he_uniform": '''\
def he_uniform(layer):
    """Weights of variance 2 / fan in (He et al., 2015), biases 0."""
    limit = (6 / layer.weight[0].numel()) ** 0.5
    nn.init.uniform_(layer.weight, -limit, limit)
    nn.init.zeros_(layer.bias)
    return layer
''',
    "glorot_normal": '''\
def glorot_normal(layer):
    """Weights of variance 2 / (fan in + fan out) (Glorot and Bengio, 2010), biases 0."""
    fan_in = layer.weight[0].numel()
    fan_out = layer.weight[:, 0].numel() // getattr(layer, "groups", 1)
    nn.init.normal_(layer.weight, std=(2 / (fan_in + fan_out)) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer
''',
    "glorot_uniform": '''\
def glorot_uniform(layer):
    """Weights of variance 2 / (fan in + fan out) (Glorot and Bengio, 2010), biases 0."""
    fan_in = layer.weight[0].numel()
    fan_out = layer.weight[:, 0].numel() // getattr(layer, "groups", 1)
    limit = (6 / (fan_in + fan_out)) ** 0.5
    nn.init.uniform_(layer.weight, -limit, limit)
    nn.init.zeros_(layer.bias)
    return layer
''',
    "lecun_normal": '''\
def lecun_normal(layer):
    """Weights of variance 1 / fan in (LeCun et al., 1998), biases 0."""
    nn.init.normal_(layer.weight, std=(1 / layer.weight[0].numel()) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer
''',
    "zeros": '''\
def zeros(layer):
    """Weights and biases 0."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
''',
    "Residual": '''\
class Residual(nn.Module):
    """Layers with a way around them: y = F(x) + S(x), where S(x) = x if there is no shortcut."""

    def __init__(self, layers, shortcut=None):
        super().__init__()
        self.layers = layers
        self.shortcut = shortcut or nn.Identity()

    def forward(self, x):
        return self.layers(x) + self.shortcut(x)
''',
    "ChannelNorm": '''\
class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels at each position of a map (N, C, H, W)."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
''',
    "MeanOfWhatIsThere": '''\
class MeanOfWhatIsThere(nn.Module):
    """An average pool whose padding (left, right, above, below) does not count."""

    def __init__(self, size, stride, padding):
        super().__init__()
        self.pool = nn.Sequential(nn.ZeroPad2d(padding), nn.AvgPool2d(size, stride))

    def forward(self, x):
        return self.pool(x) / self.pool(torch.ones_like(x))
''',
    "FlattenChannelsLast": '''\
class FlattenChannelsLast(nn.Module):
    """Maps (N, C, H, W) as vectors in the order H, W, C, in which cnn-tui's weights count them."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)
''',
}
"""What the code defines where the network needs it, by name."""

MAIN = """

if __name__ == "__main__":
    network = make_network().eval()
    print(network)
    print(f"{{sum(p.numel() for p in network.parameters()):,}} parameters")
    print(f"{{tuple(network(torch.rand(2, {shape})).shape)}} for two images")
"""


def training_code(training: TrainingConfig) -> str:
    """Functions that make the optimizer and train the network."""
    schedule = training.schedule
    before = [f"loss_of = {_loss(training.loss)}", "optimizer = make_optimizer(network)"]
    step = ["optimizer.step()"]
    learn = ["optimizer.zero_grad()", "loss = loss_of(network(images), labels)", "loss.backward()"]
    epoch = []
    if training.clip_norm is not None:
        learn += [f"nn.utils.clip_grad_norm_(network.parameters(), {training.clip_norm!r})"]
    if isinstance(schedule, Plateau):
        before += _plateau(schedule, training.learning_rate)
        step += ["losses.append(loss.item())"]
        epoch = ["schedule.step(sum(losses) / len(losses))  # better: the loss on other images"]
    elif not isinstance(schedule, Constant):
        before += [
            "schedule = torch.optim.lr_scheduler.LambdaLR(",
            "    optimizer, lambda step: factor(step / len(batches))",
            ")",
        ]
        step += ["schedule.step()"]
    after = ["return network"]
    if training.average is not None:
        before += [
            "average = torch.optim.swa_utils.AveragedModel(network, avg_fn=follow)",
            "average.update_parameters(network)",
        ]
        step += ["average.update_parameters(network)"]
        after = ["return average.module"]
    lines = [
        *before,
        "network.train()",
        "for _ in range(EPOCHS):",
        *(["    losses = []"] if epoch else []),
        "    for images, labels in batches:",
        *(f"        {line}" for line in (*learn, *step)),
        *(f"    {line}" for line in epoch),
        *after,
    ]
    body = indent("\n".join(lines), "    ")
    return (
        f"\n\n{_optimizer(training.optimizer)}{_average(training.average)}"
        "\n\ndef train(network, batches):\n"
        '    """Learn batches of BATCH_SIZE images and their labels, as of a DataLoader."""\n'
        f"{body}\n"
    )


def _average(kept: float | None) -> str:
    """A function that says how a running average of the weights follows them."""
    if kept is None:
        return ""
    return (
        "\n\ndef follow(average, weights, steps):\n"
        '    """The average after another step; in the first ones it follows faster."""\n'
        f"    kept = min({kept!r}, (1 + int(steps)) / (10 + int(steps)))\n"
        "    return kept * average + (1 - kept) * weights\n"
    )


def _optimizer(config: OptimizerConfig) -> str:
    """A function that makes it."""
    decay = config.weight_decay if isinstance(config, Adam | AdamW | RMSprop | SGD) else 0.0
    lines = ["    parameters = network.parameters()"]
    words = "The optimizer of a network."
    if decay:
        words = "Weights decay; biases, and the scales and shifts of norms, do not."
        lines = [
            "    weights = [p for p in network.parameters() if p.ndim > 1]",
            "    others = [p for p in network.parameters() if p.ndim == 1]",
            f'    parameters = [{{"params": weights, "weight_decay": {decay!r}}},'
            ' {"params": others}]',
        ]
    named = {"lr": Code("LEARNING_RATE")} | _settings(config) | {"weight_decay": 0}
    lines.append(f"    return torch.optim.{type(config).__name__}(")
    lines.append("        parameters,")
    lines += [f"        {name}={value!r}," for name, value in named.items()]
    lines.append("    )")
    body = "\n".join(lines)
    return f'def make_optimizer(network):\n    """{words}"""\n{body}\n'


def _settings(config: OptimizerConfig) -> dict[str, object]:
    match config:
        case Adam() | AdamW():
            return {"betas": (config.beta1, config.beta2), "eps": config.epsilon}
        case RMSprop():
            return {"alpha": config.rho, "eps": config.epsilon, "momentum": config.momentum}
        case SGD():
            # PyTorch refuses to look ahead where there is no momentum to look along.
            ahead = config.nesterov and config.momentum > 0
            return {"momentum": config.momentum, "nesterov": ahead}
        case _:
            raise InputError(f"there is no code for an optimizer {config.kind}; choose another one")


def _plateau(schedule: Plateau, rate: float) -> list[str]:
    return [
        "schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(",
        "    optimizer,",
        f"    factor={schedule.drop!r},",
        f"    patience={schedule.patience},",
        f"    threshold={schedule.threshold!r},",
        f"    min_lr={schedule.floor * rate!r},",
        ")",
    ]


def _loss(loss: Loss) -> str:
    named: dict[str, object] = {}
    if isinstance(loss.class_weights, tuple):
        named["weight"] = Code(f"torch.tensor({list(loss.class_weights)})")
    if loss.label_smoothing:
        named["label_smoothing"] = loss.label_smoothing
    return call("nn.CrossEntropyLoss", **named)
