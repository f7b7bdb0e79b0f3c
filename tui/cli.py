"""The command `cnn-tui`: what can be typed, and what it leads to.

Only declarations are here, so that `--help` answers at once: what computes or draws is imported by
the command that needs it.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from nn import presets
from nn.schema import InputError
from tui.commands.saying import complain
from tui.exits import Exit

if TYPE_CHECKING:
    from nn.runs.folder import Library
    from tui.commands.train import Wish

app = typer.Typer(
    name="cnn-tui",
    help="Design, train and inspect a convolutional network written in NumPy, in the terminal.",
    epilog="Without a command it opens the dashboard. Over SSH: ssh -t HOST cnn-tui",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    # Plain text: it is read over any connection, in any locale, and with `less`.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# Of what cannot be read, commands tell by themselves: hence `readable=False`.
Models = Annotated[
    Path,
    typer.Option(
        "--models",
        metavar="DIR",
        readable=False,
        envvar="CNN_TUI_MODELS",
        help="The folder of saved models and runs.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON, one object a line, on standard output.")
]
Run = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, a unique beginning of it, or latest.")
]
Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A saved model's name, or the path of its file.")
]
Config = Annotated[
    Path | None,
    typer.Option(metavar="FILE", readable=False, help="A configuration in TOML or JSON."),
]
Preset = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help=f"A configuration to start from: {', '.join(presets.names())}."
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Any field, as in training.learning_rate=0.003; repeatable.",
    ),
]
Data = Annotated[
    str | None, typer.Option(metavar="D", help="The dataset: mnist, keras:NAME, or a path.")
]
Limit = Annotated[int | None, typer.Option(metavar="N", help="Use the first N training images.")]
BatchSize = Annotated[int | None, typer.Option(metavar="N", help="Images a batch.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="What all randomness grows from.")]
Augment = Annotated[
    bool,
    typer.Option("--augment", help="Change training images at random, as suits the dataset."),
]
Threads = Annotated[int | None, typer.Option(metavar="N", help="Processors to use (default: all).")]
Ascii = Annotated[
    bool | None,
    typer.Option(
        "--ascii/--no-ascii",
        help="Draw with ASCII alone, or not (default: as the locale and TERM say).",
        show_default=False,
    ),
]
Slow = Annotated[bool, typer.Option("--slow", help="Repaint seldom: for a slow line.")]
SAVED_MODELS = Path("saved_models")
OUT_OF_MEMORY = "there is not enough memory; free some, or use a smaller network or batch"


def _library(models: Path) -> Library:
    from nn.runs.folder import Library

    return Library(models)


def _wish(
    config: Path | None,
    preset: str | None,
    assignments: list[str] | None,
    shorts: dict[str, Any],
    *,
    augment: bool,
    resume: str | None = None,
    force: bool = False,
) -> Wish:
    """What was typed; `shorts` are the short forms by the fields that they stand for."""
    from tui.commands.train import Wish

    shorts["training.augmentation"] = "suggested" if augment else None
    return Wish(
        config_file=config,
        preset=preset,
        fields={field: value for field, value in shorts.items() if value is not None},
        assignments=assignments or [],
        resume=resume,
        force=force,
    )


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"cnn-tui {version('cnn-tui')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def dashboard(
    context: typer.Context,
    models: Models = SAVED_MODELS,
    ascii: Ascii = None,
    slow: Slow = False,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Design, train and inspect a convolutional network written in NumPy, in the terminal."""
    if (command := context.invoked_subcommand) is not None:
        _refuse_options_before(command, context)
        return
    from tui.commands.dashboard import Look, open_dashboard

    open_dashboard(models, Look(ascii, slow))


def _refuse_options_before(command: str, context: typer.Context) -> None:
    """An option that stands before a command would be taken for the dashboard's, and be lost."""
    for name in ("models", "ascii", "slow"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise InputError(f"--{name}: goes behind the command, as in cnn-tui {command} --{name}")


@app.command()
def attach(
    run: Run = "latest",
    ascii: Ascii = None,
    slow: Slow = False,
    models: Models = SAVED_MODELS,
) -> None:
    """Open the dashboard on a run, living or ended (default: newest).

    Leaving it with q does not end the run, nor does a connection that breaks.
    """
    from tui.commands.dashboard import Look, open_dashboard

    open_dashboard(models, Look(ascii, slow), run)


@app.command()
def train(
    config: Config = None,
    preset: Preset = None,
    assignments: Assignments = None,
    data: Data = None,
    limit: Limit = None,
    epochs: Annotated[
        int | None, typer.Option(metavar="N", help="Times through the training images.")
    ] = None,
    batch_size: BatchSize = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="X", help="The size of a step.")
    ] = None,
    seed: Seed = None,
    augment: Augment = False,
    threads: Threads = None,
    save: Annotated[
        str | None, typer.Option(metavar="NAME", help="Save the finished model by this name.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Let --save replace a model of that name.")
    ] = False,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Continue a run that ended, from its last checkpoint."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return at once; the run goes on by itself.")
    ] = False,
    min_accuracy: Annotated[
        float | None,
        typer.Option(metavar="X", help="Fail below this test accuracy, as in 0.98."),
    ] = None,
    as_json: Json = False,
    models: Models = SAVED_MODELS,
) -> None:
    """Train without a screen.

    Ctrl-C writes a checkpoint, ends the run and says how to continue it. A pipe that nobody reads
    any more ends it likewise; a terminal that closes does not.

    \b
    Examples:
      cnn-tui train --preset small --save mine
      cnn-tui train --limit 1000 --epochs 2 --augment
      cnn-tui train --set training.optimizer=sgd --set training.patience=3

    docs/reference.md lists every field that --set takes.
    """
    from tui.commands.train import train

    shorts = {
        "data.dataset": data,
        "data.limit": limit,
        "training.epochs": epochs,
        "training.batch_size": batch_size,
        "training.learning_rate": learning_rate,
        "training.seed": seed,
        "training.threads": threads,
        "save_as": save,
    }
    wish = _wish(config, preset, assignments, shorts, augment=augment, resume=resume, force=force)
    raise typer.Exit(
        train(_library(models), wish, detach=detach, min_accuracy=min_accuracy, as_json=as_json)
    )


@app.command("lr-find")
def lr_find(
    config: Config = None,
    preset: Preset = None,
    assignments: Assignments = None,
    data: Data = None,
    limit: Limit = None,
    batch_size: BatchSize = None,
    seed: Seed = None,
    augment: Augment = False,
    threads: Threads = None,
    start: Annotated[float, typer.Option(metavar="X", help="The first rate.")] = 1e-6,
    end: Annotated[
        float, typer.Option(metavar="X", help="The last rate, unless the loss explodes before.")
    ] = 10.0,
    steps: Annotated[int, typer.Option(metavar="N", help="Batches, each with its own rate.")] = 100,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object: rates, losses, smoothed, suggestion."),
    ] = False,
) -> None:
    """Find a learning rate: let it rise, and watch the loss.

    No run is made and no model is changed. Ends with 1 where the loss never fell, so that no rate
    can be suggested.

    \b
    Example:
      cnn-tui lr-find --preset small --set training.optimizer=sgd
    """
    from nn.rate_finder import RateTest
    from tui.commands.lr_find import lr_find

    shorts = {
        "data.dataset": data,
        "data.limit": limit,
        "training.batch_size": batch_size,
        "training.seed": seed,
        "training.threads": threads,
    }
    wish = _wish(config, preset, assignments, shorts, augment=augment)
    test = RateTest.parse({"start": start, "end": end, "steps": steps}, "--")
    raise typer.Exit(lr_find(wish.config(), test, as_json=as_json))


@app.command()
def profile(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A saved model's name or path: its network and its training, as they were.",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    preset: Preset = None,
    assignments: Assignments = None,
    data: Data = None,
    batch_size: BatchSize = None,
    augment: Augment = False,
    threads: Threads = None,
    steps: Annotated[
        int, typer.Option(metavar="N", help="Steps that are measured; medians are shown.")
    ] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object with everything.")
    ] = False,
    models: Models = SAVED_MODELS,
) -> None:
    """Show where the time of training goes, part by part.

    Takes real steps on images drawn at random, here and now, and changes nothing. For each stage of
    the network it says forward and backward times, the rate in billions of multiply-adds a second,
    how a convolution was computed, and the share of the step. Layers joined by + are carried out
    together. Multiply-adds are those of the layers' definitions: fft needs fewer, and so its rate
    may be above what the processor can do.

    \b
    Examples:
      cnn-tui profile --preset small
      cnn-tui profile --batch-size 512 --threads 1
      cnn-tui profile --set network.layers.3.algorithm=gemm
      cnn-tui profile mine --json
    """
    from nn.profiling import ProfileTest
    from tui.commands.profile import profile, subject

    shorts = {
        "data.dataset": data,
        "training.batch_size": batch_size,
        "training.threads": threads,
    }
    wish = _wish(config, preset, assignments, shorts, augment=augment)
    path = None if model is None else _library(models).find_model(model)
    test = ProfileTest.parse({"steps": steps}, "--")
    raise typer.Exit(profile(subject(wish, path), test, as_json=as_json))


@app.command()
def evaluate(
    model: Model,
    data: Annotated[
        str | None,
        typer.Option(metavar="D", help="The dataset (default: the model's own)."),
    ] = None,
    mistakes: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="Write what it got wrong to a table (.csv) or a sheet of pictures (.png); "
            "repeatable. A file of that name is replaced.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
    models: Models = SAVED_MODELS,
) -> None:
    """Show how a model does on a test set, class by class.

    Also how far its confidence can be believed, and what it takes for what.

    \b
    Example:
      cnn-tui evaluate digits --mistakes digits.csv --mistakes digits.png
    """
    from tui.commands.evaluate import evaluate

    path = _library(models).find_model(model)
    raise typer.Exit(evaluate(path, data, mistakes or (), as_json=as_json))


@app.command()
def predict(
    model: Model,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE", readable=False, help="Pictures of any size and kind."),
    ],
    as_json: Json = False,
    models: Models = SAVED_MODELS,
) -> None:
    """Classify pictures of any size.

    For a model of grey images they are prepared as MNIST's digits were: light ink on black, fitted
    and centred. One that cannot be read is reported; the command ends with 2 after the others.

    \b
    Example:
      cnn-tui predict digits one.png scan.jpg
    """
    from tui.commands.predict import predict

    raise typer.Exit(predict(_library(models).find_model(model), images, as_json=as_json))


@app.command()
def export(
    model: Model,
    file_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="onnx or keras.")],
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help="The file to write (default: the model's name, in this folder).",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
    as_json: Json = False,
    models: Models = SAVED_MODELS,
) -> None:
    """Write a model as a file that ONNX runtimes or Keras run.

    \b
    Example:
      cnn-tui export digits --format onnx --output digits.onnx
    """
    from tui.commands.export import export_model

    export_model(
        _library(models).find_model(model), file_format, output, force=force, as_json=as_json
    )


@app.command()
def code(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="A saved model, in place of a configuration."),
    ] = None,
    to: Annotated[
        str, typer.Option("--to", metavar="LANGUAGE", help="pytorch, keras or toml.")
    ] = "pytorch",
    config: Config = None,
    preset: Preset = None,
    assignments: Assignments = None,
    data: Data = None,
    as_json: Json = False,
    models: Models = SAVED_MODELS,
) -> None:
    """Write a network as code, or its configuration as TOML.

    The code, for PyTorch or Keras, has the layers, how their weights start, the optimizer and the
    schedule; it runs by itself, and says what is not in it. Trained weights are for export.

    \b
    Examples:
      cnn-tui code --preset best > network.py
      cnn-tui code --to keras --set network.layers.0.filters=64
      cnn-tui code mine --to toml > mine.toml
    """
    from tui.commands.code import print_code

    wish = _wish(config, preset, assignments, {"data.dataset": data}, augment=False)
    path = None if model is None else _library(models).find_model(model)
    print_code(wish, path, to, as_json=as_json)


@app.command()
def runs(as_json: Json = False, models: Models = SAVED_MODELS) -> None:
    """List the runs, the newest first."""
    from tui.commands.listing import list_runs

    list_runs(_library(models), as_json=as_json)


@app.command()
def advice(run: Run = "latest", as_json: Json = False, models: Models = SAVED_MODELS) -> None:
    """Show what a run's own figures say about it.

    What is wrong, the figures that say so, and what to try. A run that trains is told of as it is
    now. Ends with 0, whatever there is to say.

    \b
    Examples:
      cnn-tui advice
      cnn-tui advice latest --json
    """
    from tui.commands.advice import advise_on

    advise_on(_library(models).find_run(run), as_json=as_json)


@app.command("models")
def list_saved_models(as_json: Json = False, models: Models = SAVED_MODELS) -> None:
    """List the saved models."""
    from tui.commands.listing import list_models

    list_models(_library(models), as_json=as_json)


@app.command()
def pause(run: Run, as_json: Json = False, models: Models = SAVED_MODELS) -> None:
    """Let a run wait after its current step.

    Its trainer writes a checkpoint and stays; resume lets it go on.

    \b
    Example:
      cnn-tui pause latest
    """
    from tui.commands.steer import pause

    pause(_library(models).find_run(run), as_json=as_json)


@app.command()
def resume(run: Run, as_json: Json = False, models: Models = SAVED_MODELS) -> None:
    """Let a run go on; one that ended, from its checkpoint.

    Returns at once. To follow it, or to change fields of one that ended, see train --resume.

    \b
    Examples:
      cnn-tui resume latest
      cnn-tui train --resume latest --epochs 10
    """
    from tui.commands.steer import resume

    resume(_library(models).find_run(run), as_json=as_json)


@app.command()
def stop(run: Run, as_json: Json = False, models: Models = SAVED_MODELS) -> None:
    """Let a run write a checkpoint and end.

    Nothing is lost: resume goes on from there.

    \b
    Example:
      cnn-tui stop latest
    """
    from tui.commands.steer import stop

    stop(_library(models).find_run(run), as_json=as_json)


@app.command("rm")
def remove_runs(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN", help="Runs' ids, unique beginnings of them, or latest."),
    ],
    force: Annotated[bool, typer.Option("--force", help="Remove without asking.")] = False,
    as_json: Json = False,
    models: Models = SAVED_MODELS,
) -> None:
    """Remove runs, after a question; saved models stay.

    Their history and checkpoints are gone for good. A run that trains is refused, and then none is
    removed.

    \b
    Example:
      cnn-tui rm 3f2a 90b1
    """
    from tui.commands.remove import remove

    raise typer.Exit(remove(_library(models), runs, force=force, as_json=as_json))


@app.command()
def selftest() -> None:
    """Drive the real dashboard without a terminal.

    With a real trainer; it says what was checked.
    """
    from tui.selftest import selftest

    raise typer.Exit(selftest())


def main() -> None:
    """Run the command; wrong input ends with one sentence and exit code 2, too little memory, a
    full disk and what else the system refuses with one and exit code 1.
    """
    try:
        _prepare_streams()
        try:
            app(prog_name="cnn-tui")
        finally:
            sys.stdout.flush()
    except InputError as error:
        _end(Exit.WRONG_INPUT, str(error))
    except KeyboardInterrupt:
        _end(Exit.INTERRUPTED)
    except MemoryError:
        _end(Exit.FAILED, OUT_OF_MEMORY)
    except BrokenPipeError:
        # The reader of our output has gone (as in `| head`): there is nobody left to tell.
        _end(Exit.FAILED)
    except OSError as error:
        told = (error.filename, error.strerror or str(error))
        _end(Exit.FAILED, ": ".join(str(each) for each in told if each))


def _prepare_streams() -> None:
    """Let standard streams that were closed lead nowhere, and signs that standard output's encoding
    does not have be written as escapes, as Python does on standard error."""
    # The order is that of their numbers: each is opened under the lowest that is free.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _end(code: Exit, sentence: str | None = None) -> NoReturn:
    """Say why, and leave out what is still to be printed where it cannot be."""
    if sentence is not None:
        complain(sentence)
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
