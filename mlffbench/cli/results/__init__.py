"""Commands ``mlffbench results ...``, one file each; without a name ``list``."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from mlffbench.cli.results import export, gc, indicators, list_, merge, pack, sql, tracking

__all__ = ["app"]


class _Listing(TyperGroup):
    """Commands of which ``list`` is meant where a folder stands instead of a command's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Listing, no_args_is_help=True,
    help="Results folders: list, export, query with SQL, merge, pack, clean up, hand over to trackers.",
)  # fmt: skip

app.command("list")(list_.list_)
app.command("export")(export.export)
app.command("sql")(sql.sql)
app.command("indicators")(indicators.indicators)
app.command("merge")(merge.merge)
app.command("pack")(pack.pack)
app.command("gc")(gc.gc)
app.command("tensorboard")(tracking.tensorboard)
app.command("mlflow")(tracking.mlflow)
