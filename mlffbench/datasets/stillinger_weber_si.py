"""Analytic silicon: exact labels of a three-body potential, and other phases as tests of transfer."""

from __future__ import annotations

from typing import Any

from ase import Atoms
from ase.build import bulk

from mlffbench.data import Dataset
from mlffbench.datasets.sources.analytic import UNITS, Group, analytic
from mlffbench.system.ranges import Count, Seed

__all__ = ["stillinger_weber_si"]

ELEMENTS = ["Si"]
DIAMOND = 5.431  # Å
BETA_TIN = (4.971, 2.787)  # a and c, Å: where the potential has its minimum in this structure


def stillinger_weber_si(n_train: Count = 60, n_test: Count = 20, seed: Seed = 0) -> Dataset:
    """Silicon after Stillinger and Weber, strained and rattled: exact energies, forces and stresses.

    E = Σ v₂(r) + Σ v₃(r, r', θ), the parameters of 1985, by matscipy. Groups: ``train`` and ``test`` alike,
    diamond; ``test_strain`` and ``test_hot`` strained and rattled further; ``vacancy``, diamond without an
    atom; ``beta_tin``, the metallic phase.

    Parameters
    ----------
    n_train, n_test : int
        Frames of the training group and of each test group.
    seed : int
        Seed of the random strains and displacements.

    References
    ----------
    F. H. Stillinger and T. A. Weber, Phys. Rev. B 31, 5262 (1985).
    """
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import stillinger_weber as forms

    diamond = bulk("Si", "diamond", a=DIAMOND, cubic=True)
    groups = [
        Group("train", n_train, diamond, 0.03, 0.06),
        Group("test", n_test, diamond, 0.03, 0.06),
        Group("test_strain", n_test, diamond, 0.08, 0.06),
        Group("test_hot", n_test, diamond, 0.03, 0.15),
        Group("vacancy", n_test, diamond.repeat((2, 2, 1))[1:], 0.03, 0.06),
        Group("beta_tin", n_test, _beta_tin().repeat((1, 1, 2)), 0.03, 0.06),
    ]
    potential = Manybody(**forms.StillingerWeber(forms.Stillinger_Weber_PRB_31_5262_Si))
    card = {
        "title": "Stillinger–Weber silicon: diamond strained and rattled, vacancy, beta-tin",
        "level": "analytic: Stillinger and Weber 1985 (matscipy)",
        "units": UNITS,
        "licence": "CC0-1.0",
        "citation": "F. H. Stillinger and T. A. Weber, Phys. Rev. B 31, 5262 (1985)",
        "atomic_energies": "0 eV: a lone atom has no neighbours",
    }
    structures = {"diamond": diamond, "beta_tin": _beta_tin()}
    truth: dict[str, dict[str, Any]] = {"stillinger_weber": {}}
    return analytic("stillinger_weber_si", groups, potential, seed, card, {"Si": 0.0}, structures, truth)


def _beta_tin() -> Atoms:
    """Conventional cell of beta-tin, I4₁/amd."""
    a, c = BETA_TIN
    places = [(0, 0, 0), (0, 0.5, 0.25), (0.5, 0.5, 0.5), (0.5, 0, 0.75)]
    return Atoms("Si4", scaled_positions=places, cell=[a, a, c], pbc=True)
