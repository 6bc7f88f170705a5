"""Δ-learning: a cheap baseline plus a model of its difference from the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from ase import Atoms
from sklearn.frozen import FrozenEstimator

from mlffbench import registry
from mlffbench.data import QUANTITIES, Labels
from mlffbench.estimators.base.composite import Calculated, Composite, clone_sharing_calculators, is_spec
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import AtomEnergies, Seed

__all__ = ["DeltaLearning"]


class DeltaLearning(Composite):
    """E = E_baseline + E_model: the model learns the difference of the labels from a baseline, say GFN2-xTB.

    Energies, forces and stresses of the baseline are computed once for every training frame, and the model is
    fitted to the differences from the labels: the Δ-machine learning of [1]_. A label that the baseline lacks
    (a stress, say) is neither trained on nor predicted. At prediction both are evaluated.

    Atomic energies: a baseline that is fitted here is fitted to energies without the atomic reference, as any
    model, and so is the difference. A calculator, or an estimator fitted elsewhere, has isolated atoms of
    another level of theory: give their energies as `baseline_atomic_energies`, then separated atoms keep the
    energies of `atomic_energies`. By default the difference has least-squares energies per element of its
    own, which need no computation of atoms and leave least for the model to learn.

    Parameters
    ----------
    baseline : ForceField, FrozenEstimator, ASE calculator, str or mapping
        An estimator is fitted to the same frames; inside scikit-learn's ``FrozenEstimator`` it is used as it
        is. Specs as in a suite name estimators and calculators: ``bonded``,
        ``{tblite: {method: GFN2-xTB}}``; if both kinds have the name, or for a ``package.module:Name`` of
        another package, ``{calculator: lennard_jones}`` or ``{estimator: lennard_jones}``. Many calculators
        cannot be pickled: a spec is saved, pickled and sent to other processes as text; an instance is shared
        by clones.
    model : ForceField, str or mapping
        Model of the difference.
    baseline_atomic_energies : mapping of str to float, optional
        Energies of isolated atoms by the baseline, eV.
    random_state : int or None
        Seed of model and baseline, if they have one; with None they keep their own.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    baseline_ : ForceField, FrozenEstimator or Calculated
        The fitted baseline, or the calculator.
    model_ : ForceField
        The fitted model of the difference.
    history_ : list of dict
        History of the model, if it has one.

    References
    ----------
    .. [1] R. Ramakrishnan, P. O. Dral, M. Rupp and O. A. von Lilienfeld, J. Chem. Theory Comput. 11, 2087
       (2015).

    Examples
    --------
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> argon = lennard_jones(n_train=8, n_test=1)
    >>> model = DeltaLearning({"calculator": "lennard_jones"}, "morse")
    >>> model = model.fit(argon.frames[:8], argon.labels[:8])
    >>> bool(abs(model.predict(argon.frames).energy - argon.labels.energy).max() < 0.1)
    True
    """

    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "baseline": ("calculators", "estimators"),
        "model": ("estimators",),
    }

    def __init__(
        self,
        baseline: Any,
        model: ForceField | str | Mapping[str, Any],
        baseline_atomic_energies: AtomEnergies | None = None,
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.baseline = baseline
        self.model = model
        self.baseline_atomic_energies = baseline_atomic_energies
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        baseline = {"calculator": {"lennard_jones": {"epsilon": 0.01, "sigma": 1.0, "cutoff": 4.0}}}
        return {
            "baseline": baseline,
            "model": {"morse": {"cutoff": 4.0, "max_iterations": 5}},
            "random_state": 0,
        }

    def submodels(self) -> list[Any]:
        if hasattr(self, "model_"):
            return [self.model_, self.baseline_]
        return [self.build_part("model"), self._new_baseline()]

    def fitted_parts(self) -> list[tuple[str, ForceField]]:
        parts = [(name, getattr(self, f"{name}_", None)) for name in ("model", "baseline")]
        return [(name, part) for name, part in parts if isinstance(part, ForceField)]

    def _new_baseline(self) -> Any:
        """The baseline before the fit: an unfitted or frozen estimator, or a calculator."""
        value = self.baseline
        if is_spec(value):
            kind, name, params = registry.resolve(value, self.parts["baseline"])
            if kind == "calculators":
                registry.build(kind, name, params)
                return Calculated({name: params})
        elif hasattr(value, "get_property"):
            return Calculated(value)
        elif isinstance(value, FrozenEstimator):
            return value
        return self.build_part("baseline", **self._seed())

    def _seed(self) -> dict[str, Any]:
        return {} if self.random_state is None else {"random_state": self.random_state}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        zero = dict.fromkeys(self.elements_, 0.0)
        self.baseline_ = self._new_baseline()
        fitted_here = isinstance(self.baseline_, ForceField)
        if fitted_here:
            self.baseline_.set_params(atomic_energies=zero).fit(frames, labels)
            if self.baseline_atomic_energies is not None:
                raise ValueError("a baseline that is fitted here has no baseline_atomic_energies")
        atoms_known = fitted_here or self.baseline_atomic_energies is not None
        model = self.build_part("model", **self._seed())
        self.model_ = model.set_params(atomic_energies=zero if atoms_known else None)
        self.model_.fit(frames, self._difference(frames, labels))
        self._hold_out(getattr(self.model_, "validation_frames_", ()))

    def _has_partial_fit(self) -> bool:
        return hasattr(self.submodels()[0], "partial_fit")

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        """Fit the model to more frames; the baseline does not change."""
        self.model_.partial_fit(frames, self._difference(frames, labels))
        self._hold_out(getattr(self.model_, "validation_frames_", ()))

    def _difference(self, frames: Sequence[Atoms], labels: Labels) -> Labels:
        """Labels minus the baseline's, for the labels that both have; equal frames are computed once."""
        keys = [tuple(v.tobytes() for v in (a.numbers, a.positions, a.cell.array, a.pbc)) for a in frames]
        frame_of_key = {key: i for i, key in enumerate(keys)}
        row_of_key = {key: k for k, key in enumerate(frame_of_key)}
        distinct = [frames[i] for i in frame_of_key.values()]
        rows = np.array([row_of_key[key] for key in keys])
        baseline = self._baseline_labels(self.baseline_.prepare(distinct), distinct)[rows]
        for i in np.flatnonzero(~np.isfinite(baseline.energy)):
            formula = frames[int(i)].get_chemical_formula()
            raise ValueError(f"the baseline's energy of a frame of {formula} is {baseline.energy[i]}")
        return _combined(np.subtract, labels, baseline)

    def _baseline_labels(self, prepared: Any, frames: Sequence[Atoms]) -> Labels:
        """The baseline's labels; the energies of its isolated atoms are subtracted if they are known."""
        labels = self.baseline_.evaluate(prepared)
        atoms = self.baseline_atomic_energies
        if atoms is None or isinstance(self.baseline_, ForceField):
            return labels
        missing = [s for s in self.elements_ if s not in atoms]
        if missing:
            raise ValueError(f"baseline_atomic_energies lacks {missing}; it has {sorted(atoms)}")
        return replace(labels, energy=labels.energy - [sum(atoms[s] for s in a.symbols) for a in frames])

    def _prepare(self, frames: Sequence[Atoms]) -> tuple[Any, Any, Sequence[Atoms]]:
        return self.model_.prepare(frames), self.baseline_.prepare(frames), frames

    def _evaluate(self, inputs: tuple[Any, Any, Sequence[Atoms]]) -> Labels:
        return self._evaluate_only(inputs, frozenset(QUANTITIES))

    def _evaluate_only(self, inputs: tuple[Any, Any, Sequence[Atoms]], quantities: frozenset[str]) -> Labels:
        """Sum of model and baseline, with the uncertainties of the model."""
        model, baseline, frames = inputs
        own = self.model_.evaluate(model, quantities)
        return _combined(np.add, own, self._baseline_labels(baseline, frames))

    def __sklearn_clone__(self) -> Self:
        return clone_sharing_calculators(self)

    @property
    def history_(self) -> list[dict[str, Any]]:
        return self.model_.history_

    @property
    def dtype_(self) -> str:
        """Precision of the model; raises AttributeError for a model without this choice."""
        model: Any = self.model_
        return getattr(model, "dtype_", None) or model.dtype


def _combined(operation: Any, one: Labels, other: Labels) -> Labels:
    """Sum or difference of the labels that both have, with the uncertainties of the first."""
    return replace(
        one,
        energy=operation(one.energy, other.energy),
        forces=_combined_frames(operation, one.forces, other.forces),
        stress=_combined_frames(operation, one.stress, other.stress),
    )


def _combined_frames(operation: Any, one: Any, other: Any) -> tuple[np.ndarray | None, ...] | None:
    """Sum or difference frame by frame; None for frames where one side is missing."""
    if one is None or other is None:
        return None
    pairs = zip(one, other, strict=True)
    return tuple(None if a is None or b is None else operation(a, b) for a, b in pairs)
