"""Built-in molecule: DFT energies and forces, computed by ``benchmarks/recipes/malonaldehyde.yaml``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

from ase import Atoms

from mlffbench.data import Dataset, Reference
from mlffbench.datasets.sources.builtin import builtin

__all__ = ["malonaldehyde"]

MOLECULE = {  # proton transfer as a symmetry: atom i takes the place of atom permutation[i], reflected
    "permutation": [4, 3, 2, 1, 0, 5, 8, 7, 6],
    "mirror": True,
    "saddle": "transfer_saddle",
    "dihedral": [0, 1, 2, 3],
    "profiles": ["dihedral", "proton_transfer"],
}


def malonaldehyde() -> Dataset:
    """Malonaldehyde at PBE/def2-SVP: thermal motion at 300, 600 and 1200 K, proton transfer and torsion.

    C3H4O2, nine atoms, sampled with GFN2-xTB and labelled with PySCF; ``print(malonaldehyde())`` shows the
    card. Groups: ``train_300K``, ``test_300K``, ``test_600K``, ``test_1200K``, ``proton_transfer``,
    ``dihedral``. The reference has, at the labels' settings, the minimum with its harmonic wavenumbers, the
    saddle point of the proton transfer, and other conformers (``malonaldehyde_references.py``).
    """
    data = builtin("malonaldehyde")
    file = files("mlffbench.datasets") / "builtin" / "malonaldehyde_references.json"
    known = json.loads(file.read_text(encoding="utf-8"))["references"]
    return replace(data, card={**data.card, "molecule": MOLECULE}, reference=_reference(known))


def _reference(known: Mapping[str, Any]) -> Reference:
    """Minima and saddle points with their numbers."""
    minima = {"minimum": known["minimum"], **known["conformers"]}
    saddles = {"transfer_saddle": known["transfer_saddle"]}
    return Reference(
        {name: _atoms(each) for name, each in minima.items()},
        {name: _numbers(each) for name, each in (minima | saddles).items()},
        "PBE/def2-SVP by PySCF at the settings of the labels",
        saddles={name: _atoms(each) for name, each in saddles.items()},
    )


def _atoms(known: Mapping[str, Any]) -> Atoms:
    """One structure."""
    return Atoms(known["symbols"], known["positions_A"])


def _numbers(known: Mapping[str, Any]) -> dict[str, float]:
    """Energy, eV, and wavenumbers, 1/cm, ascending; imaginary ones negative."""
    wavenumbers = sorted(known.get("wavenumbers_per_cm", ()))
    return {
        "energy": known["energy_eV"],
        **{f"wavenumber_{i + 1}": float(value) for i, value in enumerate(wavenumbers)},
    }
