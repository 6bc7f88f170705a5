"""Minimum-energy path between two minima, by the nudged elastic band.

Both ends are relaxed, the images between them interpolated by image-dependent pair potentials, and the band
relaxed with improved tangents; all images share the calculator. A molecule's images are superimposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes
from ase.data import covalent_radii
from ase.geometry import find_mic
from ase.mep import NEB, idpp_interpolate
from ase.optimize import BFGS, FIRE
from ase.optimize.optimize import Optimizer

from mlffbench.properties._structures import takes_any_structure
from mlffbench.properties.relaxation import relaxed
from mlffbench.system import progress

__all__ = ["ReactionPath", "path_lengths", "permuted", "reaction_path"]

SAME = 1e-3  # Å: shorter paths join equal structures
COLLISION, SHOVE = 0.4, 0.1  # distance over the sum of covalent radii; displacement, Å
PATIENCE = 60  # steps without a new smallest force


@dataclass(frozen=True)
class ReactionPath:
    """A relaxed band from one minimum to another.

    Attributes
    ----------
    images : tuple of Atoms
        Images with both ends, without calculators.
    energies : (n_images,) array, eV
    """

    images: tuple[Atoms, ...]
    energies: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Length of the path up to every image, (n_images,), Å."""
        return path_lengths(self.images)

    @property
    def saddle(self) -> Atoms:
        """Highest image: the saddle point if the band has a climbing image."""
        return self.images[int(np.argmax(self.energies))]

    @property
    def barrier(self) -> float:
        """Energy of the highest image over the start, eV; 0 where the path only descends."""
        return float(self.energies.max() - self.energies[0])

    @property
    def reaction_energy(self) -> float:
        """Energy of the end over the start, eV."""
        return float(self.energies[-1] - self.energies[0])


@takes_any_structure
def reaction_path(
    calculator: BaseCalculator,
    start: Atoms,
    end: Atoms,
    n_images: int = 9,
    climb: bool = True,
    fmax: float = 0.05,
    steps: int = 500,
    spring: float = 0.1,
    ends_fmax: float = 0.01,
    seed: int = 0,
) -> ReactionPath:
    """Relax a band of `n_images` between the minima next to two structures.

    Parameters
    ----------
    calculator : Calculator
        ASE calculator with forces.
    start, end : Atoms
        The same atoms in the same order, in the same cell; the start's constraints hold.
    n_images : int
        Number of images with both ends, 3 at least.
    climb : bool
        The highest image climbs to the saddle point.
    fmax, steps : float, int
        Largest force left on the band, eV/Å, and its step limit.
    spring : float
        Spring constant between images, eV/Å².
    ends_fmax : float
        Largest force left at the ends, eV/Å.
    seed : int
        Seed of the random displacements that separate atoms which collide on the straight path.

    Raises
    ------
    ValueError
        The ends do not match or are the same, there are too few images, or a relaxation does not converge.

    References
    ----------
    G. Henkelman, B. P. Uberuaga, H. Jónsson, J. Chem. Phys. 113, 9901 (2000) (climbing image).
    G. Henkelman, H. Jónsson, J. Chem. Phys. 113, 9978 (2000) (improved tangent).
    S. Smidstrup et al., J. Chem. Phys. 140, 214106 (2014) (interpolation).
    """
    if n_images < 3:
        raise ValueError(f"a path has 3 images or more, with both ends; got n_images={n_images}")
    first = relaxed(calculator, start, fmax=ends_fmax)
    last = relaxed(calculator, _end_structure(start, end), fmax=ends_fmax)
    band = _band(first, last, n_images, spring, climb)
    _interpolate(band, np.random.default_rng(seed))
    _relax(band, fmax, steps)
    energies = np.array([float(image.get_potential_energy()) for image in band.images])
    for image in band.images:
        image.calc = None
    return ReactionPath(tuple(band.images), energies)


def permuted(atoms: Atoms, permutation: Sequence[int], mirror: bool = False) -> Atoms:
    """A copy with atom i at the position of atom permutation[i], or the mirror image of that.

    Raises
    ------
    ValueError
        Not a permutation, or one that exchanges atoms of different elements.
    """
    order = np.asarray(permutation, dtype=int)
    if sorted(order.tolist()) != list(range(len(atoms))):
        raise ValueError(
            f"permutation must name each of the atoms 0 to {len(atoms) - 1} once; got {[*order]}"
        )
    if not np.array_equal(atoms.numbers[order], atoms.numbers):
        raise ValueError(f"permutation must exchange like atoms; it turns {atoms.symbols} into another order")
    copy = atoms.copy()
    copy.positions = (-1 if mirror else 1) * atoms.positions[order]
    return copy


def path_lengths(images: Sequence[Atoms]) -> np.ndarray:
    """Path length Σ √(Σ_i |Δr_i|²) up to every image, (n_images,), Å."""
    steps = [
        np.linalg.norm(find_mic(b.positions - a.positions, a.cell, a.pbc)[0]) for a, b in pairwise(images)
    ]
    return np.concatenate([[0.0], np.cumsum(steps)])


def _end_structure(start: Atoms, end: Atoms) -> Atoms:
    """A copy of the start, with its constraints, at the positions of the end; checks that the two match."""
    if not np.array_equal(end.numbers, start.numbers):
        raise ValueError(
            f"the path starts with {start.symbols} and ends with {end.symbols}: "
            "the atoms must be the same, in the same order"
        )
    if start.pbc.any() and not np.allclose(end.cell, start.cell, atol=1e-6):
        raise ValueError("the cells at both ends of the path differ; a band needs one cell")
    copy = start.copy()
    copy.positions = end.positions
    return copy


def _band(first: Atoms, last: Atoms, n_images: int, spring: float, climb: bool) -> _Band:
    """Band of copies of the first image between the ends; unconstrained molecules may rotate and shift."""
    images = [first.copy() for _ in range(n_images - 1)] + [last.copy()]
    for image in images[1:-1]:
        image.calc = first.calc
    energies = first.get_potential_energy(), last.get_potential_energy()
    images[0].calc, images[-1].calc = (_FixedEnergy(energy) for energy in energies)
    return _Band(
        images,
        k=spring,
        climb=climb,
        method="improvedtangent",
        remove_rotation_and_translation=not first.pbc.any() and not first.constraints,
        allow_shared_calculator=True,
    )


def _interpolate(band: _Band, rng: np.random.Generator) -> None:
    """Interpolate the images in place: linearly, collisions displaced at random, then by IDPP."""
    periodic = bool(band.images[0].pbc.any())
    band.interpolate("linear", mic=periodic, apply_constraint=True)
    if path_lengths(band.images)[-1] < SAME:
        raise ValueError("both ends of the path relax to the same structure: there is no path between them")
    radii = covalent_radii[band.images[0].numbers]
    least = COLLISION * (radii[:, None] + radii) * (1 - np.eye(len(radii)))
    for image in band.images[1:-1]:
        if np.any(image.get_all_distances(mic=periodic) < least):
            image.set_positions(image.positions + rng.normal(scale=SHOVE, size=(len(image), 3)))
    idpp_interpolate(band, traj=None, log=None, mic=periodic)


def _relax(band: _Band, fmax: float, steps: int) -> None:
    """Relax the band in place, or raise ValueError.

    BFGS takes the fewest steps, but the forces of a band are not a gradient and it may diverge; then FIRE
    starts again from the interpolated band.
    """
    start = band.get_positions()
    if _converges(BFGS(band, logfile=None), fmax, steps, PATIENCE):
        return
    band.set_positions(start)
    if not _converges(FIRE(band, logfile=None), fmax, steps, steps):
        raise ValueError(
            f"the band is not relaxed after {steps} steps: the largest force is "
            f"{band.largest_force():.2g} eV/Å, {fmax:g} was asked for; raise steps or fmax"
        )


def _converges(optimiser: Optimizer, fmax: float, steps: int, patience: int) -> bool:
    """Run the optimiser; True if the forces fall to `fmax` before `patience` steps without progress."""
    lowest, steps_since = np.inf, 0
    for converged in optimiser.irun(fmax=fmax, steps=steps):
        force = optimiser.atoms.largest_force()
        progress.report("neb", optimiser.nsteps, steps, fmax=force)
        steps_since = 0 if force < lowest else steps_since + 1
        lowest = min(lowest, force)
        if converged or steps_since > patience:
            return bool(converged)
    return False


class _Band(NEB):
    """Band that caches its forces until an image moves: ASE's optimisers ask for them three times a step."""

    _cached_state: Any = None

    def get_forces(self) -> np.ndarray:
        """Forces on the inner images, (n_inner n_atoms, 3), eV/Å."""
        if self._cached_state != self._state():
            self._forces = super().get_forces()
            self._cached_state = self._state()
        return self._forces.copy()

    def largest_force(self) -> float:
        """Largest force on an atom of an inner image, the climbing one included, eV/Å."""
        return float(np.linalg.norm(self.get_forces(), axis=1).max())

    def _state(self) -> Any:
        return self.get_positions().tobytes(), [id(image.calc) for image in self.images]


class _FixedEnergy(Calculator):
    """Constant energy of a relaxed end: the band may rotate it, but it is not computed again."""

    implemented_properties: ClassVar[list[str]] = ["energy"]

    def __init__(self, energy: float) -> None:
        super().__init__()
        self.energy = energy

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": self.energy}
