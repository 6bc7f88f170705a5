"""Pieces of work on a molecule: each measures one property of a model and compares it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Curve, Dataset, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties.bonds import bonds, fragments
from mlffbench.properties.conformers import Conformers, conformers
from mlffbench.properties.dissociation import Dissociation, dissociation
from mlffbench.properties.geometry import geometry, superposed_rmsd
from mlffbench.properties.reaction_path import ReactionPath, permuted, reaction_path
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.torsion import Torsion, torsion
from mlffbench.properties.vibrations import vibrations
from mlffbench.registry import make, suggest
from mlffbench.tasks.common.subtasks import Row, compared, skipped

__all__ = ["molecules"]

INCLUDE = ("geometry", "frequencies", "torsion", "reaction_path", "dissociation", "conformers")
MINIMUM = "minimum"
SHAKEN = 0.02  # Å
MEV = 1e3
Found = TypeVar("Found")


@dataclass(frozen=True)
class Sizes:
    """How fine: largest forces left in minima and on the band, images, points, length of a broken bond."""

    fmax: float
    path_fmax: float
    n_images: int
    n_points: int
    longest: float


@dataclass(frozen=True)
class Names:
    """What the task is about: atoms by number, groups and structures by name; None where unknown."""

    saddle: str
    path_group: str
    torsion_group: str
    permutation: Sequence[int] | None
    mirror: bool
    dihedral: Sequence[int] | None
    bonds: Sequence[Sequence[int]] | None


@dataclass(frozen=True)
class Subject:
    """A molecule's reference, and a model."""

    model: ForceField
    dataset: Dataset
    split: Split
    seed: int
    names: Names
    sizes: Sizes

    @cached_property
    def structures(self) -> dict[str, Atoms]:
        """Of the molecule at rest, the ground state first."""
        if self.dataset.reference is None:
            return {}
        found = {n: a for n, a in self.dataset.reference.structures.items() if not a.pbc.any()}
        return {n: found[n] for n in sorted(found, key=lambda n: n != MINIMUM)}

    @property
    def saddle(self) -> Atoms | None:
        reference = self.dataset.reference
        return None if reference is None else reference.saddles.get(self.names.saddle)

    @cached_property
    def calculator(self) -> BaseCalculator:
        return self.model.calculator()

    @cached_property
    def truth(self) -> BaseCalculator | None:
        reference = self.dataset.reference
        return (
            None if reference is None or reference.truth is None else make(reference.truth, ("calculators",))
        )

    @property
    def name(self) -> str:
        """Of the ground state."""
        return next(iter(self.structures))

    @cached_property
    def true_minimum(self) -> Atoms:
        given = self.structures[self.name]
        return given if self.truth is None else _bare(relaxed(self.truth, given, fmax=self.sizes.fmax))

    @cached_property
    def minimum(self) -> Atoms:
        """The model's own, next to the true one."""
        return _bare(relaxed(self.calculator, self.shaken(self.true_minimum), fmax=self.sizes.fmax))

    def shaken(self, atoms: Atoms) -> Atoms:
        """Out of a symmetry that the model's minimum may not have."""
        moved = _bare(atoms)
        moved.rattle(SHAKEN, seed=self.seed)
        return moved

    def both(self, measure: Callable[[BaseCalculator, Atoms], Found]) -> tuple[Found, Found | None]:
        """What the model gives, and what the truth does where there is one; each from its own minimum."""
        predicted = measure(self.calculator, self.minimum)
        if self.truth is None:
            return predicted, None
        try:
            return predicted, measure(self.truth, self.true_minimum)
        except ValueError as error:
            raise ValueError(f"the reference calculator fails: {error}") from error

    def known(self, structure: str, quantity: str = "energy") -> float | None:
        """A value of the dataset's."""
        reference = self.dataset.reference
        return None if reference is None else reference.values.get(structure, {}).get(quantity)


def molecules(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    *,
    include: Sequence[str] = INCLUDE,
    saddle: str = "transfer_saddle",
    path_group: str = "proton_transfer",
    torsion_group: str = "dihedral",
    permutation: Sequence[int] | None = None,
    mirror: bool | None = None,
    dihedral: Sequence[int] | None = None,
    bonds: Sequence[Sequence[int]] | None = None,
    n_images: int = 9,
    path_fmax: float = 0.05,
    fmax: float = 0.002,
    n_points: int = 80,
    longest: float = 7.0,
) -> dict[str, Callable[[], list[Row]]]:
    """Pieces, by name, for the molecule among the dataset's reference structures.

    Predictions begin with the model's own minimum next to the reference's. References are what
    ``reference.truth`` gives by the same function, else ``reference.values``; what cannot be compared is a
    row that was skipped. The seed is that of a small shake before the relaxation.

    Parameters
    ----------
    include : sequence of str
        Of ``geometry``, ``frequencies``, ``torsion``, ``reaction_path``, ``dissociation``, ``conformers``.
    saddle : str
        The reference's saddle point of the path.
    path_group, torsion_group : str
        Test groups of labelled frames along a path, ordered by the column ``coordinate``.
    permutation, mirror, dihedral, bonds : ints, bool, four ints, pairs of ints, optional
        The path's end as in `permuted`, the angle of the scan, the bonds to break. By default what the card
        says under ``molecule``; else the first and last frame of `path_group`, no scan, and one bond of every
        two elements.
    n_images, path_fmax : int, float
        Of the band; eV/Å.
    fmax : float
        Largest force left in a minimum, eV/Å.
    n_points, longest : int, float
        Of a curve of dissociation; Å.
    """
    if unknown := [name for name in include if name not in PIECES]:
        raise ValueError(f"no property of molecules {unknown[0]!r}{suggest(unknown[0], PIECES)}")
    card = dataset.card.get("molecule", {})
    said = lambda given, name: card.get(name) if given is None else given
    names = Names(
        saddle, path_group, torsion_group, said(permutation, "permutation"), bool(said(mirror, "mirror")),
        said(dihedral, "dihedral"), said(bonds, "bonds"),
    )  # fmt: skip
    sizes = Sizes(fmax, path_fmax, n_images, n_points, longest)
    subject = Subject(model, dataset, split, seed, names, sizes)
    return {name: lambda piece=PIECES[name]: piece(subject) for name in include}  # type: ignore[misc]


# ---------------------------------------------------------------- the minimum
def _geometry(subject: Subject) -> list[Row]:
    if not subject.structures:
        return [_nothing(subject, "geometry")]
    found = geometry(subject.calculator, subject.minimum, subject.true_minimum, fmax=subject.sizes.fmax)
    values = {
        ("geometry", "rmsd", "Å"): found.rmsd,
        ("bond length", "max_error", "Å"): found.bond_error,
        ("bond angle", "max_error", "degrees"): found.angle_error,
        ("bonds", "changed", ""): float(found.changed_bonds),
    }
    return [
        Score(subject.name, quantity, metric, value, unit)
        for (quantity, metric, unit), value in values.items()
        if value is not None
    ]


def _frequencies(subject: Subject) -> list[Row]:
    if not subject.structures:
        return [_nothing(subject, "wavenumbers")]
    predicted, true = subject.both(lambda by, atoms: vibrations(by, atoms).wavenumbers)
    count = Score(subject.name, "wavenumbers", "imaginary", float((predicted < 0).sum()), "")
    reference = _wavenumbers(subject, len(predicted)) if true is None else true
    if reference is None:
        return [count, skipped(subject.name, "wavenumbers", "the dataset has no reference wavenumbers")]
    error = np.abs(predicted - reference)
    return [
        count,
        Score(subject.name, "wavenumbers", "mae", float(error.mean()), "1/cm"),
        Score(subject.name, "wavenumbers", "max_error", float(error.max()), "1/cm"),
    ]


def _wavenumbers(subject: Subject, n: int) -> np.ndarray | None:
    """The dataset's, ascending, 1/cm; None where it has not all of them."""
    known = [subject.known(subject.name, f"wavenumber_{i + 1}") for i in range(n)]
    return None if None in known else np.sort(np.array(known, dtype=float))


# ---------------------------------------------------------------- paths
def _torsion(subject: Subject) -> list[Row]:
    rows = _profile(subject, subject.names.torsion_group)
    if subject.names.dihedral is None or not subject.structures:
        return [*rows, skipped("torsion", "barrier", "no dihedral is named, by an option or the card")]
    if subject.truth is None:
        return [*rows, skipped("torsion", "barrier", "relaxed scans need a reference that can be asked")]
    four = subject.names.dihedral
    predicted, true = subject.both(lambda by, atoms: torsion(by, atoms, four, relax=True))
    assert true is not None
    return [*rows, _barrier("torsion", predicted, true.barrier), _torsion_curve(predicted, true)]


def _torsion_curve(predicted: Torsion, true: Torsion) -> Curve:
    return Curve(
        "torsion", "dihedral angle (degrees)", "energy (eV)",
        predicted.angles.tolist(), (predicted.energies - predicted.energies.min()).tolist(),
        true.angles.tolist(), (true.energies - true.energies.min()).tolist(),
    )  # fmt: skip


def _reaction_path(subject: Subject) -> list[Row]:
    rows = _profile(subject, subject.names.path_group)
    if not subject.structures:
        return [*rows, _nothing(subject, "barrier")]
    if subject.names.permutation is None and subject.names.path_group not in subject.split.tests:
        return [
            *rows,
            skipped("reaction path", "barrier", "no end of a path is named, by an option or the card"),
        ]
    predicted, true = subject.both(lambda by, atoms: _band(subject, by, atoms))
    rows.append(_path_curve(predicted, true))
    barrier = _known_barrier(subject) if true is None else true.barrier
    saddle = subject.saddle if true is None else true.saddle
    if barrier is None:
        rows.append(skipped("reaction path", "barrier", "the dataset has no energy of the saddle point"))
    else:
        rows.append(_barrier("reaction path", predicted, barrier))
    if saddle is not None:
        rows.append(Score("reaction path", "saddle", "rmsd", superposed_rmsd(predicted.saddle, saddle), "Å"))
    if true is not None:
        energies = MEV * predicted.reaction_energy, MEV * true.reaction_energy
        rows.append(compared("reaction path", "reaction energy", *energies, "meV"))
    return rows


def _band(subject: Subject, calculator: BaseCalculator, minimum: Atoms) -> ReactionPath:
    """From the minimum to its image after the permutation, or between the ends of the labelled path."""
    names, sizes = subject.names, subject.sizes
    if names.permutation is not None:
        start, end = minimum, permuted(minimum, names.permutation, names.mirror)
    else:
        frames = [subject.dataset.frames[i] for i in _ordered(subject, names.path_group)[[0, -1]]]
        start, end = (_bare(frame) for frame in frames)
    return reaction_path(
        calculator, start, end, sizes.n_images, fmax=sizes.path_fmax, ends_fmax=sizes.fmax, seed=subject.seed
    )


def _known_barrier(subject: Subject) -> float | None:
    """Of the dataset, eV."""
    top, bottom = subject.known(subject.names.saddle), subject.known(subject.name)
    return None if top is None or bottom is None else top - bottom


def _barrier(test: str, predicted: ReactionPath | Torsion, reference: float) -> Score:
    return compared(test, "barrier", MEV * predicted.barrier, MEV * reference, "meV")


def _path_curve(predicted: ReactionPath, true: ReactionPath | None) -> Curve:
    above = lambda path: (path.energies - path.energies[0]).tolist()
    return Curve(
        "reaction path", "length of the path (Å)", "energy (eV)",
        predicted.lengths.tolist(), above(predicted),
        None if true is None else true.lengths.tolist(), None if true is None else above(true),
    )  # fmt: skip


# ---------------------------------------------------------------- labelled paths
def _profile(subject: Subject, group: str) -> list[Row]:
    """Predicted energies of labelled frames, both over that of the frame with the lowest label."""
    if group not in subject.split.tests:
        return [skipped(group, "profile", f"the split has no test group {group!r}")]
    order = _ordered(subject, group)
    frames = [subject.dataset.frames[i] for i in order]
    true = subject.dataset.labels[order].energy
    lowest = int(np.argmin(true))
    predicted = subject.model.predict(frames).energy
    true, predicted = true - true[lowest], predicted - predicted[lowest]
    rmse = float(np.sqrt(np.mean((predicted - true) ** 2)))
    x = _coordinate(subject, order).tolist()
    label = subject.dataset.card.get("coordinates", {}).get(group, "coordinate")
    return [
        Score(group, "profile", "rmse", MEV * rmse, "meV"),
        compared(group, "height", MEV * np.ptp(predicted), MEV * np.ptp(true), "meV"),
        Curve(f"{group}, labelled", label, "energy (eV)", x, predicted.tolist(), x, true.tolist()),
    ]


def _ordered(subject: Subject, group: str) -> np.ndarray:
    """The frames of a test group along their coordinate."""
    indices = subject.split.tests[group]
    return indices[np.argsort(_coordinate(subject, indices), kind="stable")]


def _coordinate(subject: Subject, indices: np.ndarray) -> np.ndarray:
    column = subject.dataset.columns.get("coordinate")
    return np.asarray(indices if column is None else column[indices], dtype=float)


# ---------------------------------------------------------------- bonds
def _dissociation(subject: Subject) -> list[Row]:
    if not subject.structures:
        return [_nothing(subject, "bond energy")]
    named = subject.names.bonds
    pairs = _kinds(subject.true_minimum) if named is None else [(int(i), int(j)) for i, j in named]
    return [row for pair in pairs for row in _broken(subject, pair)]


def _broken(subject: Subject, bond: tuple[int, int]) -> list[Row]:
    """One bond."""
    test = "-".join(f"{subject.true_minimum.symbols[i]}{i}" for i in bond)
    if tuple(sorted(bond)) not in {*map(tuple, bonds(subject.minimum).tolist())}:
        return [skipped(test, "bond energy", f"the model's minimum has no bond {test}")]
    sizes = subject.sizes
    predicted, true = subject.both(
        lambda by, atoms: dissociation(by, atoms, bond, longest=sizes.longest, n=sizes.n_points)
    )
    rows: list[Row] = [
        Score(test, "bond energy", "jump", predicted.discontinuity, "eV"),
        Score(test, "bond energy", "fall", predicted.fall, "eV"),
        _bond_curve(test, predicted, true),
    ]
    return rows if true is None else [*rows, compared(test, "bond energy", predicted.depth, true.depth, "eV")]


def _bond_curve(test: str, predicted: Dissociation, true: Dissociation | None) -> Curve:
    return Curve(
        f"dissociation of {test}", "distance (Å)", "energy (eV)",
        predicted.distances.tolist(), predicted.energies.tolist(),
        None if true is None else true.distances.tolist(), None if true is None else true.energies.tolist(),
    )  # fmt: skip


def _kinds(atoms: Atoms) -> list[tuple[int, int]]:
    """One bond, outside of rings, of every two elements that are bonded."""
    pairs = bonds(atoms)
    found: dict[frozenset[str], tuple[int, int]] = {}
    for k, (i, j) in enumerate(pairs.tolist()):
        pieces = fragments(np.delete(pairs, k, axis=0), len(atoms))
        if pieces[i] != pieces[j]:
            found.setdefault(frozenset(atoms.symbols[[i, j]]), (i, j))
    return list(found.values())


# ---------------------------------------------------------------- conformers
def _conformers(subject: Subject) -> list[Row]:
    chosen = {n: subject.shaken(a) for n, a in subject.structures.items()}
    if len(chosen) < 2:
        return [
            skipped("conformers", "relative energy", f"{subject.dataset.name} has no reference conformers")
        ]
    predicted, true = subject.both(
        lambda by, atoms: conformers(by, {**chosen, subject.name: atoms}, fmax=subject.sizes.fmax)
    )
    reference = _energies(subject, chosen) if true is None else true.energies
    news = predicted.collapsed.keys() - (set() if true is None else true.collapsed.keys())
    rows: list[Row] = [
        Score("conformers", "structures", "collapsed", float(len(news)), ""),
        Score("conformers", "structures", "broken", float(len(predicted.broken)), ""),
    ]
    if len(reference) < 2:
        return [*rows, skipped("conformers", "relative energy", "the dataset has no energies of conformers")]
    return [*rows, *_relative(predicted, reference)]


def _energies(subject: Subject, names: Iterable[str]) -> dict[str, float]:
    """Of the dataset, eV."""
    known = {name: subject.known(name) for name in names}
    return {name: energy for name, energy in known.items() if energy is not None}


def _relative(predicted: Conformers, reference: Mapping[str, float]) -> list[Row]:
    """Errors of energies over the reference's lowest, and of the order."""
    errors = predicted.errors(reference)
    lowest = min(reference.values())
    above = {name: reference[name] - lowest for name in errors}
    mae = float(np.mean(np.abs(list(errors.values()))))
    return [
        Score("conformers", "relative energy", "mae", MEV * mae, "meV"),
        Score("conformers", "relative energy", "rank_error", predicted.rank_error(reference), ""),
        *(
            compared(name, "relative energy", MEV * (above[name] + error), MEV * above[name], "meV")
            for name, error in errors.items()
        ),
    ]


# ---------------------------------------------------------------- what is not there
def _nothing(subject: Subject, quantity: str) -> Row:
    return skipped("", quantity, f"{subject.dataset.name} has no reference structure of a molecule")


def _bare(atoms: Atoms) -> Atoms:
    """A copy without calculator and constraints."""
    copy = atoms.copy()
    copy.set_constraint()
    return copy


PIECES: dict[str, Callable[[Subject], list[Row]]] = {
    "geometry": _geometry,
    "frequencies": _frequencies,
    "torsion": _torsion,
    "reaction_path": _reaction_path,
    "dissociation": _dissociation,
    "conformers": _conformers,
}
