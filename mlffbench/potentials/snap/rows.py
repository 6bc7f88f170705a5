"""Rows of the linear problem: energies, forces and stresses by the coefficients of a SNAP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from mlffbench.data import VOIGT
from mlffbench.descriptors.neighbours import periodic_box
from mlffbench.potentials.snap.bispectrum import Bispectrum
from mlffbench.potentials.snap.session import Setup, session

__all__ = ["Rows", "rows"]


@dataclass(frozen=True)
class Rows:
    """Derivatives of a frame's labels by the coefficients.

    Attributes
    ----------
    energy : (k,) array
        eV per eV.
    forces : (n_atoms, 3, k) array
        1/Å.
    stress : (6, k) array or None
        1/Å³, in Voigt order and ASE's sign; None unless all directions are periodic.
    """

    energy: np.ndarray
    forces: np.ndarray
    stress: np.ndarray | None


def rows(bispectrum: Bispectrum, atoms: Atoms) -> Rows:
    """Compute the rows by LAMMPS's ``compute snap``."""
    box, types, n = periodic_box(atoms, bispectrum.cutoff), bispectrum.types(atoms), len(atoms)
    pairs = f"pair_style zero {bispectrum.cutoff!r}\npair_coeff * *\n"  # so far neighbours are listed
    setup = Setup(len(bispectrum.elements), pairs)
    computes = {"rows": f"snap {bispectrum.arguments()}"}
    with session().computed(setup, box, types, computes) as placed:
        table = placed.lammps.numpy.extract_compute("rows", 0, 2)
        forces = np.einsum("ij,njk->nik", placed.prism.rot_mat, table[1 : 1 + 3 * n, :-1].reshape(n, 3, -1))
        energy, virial = table[0, :-1].copy(), table[1 + 3 * n :, :-1].copy()
    stress = None
    if atoms.pbc.all():
        turned = _turned(virial, placed.prism.rot_mat)
        stress = _with_constants(-turned / atoms.get_volume(), np.zeros((6, 1)), bispectrum)
    counts = np.bincount(types, minlength=len(bispectrum.elements) + 1)[1:]
    return Rows(
        _with_constants(energy[None], counts[None].astype(float), bispectrum)[0],
        _with_constants(forces.reshape(3 * n, -1), np.zeros((3 * n, 1)), bispectrum).reshape(n, 3, -1),
        stress,
    )


def _turned(virial: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Symmetric tensors (6, k) in the frame's axes."""
    i, j = np.array(VOIGT).T
    tensor = np.empty((3, 3, virial.shape[1]))
    tensor[i, j] = tensor[j, i] = virial
    return np.einsum("ai,ijk,bj->abk", rotation, tensor, rotation)[i, j]


def _with_constants(table: np.ndarray, constants: np.ndarray, bispectrum: Bispectrum) -> np.ndarray:
    """LAMMPS's table (r, columns) of distinct components, with a constant's column before each element's."""
    n = len(bispectrum.elements)
    whole = np.empty((len(table), n, bispectrum.n_features))
    whole[:, :, 0] = constants
    columns = table.reshape(len(table), n, -1)
    whole[:, :, 1:] = columns[:, :, bispectrum.distinct[0]] if bispectrum.form == "explicit" else columns
    return whole.reshape(len(table), -1)
