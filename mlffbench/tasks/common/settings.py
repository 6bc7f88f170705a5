"""Frozen settings from the mappings of keywords that a suite gives to a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from mlffbench.registry import suggest

__all__ = ["from_keywords"]

Settings = TypeVar("Settings")


def from_keywords(cls: type[Settings], keywords: Mapping[str, Any] | None, where: str) -> Settings:
    """Return a frozen dataclass with these keywords set and its defaults for the others.

    Parameters
    ----------
    where : str
        The parameter that the mapping is the value of, for messages: ``'solids' of properties``.

    Raises
    ------
    LookupError
        The dataclass has no such keyword.
    TypeError
        `keywords` is no mapping.
    """
    known = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    if not isinstance(keywords, Mapping | None):
        raise TypeError(f"{where} must be a mapping of keywords, {{{known[0]}: ...}}, not {keywords!r}")
    for keyword in keywords or ():
        if keyword not in known:
            raise LookupError(f"{where} has no keyword {keyword!r}{suggest(keyword, known)}")
    return cls(**(keywords or {}))
