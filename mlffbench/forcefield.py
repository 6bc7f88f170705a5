"""Estimator contract: `fit` and `predict` on lists of Atoms; isolated-atom energies in one place."""

from __future__ import annotations

import hashlib
import warnings
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from mlffbench.calculator import ForceFieldCalculator
from mlffbench.data import QUANTITIES, InvalidData, InvalidPrediction, Labels, as_atoms, labels_of
from mlffbench.system import checkpoint, elsewhere, model_file
from mlffbench.system.distant_model import is_distant, model_file_of
from mlffbench.system.fit_name import fit_name
from mlffbench.system.parameter_values import check_parameters

__all__ = ["PACKAGES", "ForceField", "Prepared", "check_frames", "least_squares_energies"]

PACKAGES = {  # that hold the modules
    "ace_jax": "ace-jax", "allegro": "nequip-allegro", "deepmd": "deepmd-kit", "graph_pes": "graph-pes",
    "mace": "mace-torch", "quippy": "quippy-ase", "tensorflow": "tensorflow-cpu",
}  # fmt: skip
LOSS_TERMS = {"energy": ("energy",), "forces": ("forces",), "stress": ("stress", "virial")}


@dataclass(frozen=True)
class Prepared:
    """Frames with their graphs or descriptors, ready to evaluate."""

    frames: Sequence[Atoms]
    inputs: Any


class ForceField(RegressorMixin, BaseEstimator):
    """Base class of all estimators: a potential that is fitted to frames.

    A subclass stores its constructor's parameters, always with ``atomic_energies=None`` among them, and
    defines `_fit` and `_evaluate`; also `_prepare` if graphs or descriptors can be built in advance, and
    `_partial_fit` if training can continue on more frames. It fits and returns energies relative to the
    isolated atoms, whose energies this class subtracts and adds.

    Attributes
    ----------
    properties : tuple of str
        Predicted quantities, of ``energy``, ``forces``, ``stress``.
    supports : tuple of str
        ``periodic``: frames with cells; ``extensive``: any number of atoms, not only the training molecule.
    parts : mapping of str to tuple of str
        Parameters that are models themselves, and the kinds of the registry they may be of.
    needs_trust : mapping of str to str
        Parameters that name files whose code runs when they are read, and the reason in words; files whose
        names end as `without_code` lists are read as data.
    packaged : tuple of str
        Names that such a parameter takes in place of a file: weights out of packages, with known checksums.
    one_of : tuple of tuple of str
        Groups of parameters of which exactly one is given.
    family : str
        Family of methods, as the user reads it: ``kernel``, ``neural network`` ...
    runs_in : tuple of str
        Programs that run the fitted model: ``ASE`` by `calculator`, others by the files that `export` writes.
    predicts_std : bool
        True if some setting predicts standard deviations of energies.
    shares_inputs : bool
        True if `_prepare` depends on parameters and elements only, not on fitted values, so that a committee
        prepares frames once for all its members.
    fitted_here : bool
        False for a potential that exists already: `fit` reads the training set, but does not train.
    requires : tuple of str
        Modules that it imports beyond the project's own dependencies; `extra` is the optional extra that
        installs them, None where only its `environment` may. The class itself is imported without them.
    environment : mapping or None
        Environment of its own, as a suite may write it beside an estimator, of a method whose packages
        exclude those of others: suites fit and test it there, by the Python of that environment. Where its
        packages are missing, `fit` and `predict` have a process in it compute (`mlffbench.system.elsewhere`).
    foreign_code : str or None
        Reason why a file of the fitted model is code: ``it holds a program of tensorflow``. Such a file is
        read only if the user trusts it.
    implementation : tuple of str
        Our modules that import those, by name; `import_libraries` imports them before a fit is timed.
    elements_ : list of str
        Chemical symbols in the training set.
    atomic_energies_ : dict of str to float
        Isolated-atom energies, eV: given, else least squares on the training set.
    n_parameters_ : int
        Trained weights of a network, coefficients of a kernel method, fitted parameters of a classical
        potential, without the isolated-atom energies; absent where such a number means nothing.
    stopped_by_ : str
        What ended an iterative fit: ``epochs``, ``time``, ``patience``, ``converged`` or ``iterations``.
    child_ : dict
        Where another Python fitted the model: ``name`` of the environment, ``interpreter``, versions of
        ``python`` and ``packages``, ``cpu_seconds`` of the fit and ``peak_memory_mb`` of that process.
    captured_ : str
        ``yes`` if a network's training steps were replayed as CUDA graphs, else ``no`` and the reason.
    validation_frames_ : (m,) array of int
        Training frames that were held out to judge the fit, by their numbers among those given to `fit`;
        absent where none were.
    training_frames_ : (n,) array of uint64
        Fingerprints of the structures given to `fit` and `partial_fit`, sorted; `was_fitted_to` reads them.
    """

    properties: ClassVar[tuple[str, ...]] = ("energy", "forces", "stress")
    supports: ClassVar[tuple[str, ...]] = ("periodic", "extensive")
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    needs_trust: ClassVar[Mapping[str, str]] = {}
    without_code: ClassVar[tuple[str, ...]] = ()
    packaged: ClassVar[tuple[str, ...]] = ()
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = ()
    family: ClassVar[str] = "other"
    runs_in: ClassVar[tuple[str, ...]] = ("ASE",)
    predicts_std: ClassVar[bool] = False
    shares_inputs: ClassVar[bool] = False
    fitted_here: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str | None] = None
    environment: ClassVar[Mapping[str, Any] | None] = None
    foreign_code: ClassVar[str | None] = None
    implementation: ClassVar[tuple[str, ...]] = ()

    atomic_energies: Mapping[str, float] | None

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        """Parameters with which ten small frames are fitted in seconds, for the contract tests."""
        return {}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Hyperparameters worth tuning, each with a list of values or a frozen `scipy.stats` distribution.

        scikit-learn's searchers and the estimator ``tuned`` take it. Weights of the loss are left out, since
        an error of forces does not see the energies that they would give away; so are sizes that only buy
        accuracy with time, as numbers of epochs, sparse points or starts: they belong to the budget.
        """
        return {}

    def import_libraries(self) -> None:
        """Import the libraries of the method, which takes seconds that are not the fit's.

        Raises
        ------
        ImportError
            One is not installed; the message names the extra that installs it.
        """
        self._check_installed()
        for name in self.implementation:
            import_module(name)

    def fit(self, X: Sequence[Atoms], y: Labels | Any = None) -> Self:
        """Fit from scratch; the frames may come in any order.

        Parameters
        ----------
        X : list of n Atoms
        y : Labels, or (n,) array of energies in eV, or None to read the frames' own calculators

        Warns
        -----
        UserWarning
            `y` is an array of energies, though the method learns forces too.

        Raises
        ------
        TypeError
            `X` is not a list of Atoms.
        ValueError
            A parameter is of the wrong type or out of range; labels are missing, not finite, or do not match
            the frames; or frames that the method cannot take.
        ImportError
            An optional framework that the method needs is not installed.
        """
        distant = is_distant(type(self))
        if not distant:
            self._check_installed()
        self._validate_params()
        frames = self._check_supported(check_frames(X))
        labels = self._check_training_labels(y, frames)
        self._check_one_molecule(frames, frames[0])
        self._forget()
        if distant:
            elsewhere.fit(self, frames, labels)
            return self
        frames, labels, order = _ordered(frames, labels)
        self.elements_ = _elements(frames)
        self.atomic_energies_ = self._reference(frames, labels.energy)
        labels = replace(labels, energy=labels.energy - self._baseline(frames))
        try:
            with checkpoint.keep_in_part(partial(fit_name, self, frames, labels)):
                self._fit(frames, labels)
        except BaseException:
            self._forget()  # a half-fitted model must not predict
            raise
        self.training_frames_ = np.unique(_fingerprints(frames))
        self._renumber_validation(order)
        if "extensive" not in self.supports:
            self.molecule_ = "".join(sorted(frames[0].symbols))
        return self

    @available_if(lambda self: self._has_partial_fit())
    def partial_fit(self, X: Sequence[Atoms], y: Labels | Any = None) -> Self:
        """Continue training on more frames; the first call is `fit`.

        Elements and atomic energies stay those of the first fit. Parameters and errors as for `fit`.
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y)
        frames = self._check_known(check_frames(X))
        labels = self._check_training_labels(y, frames)
        self.__dict__.pop("validation_frames_", None)  # of the frames before
        if model_file_of(self) is not None:
            elsewhere.partial_fit(self, frames, labels)
            return self
        frames, labels, order = _ordered(frames, labels)
        labels = replace(labels, energy=labels.energy - self._baseline(frames))
        with checkpoint.keep_in_part(partial(fit_name, self, frames, labels)):
            self._partial_fit(frames, labels)
        self.training_frames_ = np.union1d(_training_frames(self), _fingerprints(frames))
        self._renumber_validation(order)
        return self

    def predict(self, X: Sequence[Atoms]) -> Labels:
        """Predict energies (eV) and, if the method has them, forces (eV/Å) and stresses (eV/Å³).

        Raises
        ------
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        ValueError
            A frame holds an element that the training set did not contain.
        """
        return self.evaluate(self.prepare(X))

    def score(
        self, X: Sequence[Atoms], y: Labels | Any = None, sample_weight: np.ndarray | None = None
    ) -> float:
        """R², the coefficient of determination, of the energies; `mlffbench.metrics` has scorers of forces.

        Parameters
        ----------
        X : list of n Atoms
        y : Labels, or (n,) array of energies in eV, or None to read the frames' own calculators
        sample_weight : (n,) array, optional
        """
        labels = _check_labels(y, check_frames(X))
        return float(r2_score(labels.energy, self.predict(X).energy, sample_weight=sample_weight))

    def was_fitted_to(self, X: Sequence[Atoms]) -> np.ndarray:
        """Tell which frames were among those given to `fit`: errors on them say little.

        Structures are compared to 0.0001 Å, in any order of their atoms.

        Returns
        -------
        (n,) array of bool
            All False of a model that was saved by an mlffbench that did not keep its training frames.
        """
        check_is_fitted(self)
        return np.isin(_fingerprints(check_frames(X)), _training_frames(self))

    def prepare(self, X: Sequence[Atoms]) -> Prepared:
        """Compute neighbour lists, graphs or descriptors: the part of a prediction without parameters."""
        check_is_fitted(self)
        frames = self._check_known(check_frames(X))
        return Prepared(frames, frames if model_file_of(self) is not None else self._prepare(frames))

    def evaluate(self, prepared: Prepared, quantities: Collection[str] | None = None) -> Labels:
        """Predict from prepared frames.

        Parameters
        ----------
        prepared : Prepared
        quantities : collection of str, optional
            Of ``energy``, ``forces``, ``stress`` and ``std`` (standard deviations); by default all that the
            method predicts. Methods save the time of those that are left out where they can.

        Raises
        ------
        InvalidPrediction
            The method did not give Labels, with one energy a frame and one row of forces an atom.
        """
        labels = self._labels(prepared.inputs, quantities)
        if not isinstance(labels, Labels):
            raise InvalidPrediction(f"{type(self).__name__} predicted {type(labels).__name__}, not Labels")
        if fault := labels.misfit([len(atoms) for atoms in prepared.frames]):
            raise InvalidPrediction(f"{type(self).__name__} predicted labels that do not fit: {fault}")
        if model_file_of(self) is not None:
            return labels  # whole energies
        return replace(labels, energy=labels.energy + self._baseline(prepared.frames))

    def resolved_params(self) -> dict[str, Any]:
        """Parameters with the numbers that the fit used: presets and defaults resolved, optimised ones final.

        They are stored with a result, which so does not depend on what a preset meant in some version.
        """
        return self.get_params(deep=False)

    def learned_labels(self) -> tuple[str, ...]:
        """Labels that the fit uses beyond the isolated-atom energies: of ``energy``, ``forces``, ``stress``.

        By default all that the method predicts, but those whose weights in the loss (``stress_weight``, in a
        second stage of the training ``stage_two_stress_weight``) are zero. Results name the labels that a
        method was given and did not use.
        """
        params = self.resolved_params()
        stages = ("",) if params.get("stage_two") is None else ("", "stage_two_")
        names = {q: [f"{s}{word}_weight" for s in stages for word in LOSS_TERMS[q]] for q in self.properties}
        weights = {q: [params[name] for name in own if name in params] for q, own in names.items()}
        return tuple(q for q, own in weights.items() if not own or any(weight != 0 for weight in own))

    def calculator(self) -> Any:
        """Return an ASE calculator of this fitted model."""
        check_is_fitted(self)
        return ForceFieldCalculator(self)

    def save(self, path: Path | str) -> None:
        """Write parameters and fitted values into a file without code; see `mlffbench.system.model_file`.

        Raises
        ------
        TypeError
            A parameter or fitted value is of a type that such a file cannot hold.
        """
        model_file.save(self, Path(path))

    @classmethod
    def load(cls, path: Path | str, trust: Sequence[str] = (), device: str | None = None) -> Self:
        """Load a model that `save` wrote.

        Parameters
        ----------
        trust : sequence of str
            Modules and packages of somebody else's estimators that may be imported.
        device : str, optional
            Device of the model; by default the stored one, or the CPU if that does not exist here.

        Raises
        ------
        ValueError
            The file is damaged, from a newer version, of another class, or names a class that is not trusted.
        """
        model = model_file.load(Path(path), trust, device)
        if not isinstance(model, cls):
            raise ValueError(f"{path} holds a {type(model).__name__}, not a {cls.__name__}")
        return model

    def __reduce_ex__(self, protocol: Any) -> Any:
        return elsewhere.reduced(self) or super().__reduce_ex__(protocol)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "elements_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    @abstractmethod
    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        """Learn attributes that end in ``_``."""

    def _prepare(self, frames: Sequence[Atoms]) -> Any:
        return frames

    @abstractmethod
    def _evaluate(self, inputs: Any) -> Labels:
        """Predict what `_prepare` returned."""

    def _evaluate_only(self, inputs: Any, quantities: frozenset[str]) -> Labels:
        """Predict at least these quantities; overridden where leaving out others saves time."""
        return self._evaluate(inputs)

    def _labels(self, inputs: Any, quantities: Collection[str] | None) -> Any:
        if unknown := set(quantities or ()) - set(QUANTITIES):
            raise ValueError(f"no quantity {sorted(unknown)[0]!r}; there are {list(QUANTITIES)}")
        if model_file_of(self) is not None:
            return elsewhere.evaluate(self, inputs, quantities)
        if quantities is None:
            return self._evaluate(inputs)
        labels = self._evaluate_only(inputs, frozenset(quantities))
        return labels.only(quantities) if isinstance(labels, Labels) else labels

    def _has_partial_fit(self) -> bool:
        """Return True if the subclass defines `_partial_fit(frames, labels)`."""
        return type(self)._partial_fit is not ForceField._partial_fit

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        raise NotImplementedError

    def _validate_params(self) -> None:
        """Refuse parameters that a suite could not give either, see `mlffbench.system.constraints`."""
        check_parameters(type(self), self.get_params(deep=False))

    @classmethod
    def _check_installed(cls) -> None:
        """Raise ImportError with the name of the extra if a framework is missing."""
        missing = [name for name in cls.requires if find_spec(name) is None]
        if missing:
            packages = ", ".join(PACKAGES.get(name, name) for name in missing)
            where = " in an environment of its own, which the first fit makes"
            place = "" if cls.environment is None else where
            own = (cls.environment or {}).get("requirements", ())
            wanted = [f"mlffbench[{cls.extra}]"] if cls.extra else own
            raise ImportError(
                f"{cls.__name__} needs {packages}{place}: pip install {' '.join(map(repr, wanted))}",
                name=missing[0],
            )

    def _check_supported(self, frames: list[Atoms]) -> list[Atoms]:
        """Return the frames; refuse periodic ones if the method describes molecules only."""
        if "periodic" in self.supports:
            return frames
        periodic = np.flatnonzero(_pbc(frames).any(axis=1))
        if len(periodic):
            raise ValueError(f"{type(self).__name__} describes molecules; frame {periodic[0]} is periodic")
        return frames

    def _check_training_labels(self, y: Any, frames: list[Atoms]) -> Labels:
        """Return the labels; warn if a bare array hides that there are no forces to learn."""
        if isinstance(y, np.ndarray) and "forces" in self.properties:
            warnings.warn(
                f"{type(self).__name__} learns energies alone, as y is an array without forces; pass Labels, "
                "or Labels(energies) if that is meant; scikit-learn's VotingRegressor makes such an array",
                stacklevel=3,
            )
        return _check_labels(y, frames)

    def _check_known(self, frames: list[Atoms]) -> list[Atoms]:
        """Return the frames; refuse elements or compositions that training did not contain."""
        self._check_supported(frames)
        unseen = [s for s in _elements(frames) if s not in self.elements_]
        if unseen:
            raise ValueError(
                f"{type(self).__name__} was trained on {self.elements_} and cannot predict {unseen}"
            )
        if "extensive" not in self.supports:
            self._check_one_molecule(frames, Atoms(self.molecule_))
        return frames

    def _check_one_molecule(self, frames: list[Atoms], known: Atoms) -> None:
        """Refuse another composition than that of the one molecule of training."""
        if "extensive" in self.supports:
            return
        expected = np.sort(known.numbers)
        others = [i for i, a in enumerate(frames) if len(a) != len(expected)]
        if not others:
            numbers = np.sort([a.numbers for a in frames], axis=1)
            others = np.flatnonzero((numbers != expected).any(axis=1)).tolist()
        if others:
            raise ValueError(
                f"{type(self).__name__} describes one molecule: {known.get_chemical_formula()}; "
                f"frame {others[0]} is {frames[others[0]].get_chemical_formula()}"
            )

    def _hold_out(self, frames: Sequence[int] | np.ndarray) -> None:
        """Remember the frames, by number, that were held out of the training; called by `_fit`."""
        if len(frames):
            self.validation_frames_ = np.array(frames, dtype=int)

    def _renumber_validation(self, order: np.ndarray) -> None:
        """Number the frames that were held out as the caller did: number i of `_fit` was ``order[i]``."""
        if (held := getattr(self, "validation_frames_", None)) is not None:
            self.validation_frames_ = np.sort(order[held])

    def _forget(self) -> None:
        for name in [n for n in vars(self) if n.endswith("_") and not n.startswith("_")]:
            delattr(self, name)

    def _reference(self, frames: Sequence[Atoms], energy: np.ndarray) -> dict[str, float]:
        """Isolated-atom energies: given, else least squares per element, arg min ‖E − Σ_Z n_Z e_Z‖²."""
        if self.atomic_energies is not None:
            missing = [s for s in self.elements_ if s not in self.atomic_energies]
            if missing:
                raise ValueError(f"atomic_energies lacks {missing}; it has {sorted(self.atomic_energies)}")
            return {s: float(self.atomic_energies[s]) for s in self.elements_}
        return least_squares_energies(frames, energy, self.elements_)

    def _baseline(self, frames: Sequence[Atoms]) -> np.ndarray:
        return _composition(frames, self.elements_) @ [self.atomic_energies_[s] for s in self.elements_]


def least_squares_energies(
    frames: Sequence[Atoms], energy: np.ndarray, elements: list[str]
) -> dict[str, float]:
    """Energy of an atom of each element, arg min ‖E − Σ_Z n_Z e_Z‖²; of many solutions the smallest."""
    solution = np.linalg.lstsq(_composition(frames, elements), energy, rcond=None)[0]
    return dict(zip(elements, solution.tolist(), strict=True))


def check_frames(X: Any) -> list[Atoms]:
    """Check that X is a non-empty list of Atoms with finite positions and at least one atom each.

    Structures and molecules of pymatgen are converted to Atoms.
    """
    if isinstance(as_atoms(X), Atoms):
        raise TypeError(f"expected a list of ase.Atoms, got one {type(X).__name__}; write [atoms]")
    if isinstance(X, np.ndarray):
        raise TypeError(
            "expected a list of ase.Atoms, got ndarray; tools that make an array of X, as BaggingRegressor "
            "or RANSACRegressor, take no frames: mlffbench.estimators.Committee resamples them"
        )
    if not isinstance(X, Sequence) or isinstance(X, str):
        raise TypeError(f"expected a list of ase.Atoms, got {type(X).__name__}")
    frames = list(map(as_atoms, X))
    if not frames:
        raise ValueError("expected a list of ase.Atoms, got an empty one")
    for i, atoms in enumerate(frames):
        if not isinstance(atoms, Atoms):
            raise TypeError(f"expected a list of ase.Atoms, but item {i} is {type(atoms).__name__}")
    sizes = np.array([len(atoms) for atoms in frames])
    if not sizes.all():
        raise ValueError(f"frame {sizes.argmin()} has no atoms")
    finite = np.isfinite(np.concatenate([atoms.positions for atoms in frames])).all(axis=1)
    if not finite.all():
        i = np.searchsorted(np.cumsum(sizes), finite.argmin(), side="right")
        raise ValueError(f"frame {i} has positions that are not finite")
    flat = _flat_cells(frames)
    if len(flat):
        i = flat[0]
        raise ValueError(f"frame {i} is periodic but its cell has no volume: {frames[i].cell.tolist()}")
    return frames


def _flat_cells(frames: Sequence[Atoms]) -> np.ndarray:
    """Indices of the frames whose vectors of periodic directions are not linearly independent."""
    pbc = _pbc(frames)
    periodic = np.flatnonzero(pbc.any(axis=1))
    if not len(periodic):
        return periodic
    vectors = np.array([frames[i].cell.array for i in periodic.tolist()])
    ranks = np.linalg.matrix_rank(np.where(pbc[periodic, :, None], vectors, 0.0))
    return periodic[ranks < pbc[periodic].sum(axis=1)]


def _pbc(frames: Sequence[Atoms]) -> np.ndarray:
    """Periodic directions of each frame, (n, 3) bool."""
    return np.array([atoms.pbc for atoms in frames])


def _check_labels(y: Any, frames: list[Atoms]) -> Labels:
    """Check that labels match the frames and are finite."""
    labels = labels_of(frames) if y is None else y if isinstance(y, Labels) else Labels(np.asarray(y))
    if fault := labels.misfit([len(atoms) for atoms in frames]):
        raise ValueError(fault)
    bad = np.flatnonzero(~np.isfinite(labels.energy))
    if len(bad):
        raise InvalidData(f"the energy of frame {bad[0]} is {labels.energy[bad[0]]}")
    for i, forces in enumerate(labels.forces or ()):
        if forces is not None and not np.isfinite(forces).all():
            raise InvalidData(f"the forces of frame {i} are not finite")
    return labels


def _ordered(frames: list[Atoms], labels: Labels) -> tuple[list[Atoms], Labels, np.ndarray]:
    """Frames and labels in an irregular order that depends on them alone, not on the order they came in.

    The order, as numbers of the frames that came, is returned, too.

    Shuffles, validation frames and samples of a fit, drawn by number, are then the same frames.
    """
    key = lambda i: (labels.energy[i], _digest(frames[i]))
    ranked = np.array(sorted(range(len(frames)), key=key))
    order = ranked[np.random.default_rng(len(frames)).permutation(len(frames))]
    return [frames[i] for i in order], labels[order], order


def _digest(atoms: Atoms, decimals: int | None = None) -> bytes:
    """Digest of the structure, rounded to so many decimals if given, in any order of its atoms."""
    rounded = lambda values: values if decimals is None else np.round(values, decimals) + 0.0  # no −0
    rows = np.column_stack([atoms.numbers, rounded(atoms.positions)])
    return hashlib.sha256(rows[np.lexsort(rows.T)].tobytes() + rounded(atoms.cell.array).tobytes()).digest()


def _fingerprints(frames: Sequence[Atoms]) -> np.ndarray:
    """Fingerprints of structures to 0.0001 Å that do not depend on the order of their atoms, (n,) uint64."""
    digests = (_digest(atoms, decimals=4) for atoms in frames)
    return np.array([int.from_bytes(digest[:8], "little") for digest in digests], dtype=np.uint64)


def _training_frames(model: ForceField) -> np.ndarray:
    """Fingerprints that a fitted model has kept; none in a file of an mlffbench that did not keep them."""
    return getattr(model, "training_frames_", np.empty(0, dtype=np.uint64))


def _elements(frames: Sequence[Atoms]) -> list[str]:
    numbers = np.unique(np.concatenate([a.numbers for a in frames]))
    return Atoms(numbers=numbers).get_chemical_symbols()


def _composition(frames: Sequence[Atoms], elements: list[str]) -> np.ndarray:
    """Number of atoms of each element in each frame, (n, n_elements)."""
    sizes = [len(a) for a in frames]
    column = np.zeros(len(atomic_numbers) + 1, dtype=int)
    column[[atomic_numbers[s] for s in elements]] = 1 + np.arange(len(elements))
    of_atom = column[np.concatenate([a.numbers for a in frames])]
    row = np.repeat(np.arange(len(frames)), sizes)
    shape = (len(frames), 1 + len(elements))  # the first column counts other elements
    counts = np.bincount(np.ravel_multi_index((row, of_atom), shape), minlength=shape[0] * shape[1])
    return counts.reshape(shape)[:, 1:].astype(float)
