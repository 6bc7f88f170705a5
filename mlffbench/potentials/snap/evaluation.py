"""Energies, forces, stresses and their deviations of a fitted SNAP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from ase import Atoms

from mlffbench.data import VOIGT_FLAT, Labels
from mlffbench.descriptors.neighbours import periodic_box
from mlffbench.potentials.regression.bayesian_ridge import BayesianRidge
from mlffbench.potentials.snap.bispectrum import Bispectrum
from mlffbench.potentials.snap.rows import rows
from mlffbench.potentials.snap.session import Placed, Setup, session
from mlffbench.potentials.snap.snap_files import coefficient_file, parameter_file, snap_commands

__all__ = ["predict", "predict_with_deviations"]

PRESSURE = "pressure NULL virial"  # of the potential alone


@dataclass(frozen=True)
class _Answer:
    energy: float
    forces: np.ndarray
    stress: np.ndarray | None
    features: np.ndarray | None  # ∂E/∂β


def predict(
    bispectrum: Bispectrum,
    coefficients: np.ndarray,
    frames: Sequence[Atoms],
    ridge: BayesianRidge | None,
    scales: Mapping[str, float],
) -> Labels:
    """Labels by LAMMPS's ``pair_style snap``, with deviations of energies if there is a posterior.

    Parameters
    ----------
    coefficients : (n_elements, n_features) array
    ridge : BayesianRidge or None
    scales : mapping of str to float
        Factors of the posterior's deviations by kind of label.
    """
    setup = _setup(bispectrum, np.asarray(coefficients, dtype=float).tobytes())
    answers = [_answer(setup, bispectrum, atoms, ridge is not None) for atoms in frames]
    energy = np.array([a.energy for a in answers])
    features = [a.features for a in answers]
    std = None if ridge is None else scales["energy"] * ridge.deviations(np.array(features))
    return Labels(energy, tuple(a.forces for a in answers), tuple(a.stress for a in answers), std)


def predict_with_deviations(
    bispectrum: Bispectrum,
    coefficients: np.ndarray,
    frames: Sequence[Atoms],
    ridge: BayesianRidge,
    scales: Mapping[str, float],
) -> Labels:
    """Labels and the deviations of energies and of each force component, from the rows themselves.

    Parameters as of `predict`.
    """
    energy, forces, stress, energy_std, forces_std = [], [], [], [], []
    beta = coefficients.ravel()
    for atoms in frames:
        table = rows(bispectrum, atoms)
        energy.append(table.energy @ beta)
        forces.append(table.forces @ beta)
        stress.append(None if table.stress is None else table.stress @ beta)
        energy_std.append(scales["energy"] * ridge.deviations(table.energy[None])[0])
        flat = table.forces.reshape(3 * len(atoms), -1)
        deviations = ridge.deviations(flat).reshape(-1, 3)
        forces_std.append(scales.get("forces", scales["energy"]) * deviations)
    return Labels(np.array(energy), tuple(forces), tuple(stress), np.array(energy_std), tuple(forces_std))


@lru_cache(maxsize=8)
def _setup(bispectrum: Bispectrum, coefficients: bytes) -> Setup:
    """Commands and files of the potential, written once for many predictions."""
    values = np.frombuffer(coefficients).reshape(len(bispectrum.elements), -1)
    names = ("model.snapcoeff", "model.snapparam")
    commands = snap_commands(bispectrum, *(f'"{{folder}}/{name}"' for name in names))
    texts = coefficient_file(bispectrum, values), parameter_file(bispectrum)
    return Setup(len(bispectrum.elements), "\n".join(commands), dict(zip(names, texts, strict=True)))


def _answer(setup: Setup, bispectrum: Bispectrum, atoms: Atoms, features: bool) -> _Answer:
    box, types = periodic_box(atoms, bispectrum.cutoff), bispectrum.types(atoms)
    computes = {"press": PRESSURE}
    if features:
        computes["components"] = f"sna/atom {bispectrum.arguments(quadratic=False)}"
    with session().computed(setup, box, types, computes) as placed:
        forces = placed.lammps.numpy.extract_atom("f")[placed.order] @ placed.prism.rot_mat.T
        stress = _stress(placed, box, atoms) if atoms.pbc.all() else None
        energy = float(placed.lammps.get_thermo("pe"))
        if not features:
            return _Answer(energy, forces, stress, None)
        components = placed.lammps.numpy.extract_compute("components", 1, 2)[placed.order]
        return _Answer(energy, forces, stress, _features(bispectrum, components, types))


def _stress(placed: Placed, box: Atoms, atoms: Atoms) -> np.ndarray:
    """Stress in ASE's axes, sign and volume, eV/Å³."""
    unit = placed.lammps.extract_global("nktv2p")  # LAMMPS's own conversion to bar
    pressure = placed.lammps.numpy.extract_compute("press", 0, 1)  # xx yy zz xy xz yz
    xx, yy, zz, xy, xz, yz = -np.array(pressure) / unit * (box.get_volume() / atoms.get_volume())
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return placed.prism.tensor2_to_ase(tensor).ravel()[VOIGT_FLAT]


def _features(bispectrum: Bispectrum, components: np.ndarray, types: np.ndarray) -> np.ndarray:
    """∂E/∂β of a frame, (n_columns,), from the atoms' components (n_atoms, n_components)."""
    parts = []
    for kind in range(1, len(bispectrum.elements) + 1):
        b = components[types == kind][:, bispectrum.distinct[0]]
        parts += [[float(len(b))], b.sum(axis=0)]
        if bispectrum.form == "quadratic":
            products = b.T @ b
            products[np.diag_indices_from(products)] /= 2
            parts.append(products[np.triu_indices_from(products)])
    return np.concatenate(parts)
