"""The minimum-energy path between two minima, by the nudged elastic band.

Both ends are relaxed, the images between them interpolated by image-dependent pair potentials, and the band
relaxed with improved tangents; all images share the calculator. A molecule's images are superimposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes
from ase.data import covalent_radii
from ase.geometry import find_mic
from ase.io import read
from ase.mep import NEB, idpp_interpolate
from ase.optimize import BFGS

from mlffbench import progress
from mlffbench.properties.relaxation import relaxed
from mlffbench.samplers._frames import bare, centred, count, needed

__all__ = ["neb"]

SAME = 1e-3  # Å, a shorter path is none
COLLISION, SHOVE = 0.4, 0.1  # times the covalent radii; Å


def neb(
    atoms: Atoms,
    calculator: BaseCalculator | None,
    seed: int,
    end: Atoms | str | Path | Mapping[str, Any],
    n_frames: int,
    climb: bool = True,
    fmax: float = 0.05,
    steps: int = 500,
    spring: float = 0.1,
    ends_fmax: float = 0.01,
    coordinate: Sequence[Sequence[int]] | None = None,
) -> list[Atoms]:
    """The images of a converged band, both ends included.

    The column ``coordinate`` is the length of the path up to the image, Å, or a difference of two distances.

    Parameters
    ----------
    atoms : Atoms
        The structure at the start; its constraints hold.
    calculator : Calculator
    seed : int
        Of the shoves that part atoms which a straight path would lead through one another.
    end : Atoms, path, or mapping
        The same atoms at the end. ``{permutation: [...]}`` is the relaxed start with atom i where atom
        permutation[i] was; ``mirror: true`` beside it takes its mirror image.
    n_frames : int
        Number of images, with the ends.
    climb : bool
        The highest image climbs to the saddle point.
    fmax, steps : float, int
        The largest force left on the band, eV/Å, and the steps to get there at most.
    spring : float
        eV/Å².
    ends_fmax : float
        The largest force left at the ends, eV/Å.
    coordinate : two pairs of ints, optional
        ``[[a, b], [c, d]]`` makes the coordinate r_ab − r_cd, Å.

    Raises
    ------
    ValueError
        No calculator, ends that do not match or are the same, or a relaxation that does not arrive.

    References
    ----------
    G. Henkelman, B. P. Uberuaga, H. Jónsson, J. Chem. Phys. 113, 9901 (2000) (climbing image).
    G. Henkelman, H. Jónsson, J. Chem. Phys. 113, 9978 (2000) (improved tangent).
    S. Smidstrup et al., J. Chem. Phys. 140, 214106 (2014) (interpolation).
    """
    n_frames = count(n_frames, "neb", least=3)
    first = relaxed(needed(calculator, "neb"), atoms, fmax=ends_fmax)
    last = relaxed(first.calc, _end(first, end), fmax=ends_fmax)
    band = _band(first, last, n_frames, spring, climb)
    _interpolate(band, np.random.default_rng(seed))
    _relax(band, fmax, steps)
    along = _lengths(band.images) if coordinate is None else _difference(band.images, coordinate)
    return [bare(centred(a), coordinate=float(s)) for a, s in zip(band.images, along, strict=True)]


def _end(start: Atoms, end: Atoms | str | Path | Mapping[str, Any]) -> Atoms:
    """The structure at the end, of the start's atoms in the start's order."""
    if isinstance(end, Mapping):
        return _permuted(start, **end)
    given = end if isinstance(end, Atoms) else read(end)
    if not np.array_equal(given.numbers, start.numbers):
        raise ValueError(
            f"the path starts with {start.symbols} and ends with {given.symbols}: "
            "the atoms must be the same, in the same order"
        )
    if start.pbc.any() and not np.allclose(given.cell, start.cell, atol=1e-6):
        raise ValueError("the cells at both ends of the path differ; a band needs one cell")
    finish = start.copy()
    finish.positions = given.positions
    return finish


def _permuted(start: Atoms, permutation: Sequence[int], mirror: bool = False) -> Atoms:
    """The start with atoms that changed places, and its mirror image."""
    order = np.asarray(permutation, dtype=int)
    if sorted(order.tolist()) != list(range(len(start))):
        raise ValueError(
            f"permutation must name each of the atoms 0 to {len(start) - 1} once; got {[*order]}"
        )
    if not np.array_equal(start.numbers[order], start.numbers):
        raise ValueError(f"permutation must exchange like atoms; it turns {start.symbols} into another order")
    finish = start.copy()
    finish.positions = (-1 if mirror else 1) * start.positions[order]
    return finish


def _band(first: Atoms, last: Atoms, n_frames: int, spring: float, climb: bool) -> NEB:
    """Copies of the first image between the ends; molecules without constraints may turn and shift."""
    images = [first.copy() for _ in range(n_frames - 1)] + [last.copy()]
    for image in images[1:-1]:
        image.calc = first.calc
    energies = first.get_potential_energy(), last.get_potential_energy()
    images[0].calc, images[-1].calc = (_Known(energy) for energy in energies)
    return NEB(
        images,
        k=spring,
        climb=climb,
        method="improvedtangent",
        remove_rotation_and_translation=not first.pbc.any() and not first.constraints,
        allow_shared_calculator=True,
    )


def _interpolate(band: NEB, rng: np.random.Generator) -> None:
    """Fill the band in place: a straight line, collisions shoved apart, image-dependent pair potentials."""
    periodic = bool(band.images[0].pbc.any())
    band.interpolate("linear", mic=periodic, apply_constraint=True)
    if _lengths(band.images)[-1] < SAME:
        raise ValueError("both ends of the path relax to the same structure: there is no path between them")
    radii = covalent_radii[band.images[0].numbers]
    least = COLLISION * (radii[:, None] + radii) * (1 - np.eye(len(radii)))
    for image in band.images[1:-1]:
        if np.any(image.get_all_distances(mic=periodic) < least):
            image.set_positions(image.positions + rng.normal(scale=SHOVE, size=(len(image), 3)))
    idpp_interpolate(band, traj=None, log=None, mic=periodic)


def _relax(band: NEB, fmax: float, steps: int) -> None:
    """Relax the band in place, or say that it does not arrive."""
    optimiser = BFGS(band, logfile=None)
    optimiser.attach(lambda: progress.report("neb", optimiser.nsteps, steps, fmax=float(band.get_residual())))
    if not optimiser.run(fmax=fmax, steps=steps):
        raise ValueError(
            f"the band is not relaxed after {steps} steps: the largest force is "
            f"{band.get_residual():.2g} eV/Å, {fmax:g} was asked for; raise steps or fmax"
        )


class _Known(Calculator):
    """The energy of a relaxed end, whatever way the band turns it: it need not be computed at every step."""

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


def _lengths(images: list[Atoms]) -> np.ndarray:
    """Σ √(Σ_i |Δr_i|²) up to every image, Å."""
    steps = [
        np.linalg.norm(find_mic(b.positions - a.positions, a.cell, a.pbc)[0]) for a, b in pairwise(images)
    ]
    return np.concatenate([[0.0], np.cumsum(steps)])


def _difference(images: list[Atoms], pairs: Sequence[Sequence[int]]) -> np.ndarray:
    """r_ab − r_cd of every image, Å."""
    (a, b), (c, d) = pairs
    return np.array([i.get_distance(a, b, mic=True) - i.get_distance(c, d, mic=True) for i in images])
