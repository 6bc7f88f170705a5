"""What every potential must do, whatever it was trained on: no reference is needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Curve, Dataset, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties.compression import compression
from mlffbench.properties.conservation import conservation
from mlffbench.properties.diatomic import Diatomic, diatomic
from mlffbench.properties.hessian import hessian
from mlffbench.properties.invariance import invariance
from mlffbench.properties.smoothness import smoothness
from mlffbench.tasks.common.subtasks import Row, needs, skipped, units

__all__ = ["physics"]

RATTLE = 0.05  # Å: where forces vanish by symmetry, many errors do
Piece = Callable[[], list[Row]]


@needs("forces")
def physics(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    n_lines: int = 4,
    n_points: int = 200,
    shortest: float = 0.5,
) -> list[Row]:
    """Conservation, symmetries, smoothness, pairs of atoms and pressed matter; every number would be 0.

    On the first structure of the dataset's reference, or the first training frame (its formula names the
    test):

    * ``energy_conservation``: √⟨(ΔE + ∫F ds)²⟩ over √⟨F²⟩ on random lines, and the largest step, eV;
    * ``hessian_asymmetry``: ‖(H − Hᵀ)/2‖/‖H‖ by differences of forces, atoms off their places by 0.05 Å;
    * ``translation``, ``rotation``, ``permutation``: largest change of the energy per atom and of a force;
    * ``extensivity``, ``locality``: energy of two distant copies, change of forces by a distant atom;
    * ``smoothness``: largest jump of energy and of forces while all lengths grow by four fifths, so that
      every neighbour leaves the cutoff;
    * ``compression``: how many steps of compression lower the energy, and by how much it falls below the
      start.

    On every pair of elements (test ``H-O``), from `shortest` covalent radii to 6 Å, after MLIP Arena [1]_:
    ``tortuosity`` − 1, ``energy_jump``, ``force_flips`` beyond the one of a bond, ``conservation``,
    ``repulsion`` (1 + Spearman's correlation on the wall: 0 for a wall that only rises), ``holes`` in it.

    Parameters
    ----------
    n_lines : int
        Of energy conservation.
    n_points : int
        On a pair's curve.
    shortest : float
        Of the sum of covalent radii.

    References
    ----------
    .. [1] Y. Chiang et al., MLIP Arena, arXiv:2509.20630.

    Notes
    -----
    The formulas stand with the functions in `mlffbench.properties`: `conservation`, `hessian`, `invariance`,
    `smoothness`, `compression`, `diatomic`.
    """
    atoms, calculator = _structure(dataset, split), model.calculator()
    name = atoms.get_chemical_formula()
    work: dict[str, Piece] = {
        "energy conservation": lambda: _conservation(calculator, atoms, name, n_lines, seed),
        "hessian": lambda: _hessian(calculator, atoms, name, seed),
        "symmetries": lambda: _symmetries(calculator, atoms, name, seed),
        "smoothness": lambda: _smoothness(calculator, atoms, name, seed),
        "compression": lambda: _compression(calculator, atoms, name),
    }
    if "extensive" not in model.supports:
        return [*units(work), skipped("", "pairs", f"{type(model).__name__} describes one molecule")]
    for first, second in combinations_with_replacement(model.elements_, 2):
        work[f"pair {first}-{second}"] = partial(_pair, calculator, first, second, shortest, n_points)
    return units(work)


def _structure(dataset: Dataset, split: Split) -> Atoms:
    """The reference's first structure, else the first training frame."""
    if dataset.reference is not None and dataset.reference.structures:
        return next(iter(dataset.reference.structures.values()))
    return dataset.frames[int(split.train[0])]


def _zero(test: str, quantity: str, value: float, unit: str, metric: str = "error") -> Score:
    """A number that would be zero."""
    return Score(test, quantity, metric, abs(float(value)), unit)


def _conservation(calculator: BaseCalculator, atoms: Atoms, name: str, n_lines: int, seed: int) -> list[Row]:
    found = conservation(calculator, atoms, n_lines=n_lines, seed=seed)
    return [
        _zero(name, "energy_conservation", found.relative_error, "", "relative_error"),
        _zero(name, "energy_conservation", found.largest_step, "eV", "largest_step"),
    ]


def _hessian(calculator: BaseCalculator, atoms: Atoms, name: str, seed: int) -> list[Row]:
    moved = atoms.copy()
    moved.rattle(RATTLE, rng=np.random.RandomState(seed))
    return [_zero(name, "hessian_asymmetry", hessian(calculator, moved).asymmetry, "")]


def _symmetries(calculator: BaseCalculator, atoms: Atoms, name: str, seed: int) -> list[Row]:
    found = invariance(calculator, atoms, seed=seed)
    rows: list[Row] = []
    for move in ("translation", "rotation", "permutation"):
        energy, force = getattr(found, move)
        rows += [_zero(name, move, energy, "eV/atom", "energy"), _zero(name, move, force, "eV/Å", "force")]
    for quantity, value, unit in (
        ("extensivity", found.extensivity, "eV/atom"),
        ("locality", found.locality, "eV/Å"),
    ):
        reason = "crystals have no outside" if atoms.pbc.any() else "the model refuses other molecules"
        rows.append(skipped(name, quantity, reason) if value is None else _zero(name, quantity, value, unit))
    return rows


def _smoothness(calculator: BaseCalculator, atoms: Atoms, name: str, seed: int) -> list[Row]:
    found = smoothness(calculator, atoms, seed=seed)
    return [
        _zero(name, "smoothness", found.energy_jump, "eV/atom", "energy_jump"),
        _zero(name, "smoothness", found.force_jump, "eV/Å", "force_jump"),
        Curve(
            f"expansion of {name}", "all lengths, times the first", "energy (eV/atom)",
            found.scales.tolist(), (found.energies - found.energies[0]).tolist(),
        ),
    ]  # fmt: skip


def _compression(calculator: BaseCalculator, atoms: Atoms, name: str) -> list[Row]:
    found = compression(calculator, atoms)
    energies = np.clip(found.energies - found.energies[0], -1e3, 1e3)  # a wall can be any height
    return [
        _zero(name, "compression", found.holes, "", "holes"),
        _zero(name, "compression", found.depth, "eV/atom", "depth"),
        Curve(f"compression of {name}", "all lengths, times the first", "energy (eV/atom)",
              found.scales.tolist(), energies.tolist()),
    ]  # fmt: skip


def _pair(calculator: BaseCalculator, first: str, second: str, shortest: float, n: int) -> list[Row]:
    found = diatomic(calculator, first, second, shortest=shortest, n=n)
    name = f"{first}-{second}"
    return [
        _zero(name, "tortuosity", found.tortuosity - 1, ""),
        _zero(name, "energy_jump", found.energy_jump, "eV"),
        _zero(name, "force_flips", max(found.force_flips - 1, 0), ""),
        _zero(name, "pair_conservation", found.conservation, "eV/Å"),
        _zero(name, "repulsion", 1 + found.repulsion, ""),
        _zero(name, "holes", found.holes, ""),
        _curve(found, name),
    ]


def _curve(found: Diatomic, name: str) -> Curve:
    shown = found.energies < 20
    return Curve(f"pair {name}", "distance (Å)", "energy (eV)",
                 found.distances[shown].tolist(), found.energies[shown].tolist())  # fmt: skip
