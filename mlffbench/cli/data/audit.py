"""Command ``mlffbench data audit``: test frames that duplicate training frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import console, print_json, refusals, stop, table, tried
from mlffbench.cli.data.arguments import (
    EnergyKey,
    ForcesKey,
    Json,
    Params,
    Seed,
    SplitText,
    StressKey,
    Units,
    check_suffix,
    dataset_spec,
    load,
    load_split,
)
from mlffbench.cli.progress_bars import bars

if TYPE_CHECKING:
    from mlffbench.data import Dataset, Spec, Split
    from mlffbench.datasets.leakage import Audit

__all__ = ["audit"]

N_SHOWN = 20


def audit(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="As in the other commands.", show_default=False)
    ] = None,
    param: Params = None,
    split: SplitText = None,
    seed: Seed = 0,
    train: Annotated[Path | None, typer.Option(help="Your training file, instead of DATASET.")] = None,
    test: Annotated[Path | None, typer.Option(help="Your test file, with --train.")] = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    stress_key: StressKey = None,
    units: Units = None,
    tolerance: Annotated[
        float | None,
        typer.Option(help="Largest distance of duplicates, Å.", show_default="0.003"),
    ] = None,
    leak_free: Annotated[
        Path | None, typer.Option(help="Write the split without the leaking test frames to this manifest.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if the split is leaky.")] = False,
    json_: Json = False,
) -> None:
    """Look for test frames that are copies of training frames (shifted, rotated, reordered)."""
    keys = {"energy_key": energy_key, "forces_key": forces_key, "stress_key": stress_key, "units": units}
    with refusals():
        check_suffix("--leak-free", leak_free, ".json")
        from mlffbench.datasets.leakage import audit as look

        spec = _dataset_spec(dataset, param, split, train, test, keys)
        given: dict[str, Any] = {} if tolerance is None else {"tolerance": tolerance}
        with bars():
            data = load(spec)
            parts, made_by = load_split(split, data, seed)
            result = look(data, parts, **given)
            if train is not None:
                result = replace(result, dataset=f"{train} and {test}")
            cleaned = refusal = None
            if leak_free is not None:
                work = partial(_write_leak_free, data, parts, result, made_by, leak_free)
                cleaned, refusal = tried(leak_free, work)
        offset = len(parts.train) if train is not None else 0
        if json_:
            first = {"test_offset": offset} if train is not None else {}
            print_json({**result.to_json(), **first, "leak_free": cleaned})
        else:
            _print(result, offset, cleaned)
        if refusal:
            stop(refusal)
    if strict and result.leaky:
        raise typer.Exit(1)


def _dataset_spec(
    dataset: str | None, param: list[str] | None, split: str | None, train: Path | None, test: Path | None,
    keys: dict[str, str | None],
) -> Spec:  # fmt: skip
    """Load a dataset, or two files as one dataset with two groups."""
    if (train is None) != (test is None):
        raise ValueError("--train and --test go together: a file each")
    if train is None:
        if dataset is None:
            raise ValueError("give a DATASET, or --train FILE and --test FILE")
        return dataset_spec(dataset, param, **keys)
    if dataset is not None or split is not None:
        raise ValueError("give a DATASET with --split, or --train and --test: not both")
    spec = dataset_spec("path", [*(param or ())], **keys)
    return replace(spec, params={"path": str(train), "tests": {"test": str(test)}, **spec.params})


def _write_leak_free(
    dataset: Dataset, split: Split, result: Audit, made_by: dict[str, Any], path: Path
) -> dict[str, Any]:
    """Write the manifest of the split without duplicates, and print the remaining sizes."""
    from mlffbench.datasets.leakage import leak_free
    from mlffbench.splits.common import manifest_file

    cleaned = leak_free(split, result)
    manifest_file.write(path, manifest_file.export(dataset, cleaned, {**made_by, "leak_free": True}))
    tests = {name: len(part) for name, part in cleaned.tests.items()}
    return {"path": str(path), "digest": cleaned.digest, "n_train": len(cleaned.train), "tests": tests}


# ---------------------------------------------------------------- as text
def _print(result: Audit, offset: int, cleaned: dict[str, Any] | None) -> None:
    from rich.text import Text

    screen = console()
    screen.print(Text(f"{result.dataset}: {result.verdict}", style="bold red" if result.leaky else "bold"))
    if result.pairs:
        screen.print(_pairs(result, offset))
    if len(result.pairs) > N_SHOWN:
        screen.print(Text(f"... and {len(result.pairs) - N_SHOWN} more; --json prints all", style="dim"))
    if offset and result.pairs:
        screen.print(Text("Frames are counted from 0 in each file, isolated atoms left out.", style="dim"))
    for sentence in _notes(result):
        screen.print(Text(sentence))
    if cleaned is not None:
        sizes = ", ".join(f"{name} {n}" for name, n in cleaned["tests"].items())
        text = f"wrote {cleaned['path']}: train {cleaned['n_train']}, {sizes}"
        screen.print(text, markup=False, highlight=False, soft_wrap=True)


def _pairs(result: Audit, offset: int) -> Any:
    """Print the nearest pairs, as many as a screen holds."""
    columns = ["", "test group", "test\nframe", "train\nframe", "apart\nÅ", "E test\neV", "ΔE\nmeV"]
    rows = [
        [
            "copy" if p.twin else "near", p.group, str(p.test - offset), str(p.train), f"{p.distance:.5f}",
            f"{p.energy_test:.4f}", f"{round(1000 * p.difference, 3) + 0.0:.3f}",
        ]
        for p in result.pairs[:N_SHOWN]
    ]  # fmt: skip
    return table(columns, rows, words=2)


def _notes(result: Audit) -> Iterator[str]:
    """Notes on shared trajectories, times and groups, which do not decide the verdict."""
    for t in result.time_neighbours:
        yield (
            f"{t.group}: {t.n_within} of {t.n_frames} frames lie within {t.window} steps of a training frame "
            f"of their trajectory (by {t.column}; median {t.median_gap:g} steps)"
        )
    for o in result.group_overlap:
        yield (
            f"{o.group}: {o.n_frames} frames have a {o.column} that trains as well ({o.n_shared} of "
            f"{o.n_values} values)"
        )
