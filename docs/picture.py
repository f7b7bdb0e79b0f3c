"""Draw the dashboard as it is now, on a run of yours, as an SVG file.

python docs/picture.py RUN VIEW FILE.svg        as in: latest curves dashboard.svg
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from nn.runs.folder import Library
from tui.app import Dashboard

PATIENCE = 20.0


async def draw(run: str, view: str, file: Path) -> None:
    """Wait until the run is shown with its answers, then write the picture."""
    library = Library(Path(os.environ.get("CNN_TUI_MODELS", "saved_models")))
    app = Dashboard(library, library.find_run(run))
    async with app.run_test(size=(120, 36)) as pilot:
        deadline = time.monotonic() + PATIENCE
        while app.session.answers is None and time.monotonic() < deadline:
            await pilot.pause(0.1)
        app.action_turn_to(view)
        await pilot.pause(1.0)
        file.write_text(app.export_screenshot(title="cnn-tui"), "utf-8")


if __name__ == "__main__":
    asyncio.run(draw(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
