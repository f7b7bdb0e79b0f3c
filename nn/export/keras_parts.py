"""The parts of Keras code besides its layers: definitions that some need, and training."""

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
def he_normal():
    """Weights of variance 2 / fan in (He et al., 2015)."""
    return keras.initializers.VarianceScaling(2, "fan_in", "untruncated_normal")
''',
    "he_uniform": '''\
def he_uniform():
    """Weights of variance 2 / fan in (He et al., 2015)."""
    return keras.initializers.VarianceScaling(2, "fan_in", "uniform")
''',
    "glorot_normal": '''\
def glorot_normal():
    """Weights of variance 2 / (fan in + fan out) (Glorot and Bengio, 2010)."""
    return keras.initializers.VarianceScaling(1, "fan_avg", "untruncated_normal")
''',
    "glorot_uniform": '''\
def glorot_uniform():
    """Weights of variance 2 / (fan in + fan out) (Glorot and Bengio, 2010)."""
    return keras.initializers.VarianceScaling(1, "fan_avg", "uniform")
''',
    "lecun_normal": '''\
def lecun_normal():
    """Weights of variance 1 / fan in (LeCun et al., 1998)."""
    return keras.initializers.VarianceScaling(1, "fan_in", "untruncated_normal")
''',
    "decay": '''\
def decay():
    """Weight decay, whose gradient is DECAY times the weight; it shows in the loss."""
    return keras.regularizers.L2(DECAY / 2)
''',
    "mean_of_what_is_there": '''\
def mean_of_what_is_there(x, size, stride, padding):
    """An average pool whose padding does not count."""
    padded = layers.ZeroPadding2D(padding)
    pool = layers.AveragePooling2D(size, stride)
    return pool(padded(x)) / pool(padded(keras.ops.ones_like(x)))
''',
}
"""What the code defines where the network needs it, by name."""

MAIN = """

if __name__ == "__main__":
    network = make_network()
    network.summary()
    print(network(np.zeros((2, {shape}))).shape, "for two images")
"""

CALLBACK = '''

class Schedule(keras.callbacks.Callback):
    """Sets the learning rate before each batch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        epoch = self.epoch + batch / self.params["steps"]
        self.model.optimizer.learning_rate = LEARNING_RATE * factor(epoch)
'''


def training_code(training: TrainingConfig, classes: int) -> str:
    """Functions that make the optimizer and train the network."""
    schedule, loss = training.schedule, training.loss
    named: dict[str, object] = {"batch_size": Code("BATCH_SIZE"), "epochs": Code("EPOCHS")}
    by_step = not isinstance(schedule, Plateau | Constant)
    if by_step:
        named["callbacks"] = Code("[Schedule()]")
    lines = [
        f"loss = {_loss(loss)}",
        'network.compile(make_optimizer(), loss, metrics=["accuracy"])',
    ]
    if isinstance(schedule, Plateau):
        lines.append(f"schedule = {_plateau(schedule, training.learning_rate)}")
        named["callbacks"] = Code("[schedule]")
    if isinstance(loss.class_weights, tuple):
        named["class_weight"] = dict(enumerate(loss.class_weights))
    if _smooth(loss):
        lines.append(f"labels = keras.utils.to_categorical(labels, {classes})")
    lines.append(f"return {call('network.fit', Code('images'), Code('labels'), **named)}")
    body = indent("\n".join(lines), "    ")
    return (
        f"{_optimizer(training)}{CALLBACK if by_step else ''}"
        "\n\ndef train(network, images, labels):\n"
        f'    """Labels are (N,), from 0 to {classes - 1}."""\n{body}\n'
    )


def _smooth(loss: Loss) -> bool:
    """Keras smooths labels only where they are written out as probabilities."""
    return loss.label_smoothing > 0


def _loss(loss: Loss) -> str:
    if _smooth(loss):
        named = {"from_logits": True, "label_smoothing": loss.label_smoothing}
        return call("keras.losses.CategoricalCrossentropy", **named)
    return call("keras.losses.SparseCategoricalCrossentropy", from_logits=True)


def _optimizer(training: TrainingConfig) -> str:
    """A function that makes it."""
    config = training.optimizer
    named = _settings(config)
    if training.clip_norm is not None:
        named["global_clipnorm"] = training.clip_norm
    if training.average is not None:
        named |= {"use_ema": True, "ema_momentum": training.average}
    lines = [f"optimizer = keras.optimizers.{type(config).__name__}(", "    LEARNING_RATE,"]
    lines += [f"    {name}={value!r}," for name, value in named.items()]
    lines.append(")")
    if named.get("weight_decay"):
        lines.append('optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])')
    lines.append("return optimizer")
    body = "".join(f"    {line}\n" for line in lines)
    return f'\n\ndef make_optimizer():\n    """A new optimizer."""\n{body}'


def _settings(config: OptimizerConfig) -> dict[str, object]:
    match config:
        case Adam() | AdamW():
            named = {"beta_1": config.beta1, "beta_2": config.beta2, "epsilon": config.epsilon}
            beside = {"weight_decay": config.weight_decay} if isinstance(config, AdamW) else {}
            return {**named, **beside}
        case RMSprop():
            return {"rho": config.rho, "momentum": config.momentum, "epsilon": config.epsilon}
        case SGD():
            return {"momentum": config.momentum, "nesterov": config.nesterov}
        case _:
            raise InputError(f"there is no code for an optimizer {config.kind}; choose another one")


def _plateau(schedule: Plateau, rate: float) -> str:
    return call(
        "keras.callbacks.ReduceLROnPlateau",
        "loss",
        factor=schedule.drop,
        patience=schedule.patience,
        min_delta=schedule.threshold,
        min_lr=schedule.floor * rate,
    )
