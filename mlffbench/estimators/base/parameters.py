"""Checks of constructor parameters, made when an estimator is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["check_choice", "check_positive"]


def check_positive(model: Any, *names: str) -> None:
    """Raise ValueError for a parameter that is not larger than zero."""
    for name in names:
        if not getattr(model, name) > 0:
            raise ValueError(f"{name} must be larger than 0; got {getattr(model, name)}")


def check_choice(model: Any, name: str, choices: Sequence[Any]) -> None:
    """Raise ValueError for a parameter that is none of the choices."""
    if getattr(model, name) not in choices:
        raise ValueError(f"{name} must be one of {tuple(choices)}; got {getattr(model, name)!r}")
