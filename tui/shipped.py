"""The model that the project comes with."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
_PLACES = _HERE / "digits.safetensors", _HERE.parent / "saved_models" / "digits.safetensors"

SHIPPED = next((path for path in _PLACES if path.exists()), _PLACES[-1])
"""Its file: beside the package where that is installed, in `saved_models` of a clone."""
