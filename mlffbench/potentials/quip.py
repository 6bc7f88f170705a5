"""Interface to QUIP: fits by its program `gap_fit`, and evaluation by quippy."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms
from ase.io import write
from ase.stress import voigt_6_to_full_3x3_stress

from mlffbench.data import Labels
from mlffbench.descriptors.neighbours import periodic_box

__all__ = ["calculate", "gap_fit", "potential", "soap_descriptors"]

MODEL = "gap.xml"  # its sparse points lie in gap.xml.sparseX.<label>, whose checksums it holds
NAMES = rf"{re.escape(MODEL)}[\w.]*"
QUOTED_LINES = 8  # of a failed run's output, in the error


def gap_fit(
    frames: Sequence[Atoms], labels: Labels, arguments: Mapping[str, Any], cutoff: float, stress_noise: float
) -> dict[str, str]:
    """Run the program and return the files of the fitted potential, name -> text.

    `stress_noise` is the standard deviation of stress components, eV/Å³.

    Raises
    ------
    RuntimeError
        The program failed; the message ends with its last lines.
    """
    with TemporaryDirectory(prefix="mlffbench-gap-") as name:
        folder = Path(name)
        labelled = [_with_labels(a, labels, i, cutoff, stress_noise) for i, a in enumerate(frames)]
        write(folder / "frames.xyz", labelled, format="extxyz")
        options = {
            "atoms_filename": "frames.xyz",
            "gap_file": MODEL,
            "energy_parameter_name": "gap_energy",
            "force_parameter_name": "gap_forces",
            "virial_parameter_name": "gap_virial",
            "do_copy_atoms_file": "F",  # else the training set becomes part of the potential
        } | dict(arguments)
        _run([_program(), *(f"{k}={v}" for k, v in options.items())], folder)
        return {f.name: f.read_text() for f in sorted(folder.glob(f"{MODEL}*"))}


def _run(command: list[str], folder: Path) -> None:
    """Run the program to its end; an interruption of ours, such as Ctrl-C, ends it first."""
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    ) as child:  # fmt: skip
        try:
            output = child.communicate()[0]
        finally:
            child.kill()  # no effect if it has ended
            child.wait()
    if child.returncode or not (folder / MODEL).exists():
        last = [line for line in output.splitlines() if line.strip()][-QUOTED_LINES:]
        raise RuntimeError(
            f"gap_fit ended with status {child.returncode}; its last lines:\n" + "\n".join(last)
        )


def _program() -> str:
    """Path of the binary in quippy's folder.

    The script of the same name would be a process in between, and killed in place of the binary.

    Raises
    ------
    ImportError
        There is no such program.
    """
    spec = find_spec("quippy")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    binaries = [p for f in folders if (p := Path(f) / "gap_fit").is_file()]
    program = str(binaries[0]) if binaries else shutil.which("gap_fit")
    if program is None:
        raise ImportError(
            "quippy is here but its program gap_fit is not: pip install quippy-ase", name="quippy"
        )
    return program


def _with_labels(atoms: Atoms, labels: Labels, i: int, cutoff: float, stress_noise: float) -> Atoms:
    """A frame with its labels as QUIP reads them: the virial W = −V σ, and its noise for this volume."""
    copy = periodic_box(atoms, cutoff)
    copy.info["gap_energy"] = float(labels.energy[i])
    if labels.forces is not None and labels.forces[i] is not None:
        copy.arrays["gap_forces"] = np.asarray(labels.forces[i])
    if atoms.pbc.all() and labels.stress is not None and labels.stress[i] is not None:
        virial = -atoms.get_volume() * voigt_6_to_full_3x3_stress(labels.stress[i])
        copy.info["gap_virial"] = (
            virial.ravel()
        )  # nine numbers: a matrix ASE writes as JSON, which QUIP skips
        copy.info["virial_sigma"] = atoms.get_volume() * stress_noise
    return copy


def potential(files: Mapping[str, str]) -> Any:
    """quippy's Potential from these files, which it reads at once.

    It is a GAP whatever ``gap.xml`` says: QUIP has potentials that run programs.

    Raises
    ------
    ValueError
        A name is none that `gap_fit` gives.
    """
    from quippy.potential import Potential

    for name in files:
        if not re.fullmatch(NAMES, name):
            raise ValueError(f"{name!r} is no file of a GAP")
    with TemporaryDirectory(prefix="mlffbench-gap-") as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text)
        return Potential("IP GAP", param_filename=str(Path(folder) / MODEL))


def calculate(quip: Any, atoms: Atoms, cutoff: float, variance: bool) -> tuple[dict[str, Any], np.ndarray]:
    """quippy's results for a frame, and its atoms' variances, eV², if they are asked for."""
    wanted = ["energy", "forces"] + ["stress"] * bool(atoms.pbc.all())
    quip.reset()
    box = periodic_box(atoms, cutoff)
    quip.calculate(box, wanted, calc_args="local_gap_variance" if variance else "")
    results = dict(quip.results)
    if "stress" in results:
        results["stress"] = results["stress"] * (box.get_volume() / atoms.get_volume())
    return results, quip.extra_results["atoms"].get("local_gap_variance", np.zeros(0))


def soap_descriptors(
    frames: Sequence[Atoms],
    cutoff: float,
    cutoff_width: float,
    n_max: int,
    l_max: int,
    sigma: float,
    zeta: float,
    delta: float,
    n_sparse: int,
    sparse_method: str,
) -> str:
    """Argument ``gap`` of gap_fit: one SOAP per element, with no more sparse points than environments.

    Raises
    ------
    ValueError
        A value is no number or word: others could add arguments, of which some make gap_fit run programs.
    """
    numbers, counts = np.unique(np.concatenate([a.numbers for a in frames]), return_counts=True)
    common = {
        "cutoff": cutoff, "cutoff_transition_width": cutoff_width, "n_max": n_max, "l_max": l_max,
        "atom_sigma": sigma, "zeta": zeta, "delta": delta, "f0": 0.0, "covariance_type": "dot_product",
        "sparse_method": sparse_method, "add_species": "F", "n_species": len(numbers),
        "species_Z": f"{{{{{' '.join(map(str, numbers))}}}}}",
    }  # fmt: skip
    for name, value in common.items():
        if not re.fullmatch(r"[\w.+-]+|\{\{[\d ]+\}\}", str(value)):
            raise ValueError(f"{name} of a GAP must be a number or a word; got {value!r}")
    each = [
        common | {"Z": z, "n_sparse": min(n_sparse, count)}
        for z, count in zip(numbers.tolist(), counts.tolist(), strict=True)
    ]
    return "{" + " : ".join("soap " + " ".join(f"{k}={v}" for k, v in d.items()) for d in each) + "}"
