"""Command line ``mlffbench``: parse, call, print; one file per command or group of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from mlffbench import __version__
from mlffbench.cli import data, label, listing, new, suite
from mlffbench.cli.console import lenient_output
from mlffbench.cli.trust_option import add_trust_option
from mlffbench.system.interrupts import interruptible

__all__ = ["app", "main"]

app = typer.Typer(
    help="Compare machine-learned force fields: one suite file in, a leaderboard out.",
    no_args_is_help=True, add_completion=True, pretty_exceptions_show_locals=False,
)  # fmt: skip

for command in (suite.run, suite.report, suite.score, suite.schema):
    app.command()(command)
app.command()(new.new)
app.command("list")(listing.list_)
app.command()(label.label)
add_trust_option(app, without=("report", "schema", "list"))
add_trust_option(data.app, without=("list",))
app.add_typer(data.app, name="data")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"mlffbench {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; SIGTERM and SIGHUP end it as Ctrl-C does."""
    lenient_output()
    with interruptible():
        app()
