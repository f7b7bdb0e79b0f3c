"""`cnn-tui` from its first moment: Ctrl-C ends it quietly while Python still imports it."""

from __future__ import annotations

import os
import signal

from tui.exits import Exit


def main() -> None:
    """Run the command; see `tui.cli`.

    What an exception would do depends on where an import is interrupted: some turn it into another
    one. So the process ends at once. Where Ctrl-C is ignored, it stays so.
    """
    ctrl_c = signal.getsignal(signal.SIGINT)
    if ctrl_c is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(Exit.INTERRUPTED))
    from tui import cli

    signal.signal(signal.SIGINT, ctrl_c)
    cli.main()


if __name__ == "__main__":
    main()
