"""The fence around QUIP: frames for `gap_fit`, the program itself, and what it wrote as text."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms
from ase.cell import Cell
from ase.io import write
from ase.stress import voigt_6_to_full_3x3_stress

from mlffbench.data import Labels

__all__ = ["boxed", "gap_fit", "potential"]

MODEL = "gap.xml"  # its sparse points lie in gap.xml.sparseX.<label>, whose checksums it holds
SHOWN = 8  # last lines of a failed run that the error quotes


def gap_fit(
    frames: Sequence[Atoms], labels: Labels, arguments: Mapping[str, Any], cutoff: float, stress_noise: float
) -> dict[str, str]:
    """Run the program; the files of the fitted potential, name -> text.

    Raises
    ------
    RuntimeError
        It failed; the message ends with its last lines.
    """
    with TemporaryDirectory(prefix="mlffbench-gap-") as name:
        folder = Path(name)
        labelled = [_labelled(a, labels, i, cutoff, stress_noise) for i, a in enumerate(frames)]
        write(folder / "frames.xyz", labelled, format="extxyz")
        whole = {
            "atoms_filename": "frames.xyz",
            "gap_file": MODEL,
            "energy_parameter_name": "gap_energy",
            "force_parameter_name": "gap_forces",
            "virial_parameter_name": "gap_virial",
            "do_copy_atoms_file": "F",  # else the training set becomes part of the potential
        } | dict(arguments)
        _run([_program(), *(f"{k}={v}" for k, v in whole.items())], folder)
        return {f.name: f.read_text() for f in sorted(folder.glob(f"{MODEL}*"))}


def _run(command: list[str], folder: Path) -> None:
    """To its end; whatever interrupts us, Ctrl-C among it, ends the child first."""
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    ) as child:  # fmt: skip
        try:
            output = child.communicate()[0]
        finally:
            child.kill()  # nothing where it has ended
            child.wait()
    if child.returncode or not (folder / MODEL).exists():
        last = [line for line in output.splitlines() if line.strip()][-SHOWN:]
        raise RuntimeError(
            f"gap_fit ended with status {child.returncode}; its last lines:\n" + "\n".join(last)
        )


def _program() -> str:
    """The binary in quippy's folder: its script would be a process between us and it, killed in its place."""
    spec = find_spec("quippy")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = [p for f in folders if (p := Path(f) / "gap_fit").is_file()]
    program = str(found[0]) if found else shutil.which("gap_fit")
    if program is None:
        raise ImportError(
            "quippy is here but its program gap_fit is not: pip install quippy-ase", name="quippy"
        )
    return program


def _labelled(atoms: Atoms, labels: Labels, i: int, cutoff: float, stress_noise: float) -> Atoms:
    """A frame with what is labelled: W = −V σ, and its noise for this volume."""
    copy = boxed(atoms, cutoff)
    copy.info["gap_energy"] = float(labels.energy[i])
    if labels.forces is not None and labels.forces[i] is not None:
        copy.arrays["gap_forces"] = np.asarray(labels.forces[i])
    if atoms.pbc.all() and labels.stress is not None and labels.stress[i] is not None:
        virial = -copy.get_volume() * voigt_6_to_full_3x3_stress(labels.stress[i])
        copy.info["gap_virial"] = (
            virial.ravel()
        )  # nine numbers: a matrix ASE writes as JSON, which QUIP skips
        copy.info["virial_sigma"] = copy.get_volume() * stress_noise
    return copy


def boxed(atoms: Atoms, cutoff: float) -> Atoms:
    """The bare frame, periodic for QUIP: what is not gets a box too wide for neighbours across it."""
    cell = np.where(atoms.pbc[:, None], np.asarray(atoms.cell), 0.0)
    complete = np.asarray(Cell(cell).complete())
    along = np.linalg.solve(complete.T, atoms.positions.T).T  # in unit normals where the frame is open
    width = np.where(atoms.pbc, 1.0, np.ptp(along, axis=0) + 2 * cutoff)
    return Atoms(atoms.numbers, atoms.positions, cell=complete * width[:, None], pbc=True)


def potential(files: Mapping[str, str]) -> Any:
    """quippy's Potential of these files, which it reads now and not later."""
    from quippy.potential import Potential

    with TemporaryDirectory(prefix="mlffbench-gap-") as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text)
        return Potential(param_filename=str(Path(folder) / MODEL))
