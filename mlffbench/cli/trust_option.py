"""Option ``--trust`` of every command that reads a suite, a recipe or a dataset's name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from mlffbench import registry

__all__ = ["add_trust_option", "trusting"]

Trust = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="MODULE",
        help="A module whose code may be named (module:Name), or a file that may be run or unpickled; may be "
        "repeated. The environment variable MLFFBENCH_TRUST holds such names, separated by commas.",
    ),
]


def trusting(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the option, which also holds in the processes that it starts."""

    @wraps(command)
    def run(*args: Any, trust: list[str] | None = None, **params: Any) -> Any:
        registry.trust(*(trust or ()))
        return command(*args, **params)

    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter("trust", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Trust)
    parameters = [*signature.parameters.values(), option]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def add_trust_option(app: typer.Typer, without: tuple[str, ...]) -> None:
    """Give the option to the commands of an application, all but some."""
    for command in app.registered_commands:
        if command.callback is not None and (command.name or command.callback.__name__) not in without:
            command.callback = trusting(command.callback)
