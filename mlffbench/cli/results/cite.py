"""Command ``mlffbench cite``: the works behind results as BibTeX."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlffbench.cli.console import refusals, say
from mlffbench.cli.results.filters import Folders, results_of

__all__ = ["cite"]

Out = Annotated[Path | None, typer.Option(help="File of the entries.", show_default="printed")]


def cite(folders: Folders, out: Out = None) -> None:
    """Print references of the methods, data and packages of results as BibTeX."""
    from mlffbench.report.bibliography.reference import bibtex
    from mlffbench.report.bibliography.works import works_of
    from mlffbench.system.atomic_write import atomic_write

    with refusals():
        references, missing = works_of(results_of(folders).documents)
        text = bibtex(references)
        if out is None:
            typer.echo(text, nl=False)
        else:
            with atomic_write(out) as file:
                file.write(text.encode())
            say(f"wrote {out}: {sum(line.startswith('@') for line in text.splitlines())} works")
    for sentence in missing:
        say(f"careful: {sentence}", err=True)
