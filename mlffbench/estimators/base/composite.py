"""Base class of models made of other models, which are given as instances or as specs of a suite."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from ase import Atoms
from ase.calculators.calculator import PropertyNotImplementedError
from ase.stress import full_3x3_to_voigt_6_stress
from sklearn.base import BaseEstimator, clone

from mlffbench import registry
from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.system import progress
from mlffbench.system.elsewhere import prepare_libraries

__all__ = ["Calculated", "Composite", "SharedCapabilities", "clone_sharing_calculators", "is_spec"]

OWN = ("random_state", "atomic_energies")  # parameters that every submodel has its own of


class SharedCapabilities:
    """Capabilities shared by all submodels of an instance; on the class, those of `ForceField`."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, model: Any, owner: type) -> Any:
        capabilities = getattr(ForceField, self.name)
        if model is None:
            return capabilities
        shared = lambda word: all(word in getattr(m, self.name) for m in model.submodels())
        return tuple(word for word in capabilities if shared(word))


class Composite(ForceField):
    """A model whose parameters named in `parts` are models: instances, or specs as in a suite.

    A spec ``name`` or ``{name: {keyword: value}}`` is built when it is needed; setting a parameter inside it,
    ``model__cutoff=5.0``, replaces the spec by the instance.
    """

    family: ClassVar[str] = "composite"
    properties = SharedCapabilities()
    supports = SharedCapabilities()

    random_state: Any

    @abstractmethod
    def submodels(self) -> Sequence[Any]:
        """The fitted submodels, or before the fit unfitted ones with the same capabilities."""

    @classmethod
    def fits_of(cls, part: str, params: Mapping[str, Any]) -> int:
        """Number of fits of the model `part` in one fit with these parameters: each has its share of time."""
        return 1

    def import_libraries(self) -> None:
        for model in self.submodels():
            if isinstance(model, ForceField):
                prepare_libraries(model)

    # ------------------------------------------------------------ facts of the fit
    def fitted_parts(self) -> Sequence[tuple[str, ForceField]]:
        """Submodels that this model has fitted, each with the parameter that it was built from."""
        return []

    @property
    def n_parameters_(self) -> int:
        """Number of parameters of the fitted submodels together."""
        parts = [part for _, part in self.fitted_parts()]
        if not parts:
            raise AttributeError("no submodel is fitted")
        return sum(part.n_parameters_ for part in parts)

    @property
    def stopped_by_(self) -> str:
        """What ended the fits of the submodels."""
        return self._of_parts("stopped_by_")

    @property
    def captured_(self) -> str:
        """Capture of the submodels' training steps as CUDA graphs."""
        return self._of_parts("captured_")

    def _of_parts(self, name: str) -> str:
        values = [getattr(part, name, None) for _, part in self.fitted_parts()]
        if not any(values):
            raise AttributeError(f"no submodel has {name}: none was fitted step by step")
        return ", ".join(dict.fromkeys(filter(None, values)))

    def resolved_params(self) -> dict[str, Any]:
        """Parameters, and as ``model__cutoff`` those of the fitted submodels but their seeds and atoms."""
        params = super().resolved_params()
        for name, part in reversed(self.fitted_parts()):
            own = part.resolved_params().items()
            params |= {f"{name}__{word}": value for word, value in own if word not in OWN}
        return params

    def learned_labels(self) -> tuple[str, ...]:
        """Labels that some fitted submodel uses, of those that all predict: the others do not reach it."""
        used = {label for _, part in self.fitted_parts() for label in part.learned_labels()}
        return tuple(label for label in self.properties if label in used)

    def build_part(self, name: str, **defaults: Any) -> Any:
        """Build the unfitted submodel of the parameter `name`.

        Parameters
        ----------
        **defaults
            Parameters of the submodel, used unless its spec sets them.

        Raises
        ------
        LookupError
            The spec names an unknown method or parameter.
        TypeError
            The parameter is neither a spec nor an estimator.
        """
        value = getattr(self, name)
        if is_spec(value):
            return registry.make(value, self.parts[name], **defaults)
        if not isinstance(value, ForceField):
            raise TypeError(
                f"{name} of {type(self).__name__} must be an estimator of this package, its name, or "
                f"'{{name: {{keyword: value}}}}'; got {value!r}"
            )
        part = clone(value)
        known = part.get_params(deep=False)
        return part.set_params(**{k: v for k, v in defaults.items() if k in known})

    def fit(self, X: Sequence[Atoms], y: Any = None) -> Self:
        self._forget()  # capabilities are those of the new submodels, not of the fitted ones
        return super().fit(X, y)

    fit.__doc__ = ForceField.fit.__doc__

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters, with ``deep`` also those of the submodels: ``model__cutoff``."""
        params = super().get_params(deep)
        for name in self.parts if deep else ():
            part = self.build_part(name) if is_spec(getattr(self, name)) else None
            if isinstance(part, BaseEstimator):
                params |= {f"{name}__{word}": value for word, value in part.get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also those of the submodels: ``model__cutoff=5.0``."""
        for name in self.parts:
            if name in params:
                setattr(self, name, params.pop(name))
            if is_spec(getattr(self, name)) and any(word.startswith(f"{name}__") for word in params):
                part = self.build_part(name)
                if not isinstance(part, BaseEstimator):
                    raise ValueError(f"{name} is a calculator: set it as a whole, {name}={{...}}")
                setattr(self, name, part)
        return super().set_params(**params)

    @property
    def device(self) -> str:
        """Device of the submodels: the GPU if one of them uses it, else the CPU."""
        devices = [str(getattr(m, "device_", getattr(m, "device", "cpu"))) for m in self.submodels()]
        return next((d for d in devices if d != "cpu"), "cpu")


def clone_sharing_calculators(model: Any) -> Any:
    """An unfitted copy of a model that shares its calculators, since many calculators cannot be copied."""
    is_calculator = lambda value: hasattr(value, "get_property")
    params = model.get_params(deep=False)
    return type(model)(**{k: v if is_calculator(v) else clone(v, safe=False) for k, v in params.items()})


def is_spec(value: Any) -> bool:
    """True for a spec as in a suite: a name, or a mapping of a name to its parameters."""
    return isinstance(value, str | Mapping)


@dataclass(frozen=True)
class Calculated:
    """An ASE calculator, or the spec of one, with the methods of a fitted model.

    A calculator given as a spec is built when it is first used, so that this object can be pickled and saved.
    """

    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"source": ("calculators",)}
    supports: ClassVar[tuple[str, ...]] = ForceField.supports

    source: Any

    @cached_property
    def calculator(self) -> Any:
        """The ASE calculator."""
        return registry.make(self.source, self.parts["source"]) if is_spec(self.source) else self.source

    @property
    def properties(self) -> tuple[str, ...]:
        """Properties that the calculator implements."""
        return tuple(p for p in ForceField.properties if p in self.calculator.implemented_properties)

    def __reduce__(self) -> Any:
        return type(self), (self.source,)

    def prepare(self, frames: Sequence[Atoms]) -> Sequence[Atoms]:
        """The frames themselves."""
        return frames

    def evaluate(self, frames: Sequence[Atoms]) -> Labels:
        """Labels by the calculator, frame by frame."""
        rows = []
        for i, atoms in enumerate(frames):
            rows.append(self._row(atoms))
            if len(frames) > 1:
                progress.report("calculator", i + 1, len(frames))
        energy, forces, stress = zip(*rows, strict=True)
        return Labels(np.array(energy), forces, stress)

    def _row(self, atoms: Atoms) -> tuple[float, np.ndarray | None, np.ndarray | None]:
        """Energy, and forces and stress if implemented; forces are minus its gradient.

        The calculator forgets the structure before, so that neither labels nor times depend on it.
        """
        bare = atoms.copy()
        bare.set_constraint()  # constraints would set forces to zero
        getattr(self.calculator, "reset", lambda: None)()
        get, implemented = self.calculator.get_property, self.calculator.implemented_properties
        forces = get("forces", bare) if "forces" in implemented else None
        try:
            energy = get("free_energy", bare)
        except PropertyNotImplementedError:
            energy = get("energy", bare)
        stress = get("stress", bare) if "stress" in implemented and atoms.pbc.all() else None
        if stress is not None and np.shape(stress) == (3, 3):
            stress = full_3x3_to_voigt_6_stress(stress)
        return float(energy), forces, stress
