"""What the view of mistakes asks for: files of them, and more about one."""

from __future__ import annotations

from functools import partial

from textual import on

from tui import words
from tui.mistake_files import export
from tui.panels.mistakes import LargePicture, MistakesPanel
from tui.steering import SteeringApp
from tui.threads import in_thread


class MistakesApp(SteeringApp):
    """Hands mistakes on to those who write them down or look at them again."""

    @on(LargePicture.Shown)
    def _look_again(self, event: LargePicture.Shown) -> None:
        self.session.second.want(event.indices, event.place, event.image_bytes)
        self.attempt(self.jobs.look_again)

    @on(MistakesPanel.WritingAsked)
    def _write_mistakes(self, event: MistakesPanel.WritingAsked) -> None:
        self.begin(partial(self._write, event))

    async def _write(self, event: MistakesPanel.WritingAsked) -> None:
        asked = (self.library.path, event.answers, event.indices, event.selection)
        files = await in_thread(lambda: export(*asked))
        self.tell(words.mistakes_written(files, len(event.indices)))
