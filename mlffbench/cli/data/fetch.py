"""Command ``mlffbench data fetch``: download the files of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlffbench.cli.console import console, print_json, refusals
from mlffbench.cli.data.arguments import DatasetText, Json, Params, dataset_spec
from mlffbench.cli.progress_bars import bars

if TYPE_CHECKING:
    from mlffbench.data import Spec

__all__ = ["fetch"]

MB = 1e6


def fetch(dataset: DatasetText, param: Params = None, json_: Json = False) -> None:
    """Download every file of a dataset, verify it, and print its path."""
    from mlffbench.datasets.sources.availability import sources_of
    from mlffbench.system import progress

    with refusals():
        spec = dataset_spec(dataset, param)
        sources, paths = sources_of(spec), []
        with bars():
            for done, source in enumerate(sources):
                progress.report("files", done, len(sources))
                paths.append(source.fetch())
        if json_:
            print_json(_facts(spec, sources, paths))
        else:
            _print(spec, paths)


def _facts(spec: Spec, sources: tuple[Any, ...], paths: list[Path]) -> dict[str, Any]:
    files = [
        {"path": str(path), "bytes": path.stat().st_size, "url": source.url}
        for source, path in zip(sources, paths, strict=True)
    ]
    return {"dataset": spec.name, "params": dict(spec.params), "files": files}


def _print(spec: Spec, paths: list[Path]) -> None:
    from rich.text import Text

    screen = console()
    if not paths:
        screen.print(Text(f"{spec}: nothing to download"))
        return
    for path in paths:
        screen.print(str(path), markup=False, highlight=False, soft_wrap=True)
    total = sum(path.stat().st_size for path in paths) / MB
    screen.print(Text(f"{spec}: {len(paths)} files, {total:.1f} MB"))
