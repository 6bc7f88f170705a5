"""Frozen values that all rooms share: labels, datasets, splits, scores and specs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import chemical_symbols
from ase.stress import full_3x3_to_voigt_6_stress

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LEFT_OUT",
    "NO_NAMES",
    "QUANTITIES",
    "VOIGT",
    "VOIGT_FLAT",
    "Conditions",
    "Curve",
    "Dataset",
    "Finding",
    "InvalidPrediction",
    "Labels",
    "LazySequence",
    "Missing",
    "Reference",
    "Score",
    "Spec",
    "Split",
    "as_atoms",
    "bare",
    "concatenate",
    "labels_of",
    "matched",
    "value_name",
]

LEFT_OUT = "left_out"  # note of a split: test groups that a method could not predict
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))  # xx yy zz yz xz xy
UNITS = {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "energy_std": "eV", "forces_std": "eV/Å"}
QUANTITIES = ("energy", "forces", "stress", "std")  # what may be asked of a model
VOIGT_FLAT = [3 * i + j for i, j in VOIGT]  # the same in a flattened 3 x 3 tensor


@dataclass(frozen=True, eq=False)
class LazySequence(Sequence[Any]):
    """Sequence of frames, forces or stresses that are read from disk on access.

    One index reads one entry from disk each time; a slice, mask or array of indices gives another
    LazySequence without reading.

    Parameters
    ----------
    read : callable
        Read the entry with this number in the file; it must be picklable and reopen the file.
    picks : (n,) array of int
        Number of each entry in the file.
    present : (n,) array of bool, optional
        False for entries known to be missing, which are None without reading; default: none is missing.
    numbers : frozenset of int, optional
        Atomic numbers of all frames together, if known without reading; selections do not carry them.
    """

    read: Callable[[int], Any]
    picks: np.ndarray
    present: np.ndarray | None = None
    numbers: frozenset[int] | None = None

    def __len__(self) -> int:
        return len(self.picks)

    def __getitem__(self, key: Any) -> Any:
        picks = self.picks[key]
        present = True if self.present is None else self.present[key]
        if np.ndim(picks) == 0:
            return self.read(int(picks)) if present else None
        return LazySequence(self.read, picks, None if self.present is None else np.asarray(present))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"LazySequence of {len(self)}"

    def any_present(self) -> bool:
        """Return True if any entry is present."""
        return self.n_present() > 0

    def n_present(self) -> int:
        """Number of entries that are not known to be missing."""
        return len(self) if self.present is None else int(np.sum(self.present))


PerFrame = tuple[np.ndarray | None, ...] | LazySequence


@dataclass(frozen=True, eq=False)
class Labels:
    """Energies, forces and stresses of a list of frames: the same type for truth and prediction.

    An array-like of energies, so that scikit-learn can index and score it. Missing is ``None``, never zero.

    Parameters
    ----------
    energy : (n,) array
        Total energies, eV.
    forces : sequence of (n_atoms, 3) arrays or None, optional
        eV/Å, one entry per frame; a `LazySequence` and its selections stay lazy.
    stress : sequence of (6,) arrays or None, optional
        eV/Å³, Voigt order xx yy zz yz xz xy, ASE's sign: σ = (∂E/∂ε)/V.
    energy_std : (n,) array, optional
        Predictive standard deviation of the energy, eV.
    forces_std : sequence of (n_atoms, 3) arrays or None, optional
        Predictive standard deviation of each force component, eV/Å.

    Notes
    -----
    As an array it is its energies. A force field within a `VotingRegressor` of scikit-learn, which makes an
    array of ``y``, warns that it learns energies alone; `StackingRegressor` and `TransformedTargetRegressor`
    refuse its predictions.
    """

    energy: np.ndarray
    forces: PerFrame | None = None
    stress: PerFrame | None = None
    energy_std: np.ndarray | None = None
    forces_std: PerFrame | None = None

    def __post_init__(self) -> None:
        set_ = lambda name, value: object.__setattr__(self, name, value)
        set_("energy", _vector(self.energy, "energy"))
        if self.energy_std is not None:
            set_("energy_std", _vector(self.energy_std, "energy_std"))
        for name, shape in (("forces", (-1, 3)), ("stress", (6,)), ("forces_std", (-1, 3))):
            set_(name, _per_frame(getattr(self, name), name, shape))
        for name in ("forces", "stress", "energy_std", "forces_std"):
            value = getattr(self, name)
            if value is not None and len(value) != len(self):
                raise ValueError(f"{len(self)} energies but {len(value)} entries of {name}")

    def __len__(self) -> int:
        return len(self.energy)

    def misfit(self, n_atoms: Sequence[int]) -> str:
        """Sentence on the first of frames with these numbers of atoms that the labels do not fit; '' if none.

        One energy for many frames does not fit them, though numpy would repeat it.
        """
        if len(self) != len(n_atoms):
            return f"{len(n_atoms)} frames but {len(self)} labels"
        for name in ("forces", "forces_std"):
            for i, values in enumerate(getattr(self, name) or ()):
                if values is not None and len(values) != n_atoms[i]:
                    return f"frame {i} has {n_atoms[i]} atoms but {name} of shape {np.shape(values)}"
        return ""

    def only(self, quantities: Collection[str]) -> Labels:
        """The labels of these `QUANTITIES`; energies always."""
        keep = lambda name, value: value if name in quantities else None
        return Labels(
            self.energy,
            keep("forces", self.forces),
            keep("stress", self.stress),
            keep("std", self.energy_std),
            keep("std", self.forces_std),
        )

    @property
    def shape(self) -> tuple[int]:
        """Shape of the energies; scikit-learn uses it to index with arrays of indices."""
        return self.energy.shape

    @property
    def ndim(self) -> int:
        """Refuse the tools of scikit-learn that need plain arrays of predictions, with a sentence."""
        raise AttributeError(
            "Labels hold forces too and are no plain array, which StackingRegressor and "
            "TransformedTargetRegressor need; mlffbench.estimators.Committee and DeltaLearning combine models"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Energies, for scikit-learn's metrics."""
        return np.array(self.energy, dtype=dtype, copy=True if copy is None else copy)

    def __getitem__(self, key: Any) -> Labels:
        """Select the labels of some frames by index, slice, mask or array of indices."""
        if isinstance(key, tuple):  # scikit-learn asks for labels[indices, ...]
            key = key[0]
        picks = np.atleast_1d(np.arange(len(self))[key])
        std = None if self.energy_std is None else self.energy_std[picks]
        parts = (_take(values, picks) for values in (self.forces, self.stress, self.forces_std))
        forces, stress, forces_std = parts
        return Labels(self.energy[picks], forces, stress, std, forces_std)

    def to_frame(self) -> pd.DataFrame:
        """Table of one row a frame: energy (eV), rms_force (eV/Å), pressure (eV/Å³), energy_std (eV).

        The pressure is −tr σ / 3. What no frame has is no column, what a frame lacks is NaN.
        """
        import pandas as pd

        rms = lambda forces: np.sqrt(np.mean(np.square(forces)))
        columns: dict[str, Any] = {"energy": self.energy}
        for name, values, reduce in (
            ("rms_force", self.forces, rms),
            ("pressure", self.stress, lambda stress: -np.mean(stress[:3])),
        ):
            if values is not None:
                columns[name] = [np.nan if value is None else reduce(value) for value in values]
        if self.energy_std is not None:
            columns["energy_std"] = self.energy_std
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        parts = (f"{k} ({UNITS[k]})" + f" of {n}" * (n < len(self)) for k, n in self._counts().items())
        return f"<Labels of {len(self)} frames: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        rows = {f"{k} ({UNITS[k]})": f"{n} frames" for k, n in self._counts().items()}
        return _html_table(f"Labels of {len(self)} frames", rows)

    def _counts(self) -> dict[str, int]:
        """Number of frames that have each quantity."""
        given = {name: getattr(self, name) for name in UNITS if getattr(self, name) is not None}
        return {name: _n_present(values) for name, values in given.items()}


def _n_present(values: np.ndarray | PerFrame) -> int:
    if isinstance(values, LazySequence):
        return values.n_present()
    return sum(value is not None for value in values)


def _floats(values: Any, name: str) -> np.ndarray:
    """Copy as floats; a complex number, a truth value or a text is refused rather than converted."""
    array = np.asarray(values)
    if array.dtype.kind in "cbSU":
        raise ValueError(f"{name} must be real numbers; got an array of {array.dtype}")
    return np.array(array, dtype=float)


def _vector(values: Any, name: str) -> np.ndarray:
    array = _floats(values, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one number a frame, a vector; got shape {array.shape}")
    return array


def _take(values: PerFrame | None, picks: np.ndarray) -> PerFrame | None:
    if values is None:
        return None
    return values[picks] if isinstance(values, LazySequence) else tuple(values[i] for i in picks)


def _per_frame(values: Any, name: str, shape: tuple[int, ...]) -> PerFrame | None:
    """Convert to a tuple of arrays; lazy sequences stay lazy; None if every entry is missing."""
    if isinstance(values, LazySequence):
        return values if values.any_present() else None
    if values is None or all(v is None for v in values):
        return None
    arrays = tuple(None if v is None else _floats(v, name) for v in values)
    for i, a in enumerate(arrays):
        if a is not None and (a.ndim != len(shape) or a.shape[-1] != shape[-1]):
            expected = ", ".join("n_atoms" if s < 0 else str(s) for s in shape)
            raise ValueError(f"{name} of frame {i} must have shape ({expected}); got {a.shape}")
    return arrays


def concatenate(parts: Sequence[Labels]) -> Labels:
    """Concatenate the labels of several lists of frames."""
    whole = lambda name: tuple(v for p in parts for v in (getattr(p, name) or (None,) * len(p)))
    std = [p.energy_std for p in parts if p.energy_std is not None]
    return Labels(
        np.concatenate([p.energy for p in parts]),
        whole("forces"),
        whole("stress"),
        np.concatenate(std) if std else None,
        whole("forces_std"),
    )


class InvalidData(ValueError):
    """Reference data that cannot be used: no method is to blame."""


class InvalidPrediction(ValueError):
    """Prediction that does not fit its frames, or leaves out some that it should hold."""


def matched(
    true: PerFrame | None, predicted: PerFrame | None, quantity: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """True and predicted forces or stresses of the frames that have true ones; none if one side has none.

    Raises
    ------
    InvalidPrediction
        Only some of these frames have a prediction: errors of the others alone would flatter.
    """
    if true is None or predicted is None:
        return []
    labelled = [(t, p) for t, p in zip(true, predicted, strict=True) if t is not None]
    if n_lacking := sum(p is None for _, p in labelled):
        n = len(labelled)
        raise InvalidPrediction(f"{quantity} predicted for {n - n_lacking} of {n} frames that are labelled")
    return labelled


def as_atoms(structure: Any) -> Any:
    """Convert a structure or molecule of pymatgen, which has ``to_ase_atoms``, to Atoms; others stay."""
    if isinstance(structure, Atoms) or not hasattr(structure, "to_ase_atoms"):
        return structure
    return Atoms(structure.to_ase_atoms())  # pymatgen makes a class of its own, derived from Atoms


def bare(atoms: Atoms) -> Atoms:
    """Copy numbers, positions, cell and periodicity only."""
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)


NO_NAMES = frozenset({"", "nan", "None"})  # names of missing values


def value_name(value: Any) -> str:
    """Name of a column's value: all digits of a number, ``300.0`` as ``300``; other numbers, other names.

    Examples
    --------
    >>> [value_name(v) for v in (20240100.0, 300.0, 0.1, 1e-05, 1.0000001, "train", float("nan"))]
    ['20240100', '300', '0.1', '1e-05', '1.0000001', 'train', 'nan']
    """
    if isinstance(value, np.floating) and not isinstance(value, float):
        value = float(str(value))  # the shortest text of single precision: 0.1, not 0.10000000149011612
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    return str(float(value)) if isinstance(value, float) else str(value)


def labels_of(frames: Sequence[Atoms]) -> Labels:
    """Labels stored in the frames' calculators.

    Raises
    ------
    ValueError
        A frame has no energy.
    """
    energy = [_result(a, "energy") for a in frames]
    missing = [i for i, e in enumerate(energy) if e is None]
    if missing:
        raise ValueError(
            f"no labels were given, and {len(missing)} of {len(frames)} frames (first: frame {missing[0]}) "
            "carry no energy in a calculator; pass labels as the second argument of fit"
        )
    forces, stress = ([_result(a, name) for a in frames] for name in ("forces", "stress"))
    return Labels(np.array(energy), tuple(forces), tuple(stress))


def _result(atoms: Atoms, name: str) -> Any:
    """Stored result of the frame's calculator, or None; nothing is computed."""
    if atoms.calc is None:
        return None
    try:
        value = atoms.calc.get_property(name, atoms, allow_calculation=False)
    except PropertyNotImplementedError:
        return None
    if name == "stress" and value is not None and np.shape(value) == (3, 3):
        return full_3x3_to_voigt_6_stress(value)
    return value


@dataclass(frozen=True, eq=False)
class Reference:
    """Reference structures and their known properties, usually at the level of theory of a dataset's labels.

    Parameters
    ----------
    structures : mapping of str to Atoms
        Crystals and molecules at rest, the ground state first.
    values : mapping of str to mapping of str to float
        Known numbers by structure and quantity: ``{"diamond": {"C11": 153.1}}``, in eV, Å, GPa, THz ...
        ``energy`` and ``volume`` of a crystal are per atom, the energy of a molecule is of all its atoms.
    source : str
        Source of the numbers.
    truth : mapping, optional
        The calculator that made the labels, if it can be evaluated on any structure, as a recipe names
        it: ``{"stillinger_weber": {}}``.
    saddles : mapping of str to Atoms
        Saddle points between the structures.
    level : str, optional
        Level of theory of the values or of the truth, ``experiment``, where it is not that of the labels:
        results mark what was compared with them.
    """

    structures: Mapping[str, Atoms] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    source: str = ""
    truth: Mapping[str, Any] | None = None
    saddles: Mapping[str, Atoms] = field(default_factory=dict)
    level: str | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Dataset: unlabelled frames, their labels, columns of metadata, and a card with the origin.

    Parameters
    ----------
    name : str
    frames : sequence of Atoms
        Without calculators and label arrays, so that no label can leak; a `LazySequence` for large files.
    labels : Labels
    columns : mapping of str to (n,) array
        One entry per frame: ``group``, ``trajectory``, ``temperature`` (K), ``coordinate`` ...
    card : mapping
        ``level``, ``units``, ``licence``, ``citation``, ``train`` (the official training group),
        ``in_domain`` (the test group drawn like the training group) ...
    atomic_energies : mapping of str to float, optional
        Energies of the isolated atoms at the same level of theory, eV, by chemical symbol.
    reference : Reference, optional
        Reference structures and properties, which tasks compare a model's with.
    """

    name: str
    frames: Sequence[Atoms]
    labels: Labels
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    atomic_energies: Mapping[str, float] | None = None
    reference: Reference | None = None

    def __post_init__(self) -> None:
        if isinstance(self.frames, list | tuple) and not all(isinstance(a, Atoms) for a in self.frames):
            object.__setattr__(self, "frames", [as_atoms(frame) for frame in self.frames])
        if len(self.frames) != len(self.labels):
            raise ValueError(f"{self.name}: {len(self.frames)} frames but {len(self.labels)} labels")
        for column, values in self.columns.items():
            if len(values) != len(self.frames):
                raise ValueError(
                    f"{self.name}: column {column!r} has {len(values)} of {len(self.frames)} rows"
                )

    def __len__(self) -> int:
        return len(self.frames)

    @cached_property
    def elements(self) -> list[str]:
        """Chemical symbols, by atomic number."""
        known = self.frames.numbers if isinstance(self.frames, LazySequence) else None
        numbers = {int(z) for a in self.frames for z in a.numbers} if known is None else known
        return [chemical_symbols[z] for z in sorted(numbers)]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of structures and labels: the data's checksum, whatever file they came from."""
        sha = hashlib.sha256()
        energy = np.round(self.labels.energy, 9)
        for i, atoms in enumerate(self.frames):  # a lazy frame and its labels are one reading
            sha.update(_frame_bytes(atoms))
            sha.update(energy[i].tobytes())
            for values in (self.labels.forces, self.labels.stress):
                array = None if values is None else values[i]
                if array is not None:
                    sha.update((array.round(9) + 0.0).tobytes())
        return sha.hexdigest()

    def __str__(self) -> str:
        counts = "" if "group" not in self.columns else ", ".join(
            f"{g} {n}" for g, n in zip(*_counts(self.columns["group"]), strict=True)
        )  # fmt: skip
        rows = {"frames": len(self), "elements": " ".join(self.elements), "groups": counts}
        rows |= {k: v for k, v in self.card.items() if k not in ("title", "groups", "unread")}
        title = self.card.get("title", "")
        return "\n".join([f"{self.name}: {title}", *_indented({k: v for k, v in rows.items() if v})])

    def to_atoms(self, indices: Sequence[int] | np.ndarray | None = None) -> list[Atoms]:
        """Copy the frames, or those with these indices, with their labels in a calculator.

        Each has a `SinglePointCalculator`, and the columns that are known of it in ``info``.
        """
        return [self._labelled(int(i)) for i in (range(len(self)) if indices is None else indices)]

    def _labelled(self, i: int) -> Atoms:
        atoms = self.frames[i].copy()
        given = {"forces": self.labels.forces, "stress": self.labels.stress}
        known = {k: v[i] for k, v in given.items() if v is not None and v[i] is not None}
        atoms.calc = SinglePointCalculator(atoms, energy=float(self.labels.energy[i]), **known)
        atoms.info = {k: v for k, values in self.columns.items() if _is_known(v := values[i])}
        return atoms

    def to_frame(self) -> pd.DataFrame:
        """Table of one row a frame: formula, number of atoms, numbers of `Labels.to_frame`, columns."""
        formulas = [(atoms.get_chemical_formula(), len(atoms)) for atoms in self.frames]
        table = self.labels.to_frame()
        table.insert(0, "formula", [formula for formula, _ in formulas])
        table.insert(1, "n_atoms", [n for _, n in formulas])
        return table.assign(**{k: v for k, v in self.columns.items() if k not in table})

    def __repr__(self) -> str:
        rows = self._summary()
        return f"<Dataset {self.name}: {'; '.join(f'{k} {v}' for k, v in rows.items())}>"

    def _repr_html_(self) -> str:
        title = self.card.get("title", "")
        more = {k: v for k, v in self.card.items() if isinstance(v, str) and k != "title"}
        return _html_table(f"{self.name}: {title}" if title else self.name, {**self._summary(), **more})

    def _summary(self) -> dict[str, Any]:
        """Sizes, elements and names, as far as no frame has to be read from disk."""
        lazy = isinstance(self.frames, LazySequence) and self.frames.numbers is None
        rows = {
            "frames": len(self),
            "elements": "" if lazy else " ".join(self.elements),
            "labels": ", ".join(f"{name} ({UNITS[name]})" for name in self.labels._counts()),
            "columns": ", ".join(self.columns),
        }
        return {name: value for name, value in rows.items() if value != ""}


def _is_known(value: Any) -> bool:
    """Return False for NaN and the empty string, which stand for missing values in a column."""
    return value != "" and not (isinstance(value, float | np.floating) and np.isnan(value))


def _html_table(title: str, rows: Mapping[str, Any]) -> str:
    """Small table of names and values; all texts are shown as they are."""
    cells = (f"<tr><th>{escape(str(k))}</th><td>{escape(str(v))}</td></tr>" for k, v in rows.items())
    return f"<table><caption>{escape(title)}</caption>{''.join(cells)}</table>"


def _indented(rows: Mapping[str, Any], depth: int = 1) -> list[str]:
    """Format a nested mapping as indented lines."""
    lines = []
    for key, value in rows.items():
        if isinstance(value, Mapping) and value and all(isinstance(v, int) for v in value.values()):
            lines.append("  " * depth + f"{key}: " + ", ".join(f"{k} {v}" for k, v in value.items()))
        elif isinstance(value, Mapping):
            lines += ["  " * depth + f"{key}:", *_indented(value, depth + 1)]
        else:
            lines.append("  " * depth + f"{key}: {value}")
    return lines


def _counts(values: np.ndarray) -> tuple[list[str], list[int]]:
    names = list(dict.fromkeys(values.tolist()))
    return names, [int(np.sum(values == n)) for n in names]


def _frame_bytes(atoms: Atoms) -> bytes:
    arrays = (atoms.numbers, atoms.positions, np.asarray(atoms.cell), atoms.pbc)
    return (np.concatenate([a.ravel() for a in arrays], dtype=float).round(9) + 0.0).tobytes()


@dataclass(frozen=True, eq=False)
class Split:
    """Training set and named test groups, as indices into a dataset: disjoint, not empty.

    `in_domain` names the test group drawn like the training set, the denominator of transfer ratios.
    `notes` records what the split measured or decided (the length of a block, a limit): plain JSON, not
    part of the digest.
    """

    train: np.ndarray
    tests: Mapping[str, np.ndarray]
    in_domain: str | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = {"train": self.train, **self.tests}
        object.__setattr__(self, "train", np.asarray(self.train, dtype=int))
        object.__setattr__(self, "tests", {k: np.asarray(v, dtype=int) for k, v in self.tests.items()})
        if not self.tests:
            raise ValueError("a split needs at least one test group")
        for name, part in parts.items():
            if len(part) == 0:
                raise ValueError(f"part {name!r} of the split is empty")
            if len(np.unique(part)) != len(part):
                raise ValueError(f"part {name!r} of the split names a frame twice")
        for name, part in self.tests.items():
            if shared := len(np.intersect1d(self.train, part)):
                raise ValueError(f"test group {name!r} shares {shared} frames with the training set")
        if self.in_domain is not None and self.in_domain not in self.tests:
            raise ValueError(f"in_domain {self.in_domain!r} is not a test group: {list(self.tests)}")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the indices."""
        text = json.dumps([self.train.tolist(), {k: v.tolist() for k, v in self.tests.items()}])
        return hashlib.sha256(text.encode()).hexdigest()

    def __repr__(self) -> str:
        tests = ", ".join(f"{name} {size}" for name, size in self._sizes().items())
        return f"<Split: {len(self.train)} training frames; tests {tests}>"

    def _repr_html_(self) -> str:
        sizes = {name: f"{size} frames" for name, size in self._sizes().items()}
        return _html_table("Split", {"train": f"{len(self.train)} frames", **sizes})

    def _sizes(self) -> dict[str, int]:
        """Numbers of frames of the test groups, the in-domain one marked."""
        mark = lambda name: f"{name} (in domain)" if name == self.in_domain else name
        return {mark(name): len(part) for name, part in self.tests.items()}


@dataclass(frozen=True)
class Score:
    """Error or cost on one test group: lower is better, 0 is perfect.

    `low` and `high` bound a 95 % interval; None if there is none. `predicted` and `reference` are the two
    values of an error of a single number; `task` is the task that measured it; `trials` is the number of
    trajectories, starts, modes ... that a count or a share is of.
    """

    test: str
    quantity: str
    metric: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    predicted: float | None = None
    reference: float | None = None
    task: str = ""
    trials: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The score as plain JSON, with `trials` only where there are any."""
        return {name: value for name, value in vars(self).items() if name != "trials" or value is not None}

    def __repr__(self) -> str:
        name = " ".join(filter(None, [self.task and f"{self.task}:", self.quantity, self.metric]))
        interval = "" if self.low is None else f" [{self.low:.4g}, {self.high:.4g}]"
        sides = "" if self.predicted is None else f", {self.predicted:.5g} for {self.reference}"
        return f"<Score {name} on {self.test}: {self.value:.4g} {self.unit}{interval}{sides}>"

    def _repr_html_(self) -> str:
        return _html_table("Score", {k: v for k, v in vars(self).items() if v not in (None, "")})


@dataclass(frozen=True)
class Missing:
    """Number that a task could not give, and the reason.

    `kind` is ``skipped`` if there is nothing to measure or no reference, else the kind of the failure;
    `where` is the memory that ran out.
    """

    test: str
    quantity: str
    kind: str
    message: str
    traceback: str = ""
    task: str = ""
    where: str | None = None


@dataclass(frozen=True)
class Curve:
    """Function of one variable that a task measured, and the reference function, for the report.

    `name` holds quantity and structure; the axis labels hold the units. A value of x that occurs several
    times has several samples of y. With `log`, both axes are logarithmic.
    """

    name: str
    x_label: str
    y_label: str
    x: Sequence[float]
    y: Sequence[float]
    reference_x: Sequence[float] | None = None
    reference_y: Sequence[float] | None = None
    task: str = ""
    log: bool = False


@dataclass(frozen=True)
class Conditions:
    """Conditions that a task measured times under, as plain JSON.

    Attributes
    ----------
    fingerprint : mapping
        Machine, device, threads, versions and settings: times compare only where all are equal.
    facts : mapping
        All else that is worth keeping: rates of the machine, clocks, precision and kernels of the model.
    """

    fingerprint: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""


@dataclass(frozen=True)
class Finding:
    """Mistake in a dataset that a check reports.

    Attributes
    ----------
    check : str
        The check's name.
    message : str
        One sentence: the mistake, its evidence, the remedy.
    frames : tuple of int
        Indices of the frames concerned; empty if it concerns the whole dataset.
    certain : bool
        True for a refusal: the data cannot be used as they are; False for a warning.
    """

    check: str
    message: str
    frames: tuple[int, ...] = ()
    certain: bool = False


@dataclass(frozen=True)
class Spec:
    """Name and keywords of an entry of a suite."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: Any) -> Spec:
        """Parse ``name``, ``{name: {keyword: value}}`` or, for your own data, ``{path: file, ...}``.

        Raises
        ------
        ValueError
            It is none of these.

        Examples
        --------
        >>> Spec.parse({"morse": {"cutoff": 5.0}})
        Spec(name='morse', params={'cutoff': 5.0})
        >>> Spec.parse({"path": "my.extxyz", "forces_key": "dft_force"}).name
        'path'
        """
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls(value)
        if not isinstance(value, Mapping) or not value:
            raise ValueError(f"write a name, or 'name: {{keyword: value}}', not {value!r}")
        if "path" in value and not isinstance(value["path"], Mapping):
            return cls("path", dict(value))
        if len(value) != 1:
            raise ValueError(f"write one name here, not {len(value)}: {list(value)}")
        ((name, params),) = value.items()
        if not isinstance(params, Mapping | None):
            raise ValueError(f"the keywords of {name!r} must be written as 'keyword: value', not {params!r}")
        return cls(str(name), dict(params or {}))

    def __str__(self) -> str:
        inside = ", ".join(f"{k}={v!r}" for k, v in self.params.items())
        return f"{self.name}({inside})" if inside else self.name
