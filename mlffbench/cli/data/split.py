"""Command ``mlffbench data split``: training and test frames as a manifest or as files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import console, print_json, refusals, stop, table, tried
from mlffbench.cli.data.arguments import (
    DatasetText,
    Json,
    Params,
    Seed,
    SplitText,
    check_suffix,
    dataset_spec,
    load,
    load_split,
)
from mlffbench.cli.progress_bars import bars

if TYPE_CHECKING:
    from mlffbench.data import Dataset, Split

__all__ = ["split"]


def split(
    dataset: DatasetText,
    param: Params = None,
    split: SplitText = None,
    apply: Annotated[Path | None, typer.Option(help="A manifest to apply, instead of --split.")] = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="Write the manifest to this file (split.json).")] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write train.xyz and test_*.xyz, with labels, into this folder.")
    ] = None,
    json_: Json = False,
) -> None:
    """Split a dataset, or apply a manifest; print sizes, notes and the digest."""
    if split is not None and apply is not None:
        stop("give --split or --apply, not both")
    with refusals():
        check_suffix("--out", out, ".json")
        with bars():
            data = load(dataset_spec(dataset, param))
            parts, made_by = load_split(str(apply) if apply else split, data, seed)
            written, unwritten = _write(data, parts, made_by, out, export)
        facts = _facts(data, parts, made_by)
        if json_:
            print_json({**facts, "written": written})
        else:
            _print(facts, written, hint=not unwritten)
        if unwritten:
            stop("; ".join(unwritten))


def _write(
    dataset: Dataset, split: Split, made_by: dict[str, Any], out: Path | None, folder: Path | None
) -> tuple[list[str], list[str]]:
    """Write the manifest and the parts, if wanted; return their paths, and sentences on those not written."""
    written: list[str] = []
    unwritten: list[str] = []
    if out is not None:
        from mlffbench.splits.common import manifest_file

        document = manifest_file.export(dataset, split, made_by)
        _, refusal = tried(out, partial(manifest_file.write, out, document))
        (unwritten if refusal else written).append(refusal or str(out))
    if folder is not None:
        from mlffbench.cli.data.export import export_parts

        paths, refusal = tried(folder, partial(export_parts, dataset, split, folder))
        written += [str(path) for path in paths or ()]
        unwritten += [refusal] if refusal else []
    return written, unwritten


def _facts(dataset: Dataset, split: Split, made_by: dict[str, Any]) -> dict[str, Any]:
    used = len(set(split.train.tolist()).union(*(part.tolist() for part in split.tests.values())))
    return {
        "dataset": dataset.name,
        "dataset_digest": dataset.digest,
        "n_frames": len(dataset),
        "made_by": made_by,
        "digest": split.digest,
        "n_train": len(split.train),
        "tests": {name: len(part) for name, part in split.tests.items()},
        "in_domain": split.in_domain,
        "n_unused": len(dataset) - used,
        "notes": {k: v for k, v in split.notes.items() if k != "made_by"},
    }


def _print(facts: dict[str, Any], written: list[str], hint: bool) -> None:
    from rich.text import Text

    from mlffbench.report.wording import flat

    screen = console()
    screen.print(Text(f"{facts['dataset']}, {facts['n_frames']} frames: {flat(facts['made_by'])}"))
    rows = [["train", str(facts["n_train"])]]
    for name, n in facts["tests"].items():
        rows.append([f"{name} (in domain)" if name == facts["in_domain"] else name, str(n)])
    if facts["n_unused"]:
        rows.append(["not used", str(facts["n_unused"])])
    screen.print(table(["part", "frames"], rows))
    for name, value in facts["notes"].items():
        screen.print(Text(f"{name.replace('_', ' ')}: {flat(value)}"))
    screen.print(Text(f"split digest: {facts['digest']}"))
    for path in written:
        screen.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)
    if not written and hint:
        screen.print(Text("nothing written; --out FILE keeps the split, --export FOLDER its frames", "dim"))
