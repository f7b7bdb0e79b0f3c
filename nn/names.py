"""Names of runs and models: what may be one cannot lead out of their folder."""

from __future__ import annotations

import re

from nn.schema import InputError, show

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever follows their first dot."""


def is_name(name: str) -> bool:
    """Whether a run or a model may have this name."""
    return _NAME.fullmatch(name) is not None


def is_model_name(name: str) -> bool:
    """Whether a model may, whose file is called so."""
    return is_name(name) and not _DEVICE.fullmatch(name)


def check_model_name(name: str) -> None:
    """Refuse what cannot be the name of a model.

    Raises:
        InputError: saying what would do.
    """
    if not is_name(name):
        raise InputError(
            f"{show(name)} will not do; use letters, digits, dots, dashes and underscores, "
            "64 at most"
        )
    if not is_model_name(name):
        raise InputError(f"{name!r} is a device on some systems; choose another name")
