"""ASE calculator of a fitted ForceField."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Protocol

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from mlffbench.data import Labels

__all__ = ["ForceFieldCalculator"]

UNCERTAIN = ("energy_std", "forces_std")


class Model(Protocol):
    """A fitted model: anything that predicts labels of frames."""

    properties: tuple[str, ...]

    def predict(self, X: Sequence[Atoms]) -> Labels: ...
    def prepare(self, X: Sequence[Atoms]) -> Any: ...
    def evaluate(self, prepared: Any, quantities: Collection[str] | None = None) -> Labels: ...


class ForceFieldCalculator(Calculator):
    """An ASE calculator around a fitted model.

    Results: ``energy`` (eV), ``forces`` (eV/Å), for periodic cells ``stress`` (eV/Å³). Where the model has
    uncertainties ``energy_std`` (eV) and ``forces_std`` (eV/Å) are computed when they are asked for, as by
    ``calculator.get_property("energy_std", atoms)``: they can take longer than all the rest.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress", *UNCERTAIN]

    def __init__(self, model: Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.implemented_properties = [*model.properties, "free_energy", *UNCERTAIN]  # type: ignore[misc]

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        quantities = ["energy", "forces", *(["stress"] if self.atoms.pbc.all() else [])]
        if not set(UNCERTAIN).isdisjoint(properties or ()):
            quantities.append("std")
        (self.results,) = self.calculate_many([self.atoms], quantities)

    def calculate_many(
        self, structures: Sequence[Atoms], quantities: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        """Compute the results of many structures in one prediction, without changing the calculator's own.

        `quantities` as in `ForceField.evaluate`.
        """
        labels = self.model.evaluate(self.model.prepare(list(structures)), quantities)
        return [_results(labels, i) for i in range(len(labels))]


def _results(labels: Labels, i: int) -> dict[str, Any]:
    """Results of frame `i` under ASE's names; missing quantities are left out."""
    results = {"energy": labels.energy[i], "free_energy": labels.energy[i]}
    for name in ("forces", "stress", *UNCERTAIN):
        values = getattr(labels, name)
        if values is not None and values[i] is not None:
            results[name] = values[i]
    return results
