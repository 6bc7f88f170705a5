"""Command ``mlffbench export``: a fitted model in the files of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mlffbench.cli.console import file_size, refusals, say, stop

__all__ = ["export"]


def export(
    model: Annotated[Path, typer.Argument(help="A fitted model, .mlff.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="File to write; its suffix chooses the format.", show_default=False
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(help="lammps, mace-torch, quip or gpumd, where the method has it.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Write a fitted model for LAMMPS or its authors' own program, and print the lines that use it."""
    with refusals():
        import mlffbench

        fitted: Any = mlffbench.load(model)
        formats = getattr(fitted, "export_formats", None)
        if formats is None:
            stop(f"{type(fitted).__name__} runs in ASE only: mlffbench.load({str(model)!r}).calculator()")
        if format is None and output is None:
            format = next(iter(formats))
        target = output or Path(model.stem + formats.get(format, ""))
        if target.is_dir():
            stop(f"{target} is a folder; name a file")
        if target.exists() and target.samefile(model):
            stop(f"{target} is the model itself, which is never replaced")
        try:
            written = fitted.export(target, format, overwrite)
        except FileExistsError as error:
            if error.errno is not None:  # a file where a folder should be
                raise
            stop(f"{error}; --overwrite replaces it")
    for file in written.files:
        say(f"wrote {file} ({file_size(file.stat().st_size)})", err=True)
    say("", err=True)
    say(written.usage)
