"""Command ``mlffbench predict``: energies and forces of a file's structures, and their errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.calculator_options import CalculatorText, Device, calculator_of, load_model
from mlffbench.cli.console import console, print_json, refusals, say, stop, table, tried
from mlffbench.cli.data.arguments import EnergyKey, ForcesKey, Json, StressKey, Units
from mlffbench.cli.progress_bars import bars

if TYPE_CHECKING:
    from mlffbench.data import Labels
    from mlffbench.datasets.formats.whole_frames import WholeFrames

__all__ = ["predict"]

PREFIX = "mlff_"
MILLI = 1000


def predict(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="[MODEL] FILE",
            help="A model file (.mlff), unless --calculator is given; and a file of structures in any format "
            "that mlffbench reads, with or without labels.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Extended xyz file to write (.extxyz or .xyz).")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of --out.")] = False,
    ase_names: Annotated[
        bool,
        typer.Option(
            "--ase-names",
            help="Write the predictions as energy, forces and stress, which ASE reads as results, instead of "
            "mlff_energy ...; labels of these names become ref_energy ...",
        ),
    ] = False,
    calculator: CalculatorText = None,
    device: Device = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    stress_key: StressKey = None,
    units: Units = None,
    json_: Json = False,
) -> None:
    """Predict energies, forces and stresses of the structures in a file; print errors if it has labels.

    What the file holds stays: labels, constraints, velocities and other columns.
    """
    keys = {"energy": energy_key, "forces": forces_key, "stress": stress_key}
    with refusals():
        model, file = _separate(paths, calculator)
        _check_output(out, file, overwrite)
        with bars():
            facts, whole, predicted = _predicted(model, calculator, device, file, units, keys)
            refusal = None
            if out is not None:
                _, refusal = tried(out, partial(_write, out, whole, predicted, ase_names))
        facts["out"] = None if out is None or refusal else str(out)
        if json_:
            print_json(facts)
        else:
            _print(facts, ase_names)
        if refusal:
            stop(refusal)


def _separate(paths: list[Path], calculator: str | None) -> tuple[Path | None, Path]:
    """The model's file, None with a calculator, and the file of structures."""
    if calculator is None and len(paths) == 2:
        return paths[0], paths[1]
    if calculator is not None and len(paths) == 1:
        return None, paths[0]
    raise ValueError(
        "give a model and a file of structures, 'mlffbench predict x.mlff FILE', or a file and --calculator"
    )


def _check_output(out: Path | None, file: Path, overwrite: bool) -> None:
    """Refuse the input file, another suffix, or a file that exists, before anything is computed."""
    if out is None:
        return
    if out.suffix not in (".xyz", ".extxyz"):
        raise ValueError(f"--out {out}: predictions are written as extended xyz, .extxyz or .xyz")
    if out.exists() and file.exists() and out.samefile(file):
        raise ValueError(f"--out {out} is the file of the structures, which is never replaced")
    if out.exists() and not overwrite:
        raise ValueError(f"{out} exists; --overwrite replaces it")


def _predicted(
    model: Path | None, calculator: str | None, device: str | None, file: Path, units: str | None,
    keys: dict[str, str | None],
) -> tuple[dict[str, Any], WholeFrames, Labels]:  # fmt: skip
    """Facts to print, frames, and predictions."""
    from mlffbench.cli.predicted_frames import predictions_by
    from mlffbench.datasets.formats.whole_frames import known_labels, read_whole_frames

    predictor = calculator_of(None, calculator, device) if model is None else load_model(model, device)
    whole = read_whole_frames(file, units)
    _refuse_unknown_elements(predictor, whole)
    labels, kept, notes = known_labels(whole, keys)
    predicted = predictions_by(predictor, whole.frames)
    sizes = [len(atoms) for atoms in whole.frames]
    facts = {
        "model": str(model or calculator), "file": str(file), "n_frames": len(sizes), "n_atoms": sum(sizes),
        "predicted": [q for q in ("energy", "forces", "stress", "energy_std", "forces_std")
                      if getattr(predicted, q) is not None],
        "errors": {} if labels is None else _errors(labels, predicted, sizes, kept),
        "n_training_frames": _training_frames(predictor, whole),
        "notes": notes,
    }  # fmt: skip
    return facts, whole, predicted


def _refuse_unknown_elements(predictor: Any, whole: WholeFrames) -> None:
    """Refuse elements that the training set did not contain, with the first frame that has one."""
    known = getattr(predictor, "elements_", None)
    for i, atoms in enumerate(whole.frames if known else ()):
        if unknown := sorted(set(atoms.symbols) - set(known or ())):
            raise ValueError(
                f"frame {i} of {whole.name} has {', '.join(unknown)}, which the model cannot predict: "
                f"it was fitted to {', '.join(known or ())}"
            )


def _training_frames(predictor: Any, whole: WholeFrames) -> int | None:
    """Number of the frames that the model was fitted to; None of a calculator."""
    if not hasattr(predictor, "was_fitted_to"):
        return None
    return int(predictor.was_fitted_to(whole.frames).sum())


def _errors(truth: Labels, predicted: Labels, sizes: list[int], kept: Any) -> dict[str, Any]:
    """Root mean square errors of the frames with labels, isolated atoms left out."""
    import numpy as np

    rows: dict[str, list[Any]] = {"energy": [], "forces": [], "stress": []}
    for i in kept.tolist():
        rows["energy"].append((predicted.energy[i] - truth.energy[i]) / sizes[i])
        for quantity in ("forces", "stress"):
            both = [getattr(labels, quantity) for labels in (truth, predicted)]
            true, guess = (None if values is None else values[i] for values in both)
            if true is not None and guess is not None:
                rows[quantity].append((np.asarray(guess) - np.asarray(true)).ravel())
    errors = {}
    for quantity, unit in (("energy", "meV/atom"), ("forces", "meV/Å"), ("stress", "meV/Å³")):
        values = np.concatenate([np.empty(0), *(np.atleast_1d(row) for row in rows[quantity])])
        values = values[~np.isnan(values)]
        if len(values):
            rmse, mae = MILLI * float(np.sqrt(np.mean(values**2))), MILLI * float(np.abs(values).mean())
            errors[quantity] = {"rmse": rmse, "mae": mae, "unit": unit, "n": len(values)}
    return errors


# ---------------------------------------------------------------- output
def _write(out: Path, whole: WholeFrames, predicted: Labels, ase_names: bool) -> None:
    from mlffbench.cli.predicted_frames import with_predictions, write_frames

    for note in write_frames(out, with_predictions(whole.frames, predicted, PREFIX, ase_names)):
        say(f"careful: {note}", err=True)


def _print(facts: Mapping[str, Any], ase_names: bool) -> None:
    screen = console()
    screen.print(
        f"{facts['n_frames']:,} structures with {facts['n_atoms']:,} atoms: {', '.join(facts['predicted'])}",
        highlight=False,
    )
    for note in facts["notes"]:
        say(f"careful: {note}", err=True)
    if seen := facts["n_training_frames"]:
        say(
            f"careful: the model was fitted to {seen:,} of these structures; errors on them flatter", err=True
        )
    if errors := facts["errors"]:
        rows = [
            [q, f"{e['rmse']:.4g}", f"{e['mae']:.4g}", e["unit"], f"{e['n']:,}"] for q, e in errors.items()
        ]
        screen.print(table(["error of", "RMSE", "MAE", "unit", "n"], rows, words=1))
    elif not facts["notes"]:
        screen.print("the file has no labels, so there are no errors")
    if facts["out"] is None:
        screen.print("nothing was written; -o FILE.extxyz writes the predictions")
        return
    first = "energy" if ase_names else f"{PREFIX}energy"
    screen.print(f"wrote {facts['out']}, predictions under {first} ...", highlight=False, soft_wrap=True)
