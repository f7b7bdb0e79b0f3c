"""Convolutional networks and their training, written from scratch in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nn.classic import batched_predict_with_cleanup, one_hot_encode, train

__all__ = ["batched_predict_with_cleanup", "one_hot_encode", "train"]


def __getattr__(name: str) -> Any:
    """The original's functions, loaded when asked for: `import nn` alone loads no NumPy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nn import classic

    return getattr(classic, name)
