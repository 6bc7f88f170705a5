"""Mistakes in the executor of a suite: programs, commands and schedulers that the user does not trust."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from mlffbench.data import Spec
from mlffbench.registry import remedy
from mlffbench.registry.trusted import trusted
from mlffbench.system.settings_source import Mistake

__all__ = ["executor_mistakes"]

EFFECTS = {
    "prologue": "would run in the job script",
    "extra": "would be an option of the job, which may run programs",
    "python": "would run the workers",
    "scheduler": "would be connected to, and a scheduler can run code here",
}


def executor_mistakes(content: Any) -> Iterator[Mistake]:
    """Yield refusals of what an executor, as the suite writes it, would run or connect to.

    The whole text must be trusted as it stands: a path inside a command is no path to compare.
    """
    if not isinstance(content, Mapping) or "executor" not in content:
        return
    try:
        executor = Spec.parse(content["executor"])
    except ValueError:  # which is said elsewhere
        return
    for word, effect in EFFECTS.items():
        value = executor.params.get(word)
        for text in value if isinstance(value, list | tuple) else [value]:
            if text is not None and not _is_trusted(str(text)):
                sentence = f"{text!r} {effect}; {remedy(shlex.quote(str(text)))}"
                yield Mistake(("executor", executor.name, word), " ".join(sentence.split()))


def _is_trusted(text: str) -> bool:
    """True for a text that the user trusts; commas part what is trusted, so that each piece must be."""
    return all(piece.strip() in ("", *trusted()) for piece in text.split(","))
