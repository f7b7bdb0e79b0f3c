"""The design as a picture of blocks, over the dashboard."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from nn.network import Plan
from tui.dialogs import Dialog
from tui.render.network_picture import picture

LEGEND = "A block is as high as its maps, and the wider the more channels it has."


class NetworkPicture(Dialog[None]):
    """Every layer's output as a block, as far as the layers fit; scrolls where there are many."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("The network as blocks")
        self._plan = plan

    def content(self) -> ComposeResult:
        """The picture, what sizes mean, and before all what does not fit."""
        if self._plan.problem is not None:
            yield Static(f"x {self._plan.problem}", classes="wrong", markup=False)
        with VerticalScroll():
            yield Static(id="picture", markup=False)
            yield Static(f"\n{LEGEND}", id="remark", markup=False)

    def on_mount(self) -> None:
        """Scroll by the arrows at once."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Draw in the new size, as soon as it is known."""
        super().on_resize()
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width
        self.query_one("#picture", Static).update(picture(self._plan, max(width, 1)))
