"""Analytic solid: argon crystals with exact labels, a test of methods without errors of the reference."""

from __future__ import annotations

from ase.build import bulk
from ase.calculators.lj import LennardJones

from mlffbench.data import Dataset
from mlffbench.datasets.sources.analytic import UNITS, Group, analytic
from mlffbench.system.ranges import Count, Seed

__all__ = ["lennard_jones"]

ELEMENTS = ["Ar"]
EPSILON, SIGMA, CUTOFF, LATTICE = 0.0104, 3.40, 8.5, 5.26  # argon: eV, Å, Å, Å
ONSET = 0.8 * CUTOFF
GROUPS = {"test": (0.02, 0.08), "test_strain": (0.06, 0.08), "test_hot": (0.02, 0.20)}  # strain, rattle/Å


def lennard_jones(n_train: Count = 60, n_test: Count = 20, seed: Seed = 0) -> Dataset:
    """Argon as a Lennard-Jones crystal, strained and rattled: exact energies, forces and stresses.

    u(r) = 4ε[(σ/r)¹² − (σ/r)⁶] with ε = 0.0104 eV and σ = 3.40 Å, switched off smoothly at 8.5 Å
    (``ase.calculators.lj``, smooth). Groups: ``train`` and ``test`` alike, ``test_strain`` and ``test_hot``
    strained and rattled further.

    Parameters
    ----------
    n_train, n_test : int
        Frames of the training group and of each test group.
    seed : int
        Seed of the random strains and displacements.
    """
    crystal = bulk("Ar", "fcc", a=LATTICE, cubic=True)
    groups = [Group("train", n_train, crystal, *GROUPS["test"])]
    groups += [Group(name, n_test, crystal, *sizes) for name, sizes in GROUPS.items()]
    potential = LennardJones(epsilon=EPSILON, sigma=SIGMA, rc=CUTOFF, ro=ONSET, smooth=True)
    card = {
        "title": "Lennard-Jones argon, fcc, strained and rattled",
        "level": f"analytic: epsilon {EPSILON} eV, sigma {SIGMA} Å, smooth cutoff {CUTOFF} Å",
        "units": UNITS,
        "licence": "CC0-1.0",
        "atomic_energies": "0 eV: the pair energy of a lone atom",
    }
    hcp = bulk("Ar", "hcp", a=LATTICE / 2**0.5, covera=(8 / 3) ** 0.5)
    numbers = {"epsilon": EPSILON, "sigma": SIGMA, "cutoff": CUTOFF, "onset": ONSET}
    truth = {"lennard_jones": numbers}
    return analytic(
        "lennard_jones", groups, potential, seed, card, {"Ar": 0.0}, {"fcc": crystal, "hcp": hcp}, truth
    )
