"""The command ``mlffbench list``: what there is of a kind."""

from __future__ import annotations

import inspect
from enum import StrEnum
from typing import Annotated

import typer

from mlffbench.cli.console import console

__all__ = ["list_"]

GIVEN = ("dataset", "seed", "model", "split", "true", "predicted")  # what mlffbench passes, not the user


class Kind(StrEnum):
    """What can be listed."""

    estimators = "estimators"
    datasets = "datasets"
    splits = "splits"
    metrics = "metrics"
    tasks = "tasks"
    checks = "checks"
    samplers = "samplers"
    calculators = "calculators"


def list_(kind: Annotated[Kind, typer.Argument(show_default=False)]) -> None:
    """What there is, a line and the parameters each."""
    from rich.padding import Padding
    from rich.text import Text

    from mlffbench import registry

    screen = console()
    for name in registry.names(kind.value):
        thing = registry.load(kind.value, name)
        screen.print(Text(name, style="bold"))
        screen.print(Padding(Text(registry.summary(thing)), (0, 0, 0, 4)))
        words = registry.parameters(thing, GIVEN).items()
        text = ", ".join(k if v is inspect.Parameter.empty else f"{k}={v!r}" for k, v in words)
        if text:
            screen.print(Padding(Text(text, style="dim"), (0, 0, 0, 4)))
