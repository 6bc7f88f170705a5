"""VASP's OUTCAR and vasprun.xml: converged ab-initio steps, without those of its own force field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

from ase import Atoms
from ase.io import read
from ase.io.formats import open_with_compression
from ase.io.vasp import read_vasp_xml

__all__ = ["frames_of", "is_vasp"]

ENERGY, ML_ENERGY = "FREE ENERGIE OF THE ION-ELECTRON SYSTEM", "ML FREE ENERGIE"
LINES_OF_ENERGY = 4  # behind its headline
SHOWN = 5  # numbers of steps in a note
NELM = 60  # VASP's default
FREE_ENERGY = re.compile(r'name="e_fr_energy">\s*([-+\d.eE]+)')
CALCULATION = re.compile(r"<calculation>.*?</calculation>", re.DOTALL)


@dataclass(frozen=True)
class Run:
    """Ab-initio steps of a run, which of them converged, and the number of predicted steps."""

    frames: list[Atoms]
    converged: list[bool]
    n_predicted: int = 0


def is_vasp(kind: str) -> bool:
    """True for the names that ASE gives these formats."""
    return kind in ("vasp-out", "vasp-xml")


def frames_of(file: Path, kind: str) -> tuple[list[Atoms], tuple[str, ...]]:
    """Read the converged ab-initio steps; also return sentences on those left out.

    Raises
    ------
    ValueError
        Not one step is ab initio and converged.
    """
    run = _outcar(file) if kind == "vasp-out" else _vasprun(file)
    converged = [*run.converged, *[True] * len(run.frames)][: len(run.frames)]  # the last may be cut off
    kept = [atoms for atoms, done in zip(run.frames, converged, strict=True) if done]
    notes = _notes(file, converged, run.n_predicted)
    if run.frames and not kept:
        raise ValueError(f"{'; '.join(notes)}: there is nothing to train on")
    return kept, notes


def _notes(file: Path, converged: Sequence[bool], n_predicted: int) -> tuple[str, ...]:
    """Sentences on the steps left out; steps have known numbers if none was predicted."""
    failed = [str(i + 1) for i, done in enumerate(converged) if not done]
    more = " ..." if len(failed) > SHOWN else ""
    numbers = "" if n_predicted else f" (steps {', '.join(failed[:SHOWN])}{more})"
    steps = f"of {len(converged) + n_predicted} ionic steps"
    predicted = (
        f"{file.name}: {n_predicted} {steps} were predicted by VASP's machine-learned force field "
        "(ML_LMLFF), not computed, and are left out"
    )
    unconverged = (
        f"{file.name}: {len(failed)} {steps} did not converge within NELM electronic steps and are left out"
        f"{numbers}"
    )
    return tuple(note for note, n in ((predicted, n_predicted), (unconverged, len(failed))) if n)


# ---------------------------------------------------------------- OUTCAR
class _Named(StringIO):
    """Text with the name of its file, beside which ASE looks for constraints."""

    name = ""


def _outcar(file: Path) -> Run:
    """Read the ab-initio steps with ASE, and say of each step if it converged."""
    with open_with_compression(str(file), "rb") as packed:
        lines = packed.read().decode(errors="replace").splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if "Iteration" in line), None)
    predicted = sum(ML_ENERGY in line for line in lines)
    if first is None and predicted:
        raise ValueError(
            f"{file.name}: all {predicted} steps were predicted by VASP's machine-learned force field "
            "(ML_LMLFF); they are no reference data"
        )
    if first is None:
        return Run(read(str(file), index=":", format="vasp-out"), [])  # ASE says that it is incomplete
    chunks = _chunks(lines[first:], predicted > 0)
    text = _Named("".join([*lines[: first + 1], *(line for chunk in chunks for line in chunk)]))
    text.name = str(file)
    frames = list(read(text, index=":", format="vasp-out"))
    most = next((int(m[1]) for line in lines[:first] if (m := re.search(r"\bNELM\s*=\s*(\d+)", line))), NELM)
    computed = sum(ENERGY in line and ML_ENERGY not in line for line in lines)
    return Run(frames, [_is_converged(chunk, most) for chunk in chunks], max(0, predicted - computed))


def _chunks(lines: Sequence[str], has_predictions: bool) -> list[list[str]]:
    """Lines of each ab-initio step, to its energy, without those of the machine-learned force field.

    That prints its own forces before the first electronic step.
    """
    chunks: list[list[str]] = []
    chunk: list[str] = []
    skip, end = 0, None
    for line in lines:
        if ML_ENERGY in line:
            skip = LINES_OF_ENERGY + 1
        skip -= 1
        if skip >= 0 or "(ML)" in line or (has_predictions and not chunk and "Iteration" not in line):
            continue
        chunk.append(line)
        if ENERGY in line:
            end = len(chunk) + LINES_OF_ENERGY
        if len(chunk) == end:
            chunks.append(chunk)
            chunk, end = [], None
    return [*chunks, chunk] if chunk and not chunks else chunks


def _is_converged(chunk: Sequence[str], most: int) -> bool:
    """True unless VASP gave up the electronic steps."""
    electronic = sum("Iteration" in line for line in chunk)
    if any("EDIFF was not reached" in line for line in chunk):
        return False
    return electronic < most or any("EDIFF is reached" in line for line in chunk)


# ---------------------------------------------------------------- vasprun.xml
def _vasprun(file: Path) -> Run:
    """Read the ab-initio steps with ASE, and count the electronic steps of each ionic one.

    A predicted step has no electronic one, without which ASE cannot read it.
    """
    with open_with_compression(str(file), "rb") as packed:
        text = packed.read().decode(errors="replace")
    steps = CALCULATION.findall(text)
    counts = [step.count("<scstep") for step in steps]
    predicted = counts.count(0)
    if predicted and predicted == len(counts):
        raise ValueError(
            f"{file.name}: none of {predicted} steps has electronic steps: they were predicted by VASP's "
            "machine-learned force field (ML_LMLFF), or the file was shortened; give the whole file"
        )
    if predicted:
        text = CALCULATION.sub(lambda match: match[0] if "<scstep" in match[0] else "", text)
    frames = list(read_vasp_xml(BytesIO(text.encode()), index=slice(None)))
    most = int(_parameter("NELM", text) or NELM)
    ediff = _parameter("EDIFF", text)
    done = [n < most or _is_below(ediff, step) for n, step in zip(counts, steps, strict=True) if n]
    return Run(frames, done, predicted)


def _parameter(name: str, text: str) -> float | None:
    """Value of a parameter of the run."""
    match = re.search(rf'name="{name}">\s*([-+\d.eE]+)', text)
    return None if match is None else float(match[1])


def _is_below(ediff: float | None, step: str) -> bool:
    """True if the last electronic step changed the free energy by less than EDIFF, as far as it is known."""
    scf = step.rpartition("</scstep>")[0].split("<scstep")[1:]
    energies = [values[-1] for part in scf if (values := FREE_ENERGY.findall(part))]
    if ediff is None or len(energies) < 2 or len(energies) < len(scf):
        return False
    return abs(float(energies[-1]) - float(energies[-2])) < abs(ediff)
