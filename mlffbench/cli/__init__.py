"""Command line ``mlffbench``: parse, call, print; one file per command or group of commands."""

from __future__ import annotations

import gc
from typing import Annotated

import typer

from mlffbench import __version__
from mlffbench.cli import (
    data,
    export,
    label,
    listing,
    model,
    new,
    predict,
    property,
    reproduce,
    run,
    show,
    site,
    submit,
    suite,
    verify,
)
from mlffbench.cli import results as results_commands
from mlffbench.cli.console import lenient_output
from mlffbench.cli.help_texts import DATA_EXAMPLES, EXAMPLES, MORE, RESULTS_EXAMPLES, complete_help
from mlffbench.cli.results import cite, compare
from mlffbench.cli.trust_option import add_trust_option
from mlffbench.system.interrupts import interruptible

__all__ = ["app", "main"]

OBJECTS = 100_000  # new ones, after which the garbage collector looks; documents are many and form no cycles

app = typer.Typer(
    help="Compare machine-learned force fields: one suite file in, a leaderboard out.",
    no_args_is_help=True, add_completion=True, pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]}, epilog=MORE,
)  # fmt: skip

for command in (run.run, suite.report, suite.score, suite.schema):
    app.command()(command)
app.command()(compare.compare)
app.command()(cite.cite)
app.command()(reproduce.reproduce)
app.command()(new.new)
app.command("list")(listing.list_)
app.command()(show.show)
app.command()(label.label)
app.command()(model.model)
app.command()(predict.predict)
app.command("property", context_settings={"ignore_unknown_options": True})(property.property_)
app.command("export")(export.export)
app.command()(site.site)
app.command()(submit.submit)
app.command()(verify.verify)
complete_help(app, EXAMPLES)
complete_help(data.app, DATA_EXAMPLES)
complete_help(results_commands.app, RESULTS_EXAMPLES)
add_trust_option(app, without=("report", "compare", "cite", "schema", "list", "site", "submit", "verify"))
add_trust_option(data.app, without=("list",))
app.add_typer(data.app, name="data")
app.add_typer(results_commands.app, name="results")


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
    gc.set_threshold(OBJECTS)
    with interruptible():
        app()
