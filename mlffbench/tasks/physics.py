"""Physical sanity without a reference: conservation, symmetries, smoothness, pairs, compression."""

from __future__ import annotations

from functools import partial
from itertools import combinations_with_replacement
from typing import Annotated

import numpy as np
from annotated_types import Interval
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Curve, Dataset, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties.compression import atoms_meet, compression
from mlffbench.properties.conservation import conservation
from mlffbench.properties.diatomic import Diatomic, diatomic
from mlffbench.properties.hessian import hessian
from mlffbench.properties.invariance import invariance
from mlffbench.properties.smoothness import smoothness
from mlffbench.system.ranges import Count, Positive
from mlffbench.tasks.common.small_cells import repeated_cell
from mlffbench.tasks.common.subtasks import Row, Subtask, needs, run_subtasks, skipped_row

__all__ = ["physics"]

RATTLE = 0.05  # Å: errors can vanish with the forces in a symmetric structure


@needs("forces")
def physics(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    n_lines: Count = 4,
    n_points: Annotated[int, Interval(ge=10, le=1_000_000)] = 200,
    shortest: Positive = 0.5,
) -> list[Row]:
    """Errors of conservation, symmetries, smoothness, pairs and compression; an ideal potential has 0.

    Measured on the first structure of the dataset's reference, or the first training frame (its formula
    names the test):

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
        Random lines of ``energy_conservation``.
    n_points : int
        Points of a pair's curve.
    shortest : float
        Shortest distance of a pair, in units of the sum of covalent radii.

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
    subtasks: dict[str, Subtask] = {
        "energy conservation": lambda: _conservation(calculator, atoms, name, n_lines, seed),
        "hessian": lambda: _hessian(calculator, atoms, name, seed),
        "symmetries": lambda: _symmetries(calculator, atoms, name, seed),
        "smoothness": lambda: _smoothness(calculator, atoms, name, seed),
        "compression": lambda: _compression(calculator, atoms, name),
    }
    if "extensive" not in model.supports:
        reason = f"{type(model).__name__} describes one molecule"
        return [*run_subtasks(subtasks), skipped_row("", "pairs", reason)]
    for first, second in combinations_with_replacement(model.elements_, 2):
        subtasks[f"pair {first}-{second}"] = partial(_pair, calculator, first, second, shortest, n_points)
    return run_subtasks(subtasks)


def _structure(dataset: Dataset, split: Split) -> Atoms:
    """Return the reference's first structure, else the first training frame."""
    if dataset.reference is not None and dataset.reference.structures:
        return repeated_cell(next(iter(dataset.reference.structures.values())))
    return repeated_cell(dataset.frames[int(split.train[0])])


def _magnitude(
    test: str, quantity: str, value: float, unit: str, metric: str = "error", trials: int | None = None
) -> Score:
    """|value| of a number that is 0 for an ideal potential."""
    return Score(test, quantity, metric, abs(float(value)), unit, trials=trials)


def _conservation(calculator: BaseCalculator, atoms: Atoms, name: str, n_lines: int, seed: int) -> list[Row]:
    work = conservation(calculator, atoms, n_lines=n_lines, seed=seed)
    return [
        _magnitude(name, "energy_conservation", work.relative_error, "", "relative_error"),
        _magnitude(name, "energy_conservation", work.largest_step, "eV", "largest_step"),
    ]


def _hessian(calculator: BaseCalculator, atoms: Atoms, name: str, seed: int) -> list[Row]:
    moved = atoms.copy()
    moved.rattle(RATTLE, rng=np.random.RandomState(seed))
    return [_magnitude(name, "hessian_asymmetry", hessian(calculator, moved).asymmetry, "")]


def _symmetries(calculator: BaseCalculator, atoms: Atoms, name: str, seed: int) -> list[Row]:
    changes = invariance(calculator, atoms, seed=seed)
    rows: list[Row] = []
    for move in ("translation", "rotation", "permutation"):
        energy, force = getattr(changes, move)
        rows += [
            _magnitude(name, move, energy, "eV/atom", "energy"),
            _magnitude(name, move, force, "eV/Å", "force"),
        ]
    for quantity, value, unit in (
        ("extensivity", changes.extensivity, "eV/atom"),
        ("locality", changes.locality, "eV/Å"),
    ):
        reason = "crystals have no outside" if atoms.pbc.any() else "the model refuses other molecules"
        rows.append(
            skipped_row(name, quantity, reason) if value is None else _magnitude(name, quantity, value, unit)
        )
    return rows


def _smoothness(calculator: BaseCalculator, atoms: Atoms, name: str, seed: int) -> list[Row]:
    expansion = smoothness(calculator, atoms, seed=seed)
    return [
        _magnitude(name, "smoothness", expansion.energy_jump, "eV/atom", "energy_jump"),
        _magnitude(name, "smoothness", expansion.force_jump, "eV/Å", "force_jump"),
        Curve(
            f"expansion of {name}", "all lengths, times the first", "energy (eV/atom)",
            expansion.scales.tolist(), (expansion.energies - expansion.energies[0]).tolist(),
        ),
    ]  # fmt: skip


def _compression(calculator: BaseCalculator, atoms: Atoms, name: str) -> list[Row]:
    if not atoms_meet(atoms):
        reason = f"the atoms of {name} are too far apart to meet under compression"
        return [skipped_row(name, "compression", reason)]
    squeeze = compression(calculator, atoms)
    energies = np.clip(squeeze.energies - squeeze.energies[0], -1e3, 1e3)  # a wall can be any height
    return [
        _magnitude(name, "compression", squeeze.holes, "", "holes", len(squeeze.scales) - 1),
        _magnitude(name, "compression", squeeze.depth, "eV/atom", "depth"),
        Curve(f"compression of {name}", "all lengths, times the first", "energy (eV/atom)",
              squeeze.scales.tolist(), energies.tolist()),
    ]  # fmt: skip


def _pair(calculator: BaseCalculator, first: str, second: str, shortest: float, n: int) -> list[Row]:
    pair = diatomic(calculator, first, second, shortest=shortest, n=n)
    name, steps = f"{first}-{second}", len(pair.distances) - 1
    return [
        _magnitude(name, "tortuosity", pair.tortuosity - 1, ""),
        _magnitude(name, "energy_jump", pair.energy_jump, "eV"),
        _magnitude(name, "force_flips", max(pair.force_flips - 1, 0), "", trials=steps),
        _magnitude(name, "pair_conservation", pair.conservation, "eV/Å"),
        _magnitude(name, "repulsion", 1 + pair.repulsion, ""),
        _magnitude(name, "holes", pair.holes, "", trials=steps),
        _curve(pair, name),
    ]


def _curve(pair: Diatomic, name: str) -> Curve:
    low = pair.energies < 20  # eV
    return Curve(f"pair {name}", "distance (Å)", "energy (eV)",
                 pair.distances[low].tolist(), pair.energies[low].tolist())  # fmt: skip
