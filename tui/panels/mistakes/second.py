"""What is said and shown of an image beyond the network's own answer."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from nn.runs.second_look_process import Neighbour
from tui.panels import Palette, shorten
from tui.render import formats
from tui.render.images import PictureStyle, image_text
from tui.second_look import Found, Opinion
from tui.state import Answers

NAME_WIDTH = 14
GAP = 2


def opinions_text(
    found: Found,
    answers: Answers,
    index: int,
    width: int,
    colors: Palette,
    *,
    problem: str,
    ascii: bool,
) -> Text:
    """What other saved models call an image, a line each, under a heading."""
    lines = [Text("other saved models", colors.muted)]
    lines += [_opinion(each, answers, index, width, colors, ascii) for each in found.opinions]
    if not (found.done or problem):
        lines.append(Text("asking..." if ascii else "asking…", colors.muted))
    elif found.done and not found.opinions:
        lines.append(Text("none for such images: ctrl+s saves one", colors.muted))
    return Text("\n").join(lines)


def _opinion(
    opinion: Opinion, answers: Answers, index: int, width: int, colors: Palette, ascii: bool
) -> Text:
    name = shorten(opinion.model, NAME_WIDTH, ascii=ascii)
    line = Text(name + " " * (NAME_WIDTH + 1 - cell_len(name)), no_wrap=True)
    if opinion.problem:
        problem = shorten(opinion.problem, max(width - NAME_WIDTH - 1, 0), ascii=ascii)
        return line.append(problem, colors.muted)
    true, called = (
        answers.class_names[int(classes[index])]
        for classes in (answers.labels, answers.predictions)
    )
    if opinion.true is None:
        word, color = "knows other classes", colors.muted
    elif opinion.called == true:
        word, color = "right", colors.good
    elif opinion.called == called:
        word, color = "the same", colors.bad
    else:
        word, color = "another mistake", colors.bad
    says = shorten(opinion.called, NAME_WIDTH, ascii=ascii)
    line.append(f"{says} {formats.percent(opinion.probability, 1)}  ", "bold")
    return line.append(word, color)


def neighbours_text(
    found: Found,
    answers: Answers,
    size: tuple[int, int],
    drawing: PictureStyle,
    colors: Palette,
    *,
    problem: str,
    ascii: bool,
) -> Text:
    """The nearest training images side by side in so many columns and lines, under a heading."""
    width, height = size
    heading = Text("nearest training images, and how far away", colors.muted, no_wrap=True)
    if found.neighbours is None:
        waiting = problem or ("looking..." if ascii else "looking…")
        return Text.assemble(heading, "\n", (waiting, colors.muted))
    shape = answers.images.shape[1:]
    lines = max(height - 2, 1)
    across = max(round(2 * lines * shape[1] / shape[0]), 1)
    shown = found.neighbours[: max((width + GAP) // (across + GAP), 1)]
    tiles = [_tile(each, answers, across, drawing, colors, ascii) for each in shown]
    rows = [Text(" " * GAP).join(parts) for parts in zip(*tiles, strict=True)]
    return Text("\n").join([heading, *rows])


def _tile(
    neighbour: Neighbour,
    answers: Answers,
    across: int,
    drawing: PictureStyle,
    colors: Palette,
    ascii: bool,
) -> Sequence[Text]:
    """The lines of a neighbour: its picture, then its class and distance."""
    image = neighbour.image(answers.images.shape[1:])
    picture = image_text(image, width=across, style=drawing, ink=colors.ink, paper=colors.paper)
    distance = f"{neighbour.distance:.1f}"
    name = shorten(answers.class_names[neighbour.label], across - len(distance) - 1, ascii=ascii)
    below = f"{name} {distance}"[:across]
    return [*picture.split("\n"), Text(below + " " * (across - cell_len(below)))]
