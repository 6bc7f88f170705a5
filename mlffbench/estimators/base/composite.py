"""What models made of models share: their parts as instances or as suites write them."""

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

__all__ = ["Calculated", "Composed", "is_spec"]


class InCommon:
    """A tuple of the class `ForceField`; of an instance made of models, what all of these have of it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, model: Composed | None, owner: type) -> Any:
        everything = getattr(ForceField, self.name)
        if model is None:
            return everything
        return tuple(
            word for word in everything if all(word in getattr(p, self.name) for p in model.pieces())
        )


class Composed(ForceField):
    """A model whose parameters named in `parts` are models: instances, or specs as in a suite.

    ``name`` and ``{name: {keyword: value}}`` are built when they are needed; setting a parameter inside one,
    ``model__cutoff=5.0``, replaces the spec by the instance.
    """

    properties = InCommon()
    supports = InCommon()

    random_state: Any

    @abstractmethod
    def pieces(self) -> Sequence[Any]:
        """The fitted parts, or before a fit parts that are like them."""

    def made(self, name: str, **given: Any) -> Any:
        """An unfitted part; `given` is what it is told unless its spec says otherwise.

        Raises
        ------
        LookupError
            The spec names something that there is not.
        TypeError
            It is neither a spec nor an estimator.
        """
        value = getattr(self, name)
        if is_spec(value):
            return registry.make(value, self.parts[name], **given)
        if not isinstance(value, ForceField):
            raise TypeError(
                f"{name} of {type(self).__name__} must be an estimator of this package, its name, or "
                f"'{{name: {{keyword: value}}}}'; got {value!r}"
            )
        part = clone(value)
        return part.set_params(**{k: v for k, v in given.items() if k in part.get_params(deep=False)})

    def fit(self, X: Sequence[Atoms], y: Any = None) -> Self:
        self._forget()  # what is supported must be asked of the parts to come
        return super().fit(X, y)

    fit.__doc__ = ForceField.fit.__doc__

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters, with ``deep`` also those of the parts: ``model__cutoff``."""
        params = super().get_params(deep)
        for name in self.parts if deep else ():
            part = self.made(name) if is_spec(getattr(self, name)) else None
            if isinstance(part, BaseEstimator):
                params |= {f"{name}__{word}": value for word, value in part.get_params().items()}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also of the parts: ``model__cutoff=5.0``."""
        for name in self.parts:
            if name in params:
                setattr(self, name, params.pop(name))
            if is_spec(getattr(self, name)) and any(word.startswith(f"{name}__") for word in params):
                part = self.made(name)
                if not isinstance(part, BaseEstimator):
                    raise ValueError(f"{name} is a calculator: set it as a whole, {name}={{...}}")
                setattr(self, name, part)
        return super().set_params(**params)

    @property
    def device(self) -> str:
        """Where the parts compute; a GPU where one of them uses it."""
        devices = [str(getattr(p, "device_", getattr(p, "device", "cpu"))) for p in self.pieces()]
        return next((d for d in devices if d != "cpu"), "cpu")


def is_spec(value: Any) -> bool:
    """Whether it is what a suite says of a thing."""
    return isinstance(value, str | Mapping)


@dataclass(frozen=True)
class Calculated:
    """An ASE calculator, or the spec of one, with the methods of a fitted model.

    A spec is built where it is first used, so that this survives pickling and saving.
    """

    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"source": ("calculators",)}
    supports: ClassVar[tuple[str, ...]] = ForceField.supports

    source: Any

    @cached_property
    def calculator(self) -> Any:
        return registry.make(self.source, self.parts["source"]) if is_spec(self.source) else self.source

    @property
    def properties(self) -> tuple[str, ...]:
        return tuple(p for p in ForceField.properties if p in self.calculator.implemented_properties)

    def __reduce__(self) -> Any:
        return type(self), (self.source,)

    def prepare(self, frames: Sequence[Atoms]) -> Sequence[Atoms]:
        return frames

    def evaluate(self, frames: Sequence[Atoms]) -> Labels:
        rows = []
        for i, atoms in enumerate(frames):
            rows.append(self._row(atoms))
            if len(frames) > 1:
                progress.report("baseline", i + 1, len(frames))
        energy, forces, stress = zip(*rows, strict=True)
        return Labels(np.array(energy), forces, stress)

    def _row(self, atoms: Atoms) -> tuple[float, np.ndarray | None, np.ndarray | None]:
        """Energy, forces and stress, as far as they are there; the forces derive from that energy."""
        bare = atoms.copy()
        bare.set_constraint()  # forces as they are
        get, known = self.calculator.get_property, self.calculator.implemented_properties
        forces = get("forces", bare) if "forces" in known else None
        try:
            energy = get("free_energy", bare)
        except PropertyNotImplementedError:
            energy = get("energy", bare)
        stress = get("stress", bare) if "stress" in known and atoms.pbc.all() else None
        if stress is not None and np.shape(stress) == (3, 3):
            stress = full_3x3_to_voigt_6_stress(stress)
        return float(energy), forces, stress
