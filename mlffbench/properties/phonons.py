"""Phonons of a crystal by finite displacements (phonopy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.properties._structures import energies_and_forces, repeats, right_handed, takes_any_structure

__all__ = ["Phonons", "phonons"]

IMAGINARY = -0.05  # THz: lower frequencies are not rounding errors of acoustic modes


@dataclass(frozen=True)
class Phonons:
    """Harmonic vibrations of a crystal; imaginary frequencies are negative.

    Attributes
    ----------
    path : (n, 3) array
        q points of the standard path, in units of the reciprocal primitive cell.
    distance : (n,) array
        Distance along the path, 1/Å.
    labels : list of (float, str)
        Special points: distance along the path and name.
    bands : (n, 3 N) array, THz
        Frequencies along the path, ascending.
    frequencies : (m, 3 N) array, THz
        Frequencies at the symmetry-distinct points of a regular mesh.
    weights : (m,) array of int
        Number of mesh points equivalent to each.
    n_supercells : int
        Number of supercells whose forces were calculated.
    primitive : Atoms
        Primitive cell that the path belongs to.
    """

    path: np.ndarray
    distance: np.ndarray
    labels: list[tuple[float, str]]
    bands: np.ndarray
    frequencies: np.ndarray
    weights: np.ndarray
    n_supercells: int
    primitive: Atoms

    @property
    def max_frequency(self) -> float:
        """Largest frequency of mesh and path, THz."""
        return float(max(self.frequencies.max(), self.bands.max()))

    @property
    def mean_square_frequency(self) -> float:
        """Mean of ω² over the modes of the mesh, THz²; imaginary frequencies count negative."""
        squares = np.sign(self.frequencies) * self.frequencies**2
        return float(np.average(squares.mean(axis=1), weights=self.weights))

    @property
    def imaginary(self) -> float:
        """Share of imaginary modes in the mesh."""
        return float(np.average((self.frequencies < IMAGINARY).mean(axis=1), weights=self.weights))

    def frequency_error(self, reference: Phonons) -> float:
        """√⟨(ω − ω_reference)²⟩ over the modes of the mesh, paired by their order at each point, THz.

        Raises
        ------
        ValueError
            The two meshes or crystals are not the same.
        """
        if self.frequencies.shape != reference.frequencies.shape or (self.weights != reference.weights).any():
            raise ValueError(
                f"the two spectra are of different points: {self.frequencies.shape} and "
                f"{reference.frequencies.shape} points and modes; use one mesh and one structure"
            )
        squares = ((self.frequencies - reference.frequencies) ** 2).mean(axis=1)
        return float(np.sqrt(np.average(squares, weights=self.weights)))

    def max_frequency_error(self, reference: Phonons) -> float:
        """Absolute difference of the largest frequencies, THz."""
        return abs(self.max_frequency - reference.max_frequency)

    def density(self, grid: np.ndarray, width: float = 0.2) -> np.ndarray:
        """Density of states at frequencies `grid`, THz, by Gaussians of `width` THz; its integral is 3 N."""
        shape = np.exp(-0.5 * ((grid[:, None, None] - self.frequencies) / width) ** 2)
        per_point = shape.sum(axis=2) / (width * np.sqrt(2 * np.pi))
        return np.average(per_point, axis=1, weights=self.weights)


@takes_any_structure
def phonons(
    calculator: BaseCalculator,
    atoms: Atoms,
    min_length: float = 12.0,
    displacement: float = 0.01,
    mesh: int = 12,
    n_path: int = 101,
) -> Phonons:
    """Compute force constants from the fewest displaced supercells that the symmetry allows.

    The structure should be at rest: see `relaxed`.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    atoms : Atoms
        Crystal, with right- or left-handed cell vectors.
    min_length : float
        Smallest width of the supercell between its faces, Å: forces beyond half of it count as zero.
    displacement : float
        Displacement of an atom, Å.
    mesh : int
        Mesh points along each reciprocal axis.
    n_path : int
        Points on the path of ASE's `Cell.bandpath` (Setyawan and Curtarolo, Comput. Mater. Sci. 49, 299
        (2010)).

    Raises
    ------
    ModuleNotFoundError
        phonopy is not installed.
    """
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms
    from phonopy.structure.cells import guess_primitive_matrix

    atoms = right_handed(atoms)
    unit = PhonopyAtoms(
        list(atoms.symbols), cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions()
    )
    supercell = np.diag(repeats(atoms, min_length))
    work = Phonopy(unit, supercell_matrix=supercell, primitive_matrix=guess_primitive_matrix(unit))
    work.generate_displacements(distance=displacement)
    displaced = [_atoms(cell) for cell in work.supercells_with_displacements]
    work.forces = np.array(energies_and_forces(calculator, displaced)[1])
    work.produce_force_constants(show_drift=False)
    work.symmetrize_force_constants(show_drift=False)
    primitive = _atoms(work.primitive)
    path = primitive.cell.bandpath(npoints=n_path)
    distance, places, names = path.get_linear_kpoint_axis()
    work.run_qpoints(path.kpts)
    bands = np.array(work.get_qpoints_dict()["frequencies"])
    work.run_mesh([mesh] * 3, is_gamma_center=True)
    spectrum = work.get_mesh_dict()
    labels = [(float(x), name) for x, name in zip(places, names, strict=True)]
    return Phonons(
        path.kpts, distance, labels, bands, np.array(spectrum["frequencies"]), np.array(spectrum["weights"]),
        len(work.supercells_with_displacements), primitive,
    )  # fmt: skip


def _atoms(cell: object) -> Atoms:
    """phonopy's atoms as ASE's."""
    return Atoms(list(cell.symbols), cell=cell.cell, scaled_positions=cell.scaled_positions, pbc=True)  # type: ignore[attr-defined]
