"""Pieces of work on crystals: each measures one property of one structure and compares it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any, TypeVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.spacegroup.symmetrize import refine_symmetry

from mlffbench.data import Curve, Dataset, Missing, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties.elastic import elastic_constants
from mlffbench.properties.equation_of_state import EquationOfState, equation_of_state
from mlffbench.properties.phases import Phases, phases
from mlffbench.properties.phonons import Phonons, phonons
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.surface import surface_energy
from mlffbench.properties.thermal_expansion import ThermalExpansion, thermal_expansion
from mlffbench.properties.vacancy import vacancy_formation
from mlffbench.registry import make, suggest
from mlffbench.tasks.common.subtasks import Row, compared, skipped

__all__ = ["solids"]

INCLUDE = ("equation_of_state", "elastic", "phonons", "vacancy", "surface", "phases")
KNOWN = (*INCLUDE, "thermal_expansion")
UNITS = {
    "lattice_constant": "Å", "volume": "Å³/atom", "bulk_modulus": "GPa", "max_frequency": "THz",
    "root_mean_square_frequency": "THz", "imaginary_modes": "", "vacancy_formation_energy": "eV",
    "unrelaxed_vacancy_formation_energy": "eV", "thermal_expansion": "1e-6/K",
}  # fmt: skip
SYMPREC = 1e-3  # Å, of the structures given
NEGLIGIBLE = 1e-3  # of the largest elastic constant
CUBIC = 195  # the first cubic space group
GRID = 200  # points of a density of states
Found = TypeVar("Found")


@dataclass(frozen=True)
class Sizes:
    """How large and how fine."""

    min_length: float
    mesh: int
    surfaces: tuple[tuple[int, ...], ...]
    thickness: float
    temperatures: tuple[float, ...]
    fmax: float


@dataclass(frozen=True)
class Subject:
    """A crystal, the model, and what is known of the crystal."""

    name: str
    atoms: Atoms
    model: ForceField
    truth: Mapping[str, Any] | None
    values: Mapping[str, float]
    sizes: Sizes
    others: Mapping[str, Atoms] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def stress(self) -> bool:
        return "stress" in self.model.properties

    @property
    def cubic(self) -> bool:
        return _space_group_number(self.atoms) >= CUBIC

    def rest(self, calculator: BaseCalculator) -> Atoms:
        """The structure at a potential's own minimum, as symmetric as it was."""
        if not self.stress:
            return equation_of_state(calculator, self.atoms, fmax=self.sizes.fmax).atoms
        cell: bool | str = "hydrostatic" if self.cubic else True
        minimum = relaxed(calculator, self.atoms, cell=cell, fmax=self.sizes.fmax)
        minimum.calc = None
        refine_symmetry(minimum, symprec=10 * SYMPREC)
        return minimum

    def length(self, rest: Atoms) -> float:
        """Width that gives every potential a supercell of the same number of cells."""
        return self.sizes.min_length * float(rest.get_volume() / self.atoms.get_volume()) ** (1 / 3)

    def both(self, measure: Callable[[BaseCalculator], Found]) -> tuple[Found, Found | None]:
        """What the model gives, and what the truth does where there is one."""
        predicted = measure(self.model.calculator())
        if self.truth is None:
            return predicted, None
        try:
            return predicted, measure(make(self.truth, ("calculators",)))
        except ValueError as error:
            raise ValueError(f"the reference calculator fails: {error}") from error

    def rows(
        self,
        predicted: Mapping[str, float],
        true: Mapping[str, float] | None,
        units: Mapping[str, str] = UNITS,
    ) -> list[Row]:
        """Each number against the truth's, else against the dataset's."""
        reference = {**self.values, **(true or {})}
        return [
            compared(self.name, quantity, value, reference[quantity], units[quantity])
            if quantity in reference
            else skipped(self.name, quantity, "no reference value")
            for quantity, value in predicted.items()
        ]


def solids(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    *,
    include: Sequence[str] = INCLUDE,
    min_length: float = 10.0,
    mesh: int = 12,
    surfaces: Sequence[Sequence[int]] = ((1, 1, 1),),
    thickness: float = 10.0,
    temperatures: Sequence[float] = (300.0,),
    fmax: float = 1e-3,
) -> dict[str, Callable[[], list[Row]]]:
    """Pieces, by name, for every crystal among the dataset's reference structures; none without such.

    The equation of state is measured of all, the rest of the first, the ground state. References are what
    ``reference.truth`` gives by the same function, else ``reference.values``; a number without one is a row
    that was skipped. Nothing is random.

    Parameters
    ----------
    include : sequence of str
        Of ``equation_of_state``, ``elastic``, ``phonons``, ``vacancy``, ``surface``, ``phases`` and
        ``thermal_expansion``.
    min_length : float
        Width of supercells, Å.
    mesh : int
        Of the phonons, points along each axis.
    surfaces : sequence of three int each
        Miller indices in the conventional cell.
    thickness : float
        Of slabs, Å.
    temperatures : sequence of float
        K; the first one's coefficient of thermal expansion is the one that is compared.
    fmax : float
        Of every relaxation, eV/Å.

    Raises
    ------
    LookupError
        There is no such property.
    """
    for word in include:
        if word not in KNOWN:
            raise LookupError(f"there is no property {word!r}{suggest(word, KNOWN)}")
    sizes = Sizes(min_length, mesh, tuple(map(tuple, surfaces)), thickness, tuple(temperatures), fmax)
    subjects = _subjects(model, dataset, sizes)
    pieces: dict[str, Callable[[], list[Row]]] = {}
    for word, (title, work) in _PIECES.items():
        chosen = subjects if word == "equation_of_state" else subjects[:1]
        for subject in chosen if word in include else ():
            if word != "phases":
                pieces[f"{title} {subject.name}"] = partial(work, subject)
            elif subject.others:
                pieces[title] = partial(work, subject)
    return pieces


def _subjects(model: ForceField, dataset: Dataset, sizes: Sizes) -> list[Subject]:
    """The crystals, the ground state first."""
    reference = dataset.reference
    if reference is None:
        return []
    crystals = {n: _conventional(a) for n, a in reference.structures.items() if a.pbc.all()}
    return [
        Subject(
            name, atoms, model, reference.truth, reference.values.get(name, {}), sizes,
            {n: a for n, a in crystals.items() if n != name}, reference.values,
        )
        for name, atoms in crystals.items()
    ]  # fmt: skip


def _conventional(atoms: Atoms) -> Atoms:
    """The conventional cell in its standard orientation, in which elastic constants have their names."""
    import spglib

    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    found = spglib.standardize_cell(cell, symprec=SYMPREC)
    if found is None:
        return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
    lattice, places, numbers = found
    return Atoms(numbers, cell=lattice, scaled_positions=places, pbc=True)


def _space_group_number(atoms: Atoms) -> int:
    import spglib

    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    found = spglib.get_symmetry_dataset(cell, symprec=SYMPREC)
    return int(found.number) if found else 1


# ---------------------------------------------------------------- equation of state
def _equation_of_state(subject: Subject) -> list[Row]:
    predicted, true = subject.both(lambda c: equation_of_state(c, subject.atoms, fmax=subject.sizes.fmax))

    def numbers(eos: EquationOfState) -> dict[str, float]:
        lattice = {"lattice_constant": float(eos.atoms.cell.lengths()[0])} if subject.cubic else {}
        return {**lattice, "volume": eos.volume, "bulk_modulus": eos.bulk_modulus}

    rows = subject.rows(numbers(predicted), numbers(true) if true else None)
    x, y = _well(predicted)
    return [
        *rows,
        Curve(f"energy of {subject.name}", "volume / Å³ per atom", "E − minimum / eV per atom", x, y,
              *(_well(true) if true else (None, None))),
    ]  # fmt: skip


def _well(eos: EquationOfState) -> tuple[list[float], list[float]]:
    return eos.volumes.tolist(), (eos.energies - eos.energy).tolist()


# ---------------------------------------------------------------- elastic constants
def _elastic(subject: Subject) -> list[Row]:
    if not subject.stress:
        reason = f"{type(subject.model).__name__} predicts no stress"
        return [skipped(subject.name, "elastic_constants", reason)]
    predicted, true = subject.both(
        lambda c: _stiffness(elastic_constants(c, subject.atoms, fmax=subject.sizes.fmax).C)
    )
    names = ("C11", "C12", "C44") if subject.cubic else _nonzero(true or _known(subject, predicted))
    chosen = {name: predicted[name] for name in names}
    return subject.rows(chosen, true, dict.fromkeys(names, "GPa"))


def _stiffness(matrix: np.ndarray) -> dict[str, float]:
    """By names, the upper triangle."""
    return {f"C{i + 1}{j + 1}": float(matrix[i, j]) for i in range(6) for j in range(i, 6)}


def _known(subject: Subject, predicted: Mapping[str, float]) -> Mapping[str, float]:
    """The dataset's elastic constants; the model's own where it has none."""
    return {q: v for q, v in subject.values.items() if q in predicted} or predicted


def _nonzero(constants: Mapping[str, float]) -> list[str]:
    largest = max(map(abs, constants.values()))
    return [name for name, value in constants.items() if abs(value) > NEGLIGIBLE * largest]


# ---------------------------------------------------------------- phonons
def _phonons(subject: Subject) -> list[Row]:
    def measure(calculator: BaseCalculator) -> Phonons:
        rest = subject.rest(calculator)
        return phonons(calculator, rest, subject.length(rest), mesh=subject.sizes.mesh)

    predicted, true = subject.both(measure)
    reference = _spectrum(true) if true else {"imaginary_modes": subject.values.get("imaginary_modes", 0.0)}
    rows = subject.rows(_spectrum(predicted), reference)
    if true is not None and true.frequencies.shape == predicted.frequencies.shape:
        rows.append(Score(subject.name, "frequencies", "rmse", predicted.frequency_error(true), "THz"))
    return [*rows, _density(subject.name, predicted, true), _dispersion(subject.name, predicted, true)]


def _spectrum(found: Phonons) -> dict[str, float]:
    square = found.mean_square_frequency
    return {
        "max_frequency": found.max_frequency,
        "root_mean_square_frequency": float(np.sign(square) * abs(square) ** 0.5),
        "imaginary_modes": found.imaginary,
    }


def _density(name: str, predicted: Phonons, true: Phonons | None) -> Curve:
    both = [p for p in (predicted, true) if p is not None]
    lowest, highest = (f(f(p.frequencies.min(), p.frequencies.max()) for p in both) for f in (min, max))
    grid = np.linspace(min(float(lowest), 0.0), 1.05 * float(highest), GRID)
    y = [p.density(grid) / p.frequencies.shape[1] for p in both]
    reference = (grid.tolist(), y[1].tolist()) if true is not None else (None, None)
    return Curve(
        f"phonon density of {name}", "frequency / THz", "states / (1/THz)", grid.tolist(), y[0].tolist(),
        *reference,
    )  # fmt: skip


def _dispersion(name: str, predicted: Phonons, true: Phonons | None) -> Curve:
    """All branches as one line: every other one runs back from the end of the one before."""
    corners = " ".join(label for _, label in predicted.labels)
    x = _to_and_fro(np.repeat(predicted.distance[:, None], predicted.bands.shape[1], axis=1))
    same = true is not None and true.bands.shape == predicted.bands.shape
    reference = (x, _to_and_fro(true.bands)) if same and true is not None else (None, None)
    return Curve(
        f"phonon bands of {name}", f"path {corners} / (1/Å)", "frequency / THz", x,
        _to_and_fro(predicted.bands), *reference,
    )  # fmt: skip


def _to_and_fro(bands: np.ndarray) -> list[float]:
    return [float(v) for k, band in enumerate(bands.T) for v in (band if k % 2 == 0 else band[::-1])]


# ---------------------------------------------------------------- defects
def _vacancy(subject: Subject) -> list[Row]:
    if len(set(subject.atoms.numbers)) > 1:
        reason = "a vacancy among several elements has no energy without their reservoirs"
        return [skipped(subject.name, "vacancy_formation_energy", reason)]

    def measure(calculator: BaseCalculator) -> dict[str, float]:
        rest = subject.rest(calculator)
        found = vacancy_formation(calculator, rest, subject.length(rest), fmax=subject.sizes.fmax)
        return {
            "vacancy_formation_energy": found.energy,
            "unrelaxed_vacancy_formation_energy": found.unrelaxed_energy,
        }

    return subject.rows(*subject.both(measure))


def _surface(subject: Subject) -> list[Row]:
    names = {hkl: f"surface_energy_{''.join(map(str, hkl))}" for hkl in subject.sizes.surfaces}

    def measure(calculator: BaseCalculator) -> dict[str, float]:
        rest = subject.rest(calculator)
        scale = subject.length(rest) / subject.sizes.min_length
        thickness, fmax = scale * subject.sizes.thickness, subject.sizes.fmax
        slab = partial(surface_energy, calculator, rest, thickness=thickness, fmax=fmax)
        return {name: slab(hkl).energy for hkl, name in names.items()}

    return subject.rows(*subject.both(measure), dict.fromkeys(names.values(), "J/m²"))


# ---------------------------------------------------------------- phases
def _phases(subject: Subject) -> list[Row]:
    structures = {subject.name: subject.atoms, **subject.others}
    predicted, true = subject.both(
        lambda c: phases(c, structures, stress=subject.stress, fmax=subject.sizes.fmax)
    )
    if subject.name in predicted.failures:
        raise ValueError(f"{subject.name}: {predicted.failures[subject.name]}")
    reference = _phase_energies(subject, true)
    rows = [_phase(subject.name, name, predicted, reference) for name in subject.others]
    kept = [n for n in structures if n in reference and n in predicted.energies and n not in predicted.fell]
    if len(kept) < 2:
        return rows
    pairs = list(combinations(kept, 2))
    wrong = sum(
        (predicted.energies[a] - predicted.energies[b]) * (reference[a] - reference[b]) < 0 for a, b in pairs
    )
    return [*rows, Score(subject.name, "phase_order", "inverted_pairs", wrong / len(pairs), "")]


def _phase_energies(subject: Subject, true: Phases | None) -> dict[str, float]:
    """Above the ground state, eV per atom, where they are known."""
    if true is not None and subject.name in true.energies:
        ground = true.energies[subject.name]
        return {n: e - ground for n, e in true.energies.items() if n not in true.fell}
    ground_ = subject.values.get("energy")
    found = {subject.name: 0.0}
    for name in subject.others:
        values = subject.known.get(name, {})
        word = f"{name}_minus_{subject.name}"
        if word in values or word in subject.values:
            found[name] = values.get(word, subject.values.get(word, 0.0))
        elif ground_ is not None and "energy" in values:
            found[name] = values["energy"] - ground_
    return found


def _phase(ground: str, name: str, predicted: Phases, reference: Mapping[str, float]) -> Row:
    quantity = f"{name}_minus_{ground}"
    if name in predicted.failures:
        return Missing(name, quantity, "diverged", predicted.failures[name])
    if name not in reference:
        return skipped(name, quantity, "no reference value")
    if name in predicted.fell:
        return Missing(name, quantity, "diverged", f"{name} relaxed into {predicted.fell[name]}")
    difference = predicted.energies[name] - predicted.energies[ground]
    return compared(name, quantity, difference, reference[name], "eV/atom")


# ---------------------------------------------------------------- thermal expansion
def _thermal_expansion(subject: Subject) -> list[Row]:
    sizes = subject.sizes

    def measure(calculator: BaseCalculator) -> ThermalExpansion:
        return thermal_expansion(
            calculator, subject.atoms, sizes.temperatures, sizes.min_length, mesh=sizes.mesh, fmax=sizes.fmax
        )

    predicted, true = subject.both(measure)

    def number(found: ThermalExpansion) -> dict[str, float]:
        return {"thermal_expansion": 1e6 * float(found.coefficients[0])}

    rows = subject.rows(number(predicted), number(true) if true else None)
    x, y = _growth(predicted)
    return [
        *rows,
        Curve(f"thermal expansion of {subject.name}", "T / K", "volume / Å³ per atom", x, y,
              *(_growth(true) if true else (None, None))),
    ]  # fmt: skip


def _growth(found: ThermalExpansion) -> tuple[list[float], list[float]]:
    """By rising temperature."""
    order = np.argsort(found.temperatures)
    x, y = found.temperatures[order], found.volumes[order]
    return x.tolist(), y.tolist()


_PIECES: dict[str, tuple[str, Callable[[Subject], list[Row]]]] = {
    "equation_of_state": ("equation of state", _equation_of_state),
    "elastic": ("elastic", _elastic),
    "phonons": ("phonons", _phonons),
    "vacancy": ("vacancy", _vacancy),
    "surface": ("surface", _surface),
    "phases": ("phases", _phases),
    "thermal_expansion": ("thermal expansion", _thermal_expansion),
}
