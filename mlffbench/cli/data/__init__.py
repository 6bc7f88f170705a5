"""Commands ``mlffbench data ...``, one file each."""

from __future__ import annotations

import typer

from mlffbench.cli.data import audit, catalogue, check, fetch, show, split

__all__ = ["app"]

app = typer.Typer(help="Datasets: list, look at, download, check, split, audit.", no_args_is_help=True)

app.command("list")(catalogue.catalogue)
app.command("show")(show.show)
app.command("fetch")(fetch.fetch)
app.command("check")(check.check)
app.command("split")(split.split)
app.command("audit")(audit.audit)
