"""Energies of the polymorphs above the ground state, and the order of all phases."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import combinations

from mlffbench.data import Missing, Score
from mlffbench.properties.phases import Phases, phases
from mlffbench.tasks.common.reference import stored_value
from mlffbench.tasks.common.subtasks import Row, Subtask, error_row, skipped_row
from mlffbench.tasks.crystals.crystal import Crystal

__all__ = ["subtasks"]


def subtasks(crystal: Crystal) -> dict[str, Subtask]:
    """Return the one subtask of all phases; none for a crystal without polymorphs."""
    return {"phases": partial(_rows, crystal)} if crystal.polymorphs else {}


def _rows(crystal: Crystal) -> list[Row]:
    ground = crystal.name
    predicted, true = crystal.compare(
        lambda calculator: phases(
            calculator, crystal.structures, stress=crystal.stress, fmax=crystal.settings.fmax
        )
    )
    if ground in predicted.failures:
        raise ValueError(f"{ground}: {predicted.failures[ground]}")
    reference = _reference_energies(crystal, true)
    rows = [_difference_row(ground, c.name, predicted, reference) for c in crystal.polymorphs]
    return rows + _order_rows(ground, crystal.structures, predicted, reference)


def _reference_energies(crystal: Crystal, true: Phases | None) -> dict[str, float]:
    """Reference energies above the ground state, eV per atom, of the phases where they are known."""
    ground = crystal.name
    if true is not None and ground in true.energies:
        return {n: e - true.energies[ground] for n, e in true.energies.items() if n not in true.fell}
    ground_energy = crystal.values.get("energy")
    energies = {ground: 0.0}
    for phase in crystal.polymorphs:
        difference = f"{phase.name}_minus_{ground}"
        energy = stored_value(crystal.reference, phase.name)
        if difference in phase.values or difference in crystal.values:
            energies[phase.name] = phase.values.get(difference, crystal.values.get(difference, 0.0))
        elif ground_energy is not None and energy is not None:
            energies[phase.name] = energy - ground_energy
    return energies


def _difference_row(ground: str, name: str, predicted: Phases, reference: Mapping[str, float]) -> Row:
    quantity = f"{name}_minus_{ground}"
    if name in predicted.failures:
        return Missing(name, quantity, "diverged", predicted.failures[name])
    if name not in reference:
        return skipped_row(name, quantity, "no reference value")
    if name in predicted.fell:
        return Missing(name, quantity, "diverged", f"{name} relaxed into {predicted.fell[name]}")
    difference = predicted.energies[name] - predicted.energies[ground]
    return error_row(name, quantity, difference, reference[name], "eV/atom")


def _order_rows(
    ground: str, names: Mapping[str, object], predicted: Phases, reference: Mapping[str, float]
) -> list[Row]:
    """Share of the pairs of phases whose order is inverted; no row for fewer than two phases."""
    energies = predicted.energies
    stable = [n for n in names if n in reference and n in energies and n not in predicted.fell]
    if len(stable) < 2:
        return []
    pairs = list(combinations(stable, 2))
    inverted = sum((energies[a] - energies[b]) * (reference[a] - reference[b]) < 0 for a, b in pairs)
    return [Score(ground, "phase_order", "inverted_pairs", inverted / len(pairs), "", trials=len(pairs))]
