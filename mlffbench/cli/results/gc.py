"""Command ``mlffbench results gc``: files that no document needs, listed or removed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlffbench.cli.console import file_size, print_json, refusals, say, stop
from mlffbench.cli.data.arguments import Json

__all__ = ["gc"]

Folder = Annotated[Path, typer.Argument(help="A results folder.", show_default=False)]
Only = Annotated[list[str] | None, typer.Option(help="A kind of files (logs); may be repeated.")]
Yes = Annotated[bool, typer.Option("--yes", help="Remove the files; without it they are only listed.")]


def gc(folder: Folder, only: Only = None, yes: Yes = False, json_: Json = False) -> None:
    """List unfinished work, logs, orphaned files and what was set aside, with sizes; --yes removes them."""
    from mlffbench.harness.documents.garbage import KINDS, garbage, remove_garbage
    from mlffbench.harness.documents.store import Store
    from mlffbench.registry import suggest

    with refusals():
        if not folder.is_dir():
            stop(f"no folder {folder}")
        for kind in only or ():
            if kind not in KINDS:
                raise LookupError(f"no kind {kind!r}{suggest(kind, KINDS)}")
        listed = [one for one in garbage(Store(folder)) if not only or one.kind in only]
        if json_:
            print_json([{"kind": one.kind, "path": str(one.path), "bytes": one.size} for one in listed])
        for kind, words in KINDS.items() if not json_ else ():
            sizes = [one.size for one in listed if one.kind == kind]
            if sizes:
                say(f"{kind}: {len(sizes)}, {file_size(sum(sizes))} ({words})")
        removed = remove_garbage(Store(folder), listed) if yes else None
    if json_:
        return
    total = file_size(sum(one.size for one in listed))
    if not listed:
        say(f"nothing to remove in {folder}")
    elif removed is None:
        say(f"{len(listed)} files or folders, {total}; --yes removes them, --only KIND some of them")
    else:
        say(f"removed {file_size(removed)} of {folder}")
