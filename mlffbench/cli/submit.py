"""Command ``mlffbench submit``: a results folder as one archive that others can check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlffbench.cli.console import file_size, print_json, refusals, say, stop
from mlffbench.cli.data.arguments import Json

__all__ = ["submit"]

Folder = Annotated[Path, typer.Argument(help="A results folder.", show_default=False)]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="The archive.", show_default="the folder's name with .zip")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")]


def submit(folder: Folder, out: Out = None, overwrite: Overwrite = False, json_: Json = False) -> None:
    """Pack documents, predictions, digests, locks and suite of a results folder into one archive."""
    from mlffbench.harness.submissions.pack import pack

    archive = out or Path(f"{folder.resolve().name}.zip")
    with refusals():
        if not folder.is_dir():
            stop(f"no folder {folder}")
        if archive.exists() and not overwrite:
            raise ValueError(f"{archive} exists; --overwrite replaces it")
        packed = pack(folder, archive)
    if json_:
        print_json({**vars(packed), "archive": str(packed.archive)})
        return
    if absent := packed.without_predictions:
        say(f"careful: {len(absent)} cases have no predictions, the first: {absent[0]}", err=True)
    if not packed.has_suite:
        say("careful: the folder keeps no suite.yaml, so nobody can tell what was left out", err=True)
    failed = f", {packed.failed} of them failed" if packed.failed else ""
    say(f"wrote {archive}: {packed.cases} cases{failed}, {file_size(packed.size)}")
    say(f"'mlffbench verify {archive}' checks it as others will")
