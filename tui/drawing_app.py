"""What the view of drawings asks for: a network to read them, and to keep one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from textual import on

from nn.types import Bytes
from tui import words
from tui.dialogs import Choice, Choose
from tui.panels.draw import DrawPanel, Sheet
from tui.steering import SteeringApp
from tui.threads import in_thread

HOW_TO_CHOOSE = "What is it truly? Press its key, or choose with arrows and enter."
KEYS = "0123456789abcdefghijklmnopqrstuvwxyz"


class DrawingApp(SteeringApp):
    """Hands drawings on to those who read and keep them."""

    @on(Sheet.Drawn)
    def _read_drawing(self, event: Sheet.Drawn) -> None:
        self.jobs.draw(event.ink)

    @on(DrawPanel.ReaderAsked)
    def _ask_for_reader(self) -> None:
        self.begin(self._choose_reader)

    @on(DrawPanel.KeepAsked)
    def _ask_for_class(self, event: DrawPanel.KeepAsked) -> None:
        self.begin(partial(self._keep, event.ink))

    async def _keep(self, ink: Bytes) -> None:
        """Keep a drawing as a test picture, once its true class is known."""
        found = self.session.recognition
        if found is None or found.model is None:
            problem = found.problem if found else ""
            self.tell(problem or "No network that knows the classes is there yet.", "warning")
            return
        card = found.model.card
        choices = [
            Choice(f"class-{label}", "" if name == key else name, key)
            for label, (name, key) in enumerate(
                zip(card.class_names, class_keys(card.class_names), strict=True)
            )
        ]
        proposed = 0 if found.probabilities is None else int(found.probabilities.argmax())
        question = Choose("Keep it as a picture of", HOW_TO_CHOOSE, choices, proposed=proposed)
        chosen = await self.push_screen_wait(question)
        if chosen is not None:
            label = int(chosen.removeprefix("class-"))
            picture = await self.jobs.keep_drawing(card, label, ink)
            self.tell(words.drawing_kept(picture, found.model, self.library))

    async def _choose_reader(self) -> None:
        """Let a saved model read what is drawn, or again the network that is looked at."""
        models = await in_thread(self.library.models)
        usual = "the run's, or the model that was loaded"
        choices = [Choice("usual", usual, "u"), *(Choice(str(path), path.stem) for path in models)]
        chosen = await self.push_screen_wait(Choose("Which network reads?", "", choices))
        if chosen is not None:
            self.session.reader = None if chosen == "usual" else Path(chosen)
            self.jobs.draw()


def class_keys(names: Sequence[str]) -> list[str]:
    """A key for each class: a digit or a letter that is its name, or else its place.

    Beyond the last key there is none; such classes are chosen with the arrows.
    """
    own = [name.lower() for name in names]
    if len(set(own)) == len(own) and all(key in KEYS and len(key) == 1 for key in own):
        return own
    return [KEYS[place : place + 1] for place in range(len(names))]
