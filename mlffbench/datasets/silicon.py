"""Built-in solid: DFT energies, forces and stresses, computed by ``benchmarks/recipes/silicon.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ase import Atoms
from ase.build import bulk

from mlffbench.data import Dataset, Reference
from mlffbench.datasets.sources.builtin import builtin

__all__ = ["silicon"]


def silicon() -> Dataset:
    """Silicon at PBE: diamond cool, hot, strained and compressed, beta-tin, a vacancy; with stresses.

    Eight-atom cells (23 atoms with the vacancy), labelled with GPAW; ``print(silicon())`` shows the card,
    which also has DFT references at the same settings: equations of state, elastic constants, the energies
    of beta-tin and of the vacancy. Groups: ``train`` and ``test`` alike (diamond at 300 K, strained and
    rattled), ``diamond_1200K``, ``diamond_compressed``, ``beta_tin``, ``vacancy``; columns ``phase`` and
    ``temperature``.
    """
    data = builtin("silicon")
    return replace(data, reference=_reference(data.card["references"]))


def _reference(known: Mapping[str, Any]) -> Reference:
    """Crystals, and the card's numbers under the names of the properties."""
    diamond, tin = known["diamond"], known["beta_tin"]
    elastic = known["elastic_constants_GPa"]
    values = {
        "diamond": {
            "lattice_constant": diamond["lattice_constant_A"],
            **_curve(diamond),
            **{c: elastic[c] for c in ("C11", "C12", "C44")},
            "unrelaxed_vacancy_formation_energy": known["vacancy"]["unrelaxed_formation_energy_eV"],
        },
        "beta_tin": _curve(tin),
    }
    structures = {
        "diamond": bulk("Si", "diamond", a=diamond["lattice_constant_A"], cubic=True),
        "beta_tin": _beta_tin(tin["volume_A3_per_atom"], tin["c_over_a"]),
    }
    return Reference(structures, values, "PBE by GPAW at the settings of the labels: benchmarks/recipes")


def _curve(fit: Mapping[str, float]) -> dict[str, float]:
    """Numbers of an equation of state."""
    names = {
        "volume": "volume_A3_per_atom",
        "energy": "energy_eV_per_atom",
        "bulk_modulus": "bulk_modulus_GPa",
    }
    return {name: fit[key] for name, key in names.items()}


def _beta_tin(volume: float, c_over_a: float) -> Atoms:
    """Conventional cell of beta-tin (I4₁/amd, four atoms); `volume` in Å³ per atom."""
    a = (4 * volume / c_over_a) ** (1 / 3)
    places = [(0, 0, 0), (0.5, 0.5, 0.5), (0, 0.5, 0.25), (0.5, 0, 0.75)]
    return Atoms("Si4", scaled_positions=places, cell=[a, a, c_over_a * a], pbc=True)
