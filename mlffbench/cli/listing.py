"""Command ``mlffbench list``: the names of a kind."""

from __future__ import annotations

import inspect
from enum import StrEnum
from typing import Annotated

import typer

from mlffbench.cli.console import console

__all__ = ["list_"]

GIVEN = ("dataset", "seed", "model", "split", "true", "predicted")  # what mlffbench passes, not the user


class Kind(StrEnum):
    """Kinds of names."""

    estimators = "estimators"
    datasets = "datasets"
    splits = "splits"
    metrics = "metrics"
    tasks = "tasks"
    checks = "checks"
    samplers = "samplers"
    calculators = "calculators"


def list_(kind: Annotated[Kind, typer.Argument(show_default=False)]) -> None:
    """List the names of a kind, each with a summary and its parameters."""
    from rich.padding import Padding
    from rich.text import Text

    from mlffbench import registry

    screen = console()
    for name in registry.names(kind.value):
        target = registry.load(kind.value, name)
        screen.print(Text(name, style="bold"))
        screen.print(Padding(Text(registry.summary(target)), (0, 0, 0, 4)))
        defaults = registry.parameters(target, GIVEN).items()
        text = ", ".join(k if v is inspect.Parameter.empty else f"{k}={v!r}" for k, v in defaults)
        if text:
            screen.print(Padding(Text(text, style="dim"), (0, 0, 0, 4)))
