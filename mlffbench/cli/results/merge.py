"""Command ``mlffbench results merge``: results of several machines in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlffbench.cli.console import print_json, refusals, say, stop
from mlffbench.cli.data.arguments import Json
from mlffbench.cli.results.filters import Folders

__all__ = ["merge"]

Into = Annotated[
    Path, typer.Option(help="Results folder that gets the copies; made if needed.", show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Copy nothing, say what would happen.")]


def merge(folders: Folders, into: Into, dry_run: DryRun = False, json_: Json = False) -> None:
    """Copy documents, predictions and models into one folder; nothing there is overwritten."""
    from mlffbench.cli.finished import say_set_aside
    from mlffbench.harness.documents.merge import merge_folders
    from mlffbench.harness.documents.store import Store

    with refusals():
        sources = [Store(folder) for folder in folders]
        for source in sources:
            if not source.ids():
                stop(f"{source.folder} holds no results; a results folder is what 'mlffbench run' writes")
            if into.exists() and source.folder.samefile(into):
                stop(f"{into} is one of the folders to copy from; name another one")
        merged = merge_folders(sources, Store(into), dry_run)
    for source in sources:
        say_set_aside(source, "it is not copied")
    if json_:
        print_json({**vars(merged), "into": str(into), "dry_run": dry_run})
    else:
        for id, reason in merged.conflicts.items():
            say(f"conflict: {id} {reason}; {into} keeps its own", err=True)
        for id, reason in merged.incomplete.items():
            say(f"careful: {id} {reason}", err=True)
        word = "would be copied" if dry_run else "copied"
        files = "would get" if dry_run else "got"
        completed = f"; {len(merged.completed)} {files} missing files" if merged.completed else ""
        say(
            f"{len(merged.copied)} cases {word} into {into}, {len(merged.same)} were there already, "
            f"{len(merged.conflicts)} conflicts{completed}"
        )
    if merged.conflicts:
        raise typer.Exit(1)
