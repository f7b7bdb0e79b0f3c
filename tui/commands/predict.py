"""`cnn-tui predict`: classify pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from nn.checkpoint import load_model
from nn.data.pictures import read_picture
from nn.schema import InputError
from tui.commands.saying import complain, say, visible
from tui.exits import Exit
from tui.render.formats import percent


def predict(path: Path, images: Sequence[Path], *, as_json: bool) -> Exit:
    """Print what a model says of each picture.

    A picture that cannot be read is reported on standard error; the others are classified all the
    same, and the exit code tells.
    """
    model = load_model(path)
    names = model.card.class_names
    outcome = Exit.DONE
    for image in images:
        try:
            picture = read_picture(image, model.card.input_shape)
        except InputError as error:
            complain(str(error))
            outcome = Exit.WRONG_INPUT
            continue
        probabilities = model.network.predict(picture[None])[0]
        label = names[int(probabilities.argmax())]
        if as_json:
            values = [float(p) for p in probabilities]
            print(json.dumps({"path": str(image), "label": label, "probabilities": values}))
        else:
            ranked = probabilities.argsort()[::-1][1:3]
            others = ", ".join(f"{names[i]} {percent(float(probabilities[i]))}" for i in ranked)
            sure = percent(float(probabilities.max()))
            say(f"{visible(str(image))}: {label}  {sure}  (then {others})")
    return outcome
