"""Unexpected errors: a sentence for the screen, the details in a file."""

from __future__ import annotations

import time
import traceback
from contextlib import suppress
from pathlib import Path

from nn.schema import InputError


def sentence(error: Exception, log_file: Path) -> str:
    """An error in words; what nobody foresaw is written down in full."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory for that"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or log_file.parent}: {error.strerror}"
    with suppress(OSError), log_file.open("a", encoding="utf-8") as file:
        file.write(time.strftime("%Y-%m-%d %H:%M:%S\n"))
        file.writelines(traceback.format_exception(error))
    return f"that went wrong ({type(error).__name__}: {error}); details are in {log_file}"
