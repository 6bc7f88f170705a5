"""Analytic copper: exact labels of a metal with a many-body energy, in several phases."""

from __future__ import annotations

from ase.build import bulk, fcc111
from ase.calculators.emt import EMT

from mlffbench.data import Dataset
from mlffbench.datasets.sources.analytic import UNITS, Group, analytic
from mlffbench.system.ranges import Count, Seed

__all__ = ["emt_copper"]

ELEMENTS = ["Cu"]
FCC, HCP, BCC = 3.590, 2.538, 2.855  # lattice constants where the potential has its minimum, Å
ATOM = 3.51  # energy of an isolated atom, eV: the theory counts from the crystal


def emt_copper(n_train: Count = 50, n_test: Count = 15, seed: Seed = 0) -> Dataset:
    """Copper by effective-medium theory, strained and rattled: exact energies, forces and stresses.

    The potential of Jacobsen, Stoltze and Nørskov as in ASE. Groups: ``train`` and ``test`` alike, fcc;
    ``test_strain`` and ``test_hot`` strained and rattled further; ``vacancy``, fcc without an atom;
    ``surface``, a (111) slab; ``hcp`` and ``bcc``, other phases.

    Parameters
    ----------
    n_train, n_test : int
        Frames of the training group and of each test group.
    seed : int
        Seed of the random strains and displacements.

    References
    ----------
    K. W. Jacobsen, P. Stoltze and J. K. Nørskov, Surf. Sci. 366, 394 (1996).
    """
    fcc = bulk("Cu", "fcc", a=FCC, cubic=True).repeat((2, 2, 1))
    hcp = bulk("Cu", "hcp", a=HCP, covera=(8 / 3) ** 0.5, orthorhombic=True)
    groups = [
        Group("train", n_train, fcc, 0.03, 0.06),
        Group("test", n_test, fcc, 0.03, 0.06),
        Group("test_strain", n_test, fcc, 0.08, 0.06),
        Group("test_hot", n_test, fcc, 0.03, 0.13),
        Group("vacancy", n_test, fcc[1:], 0.03, 0.06),
        Group("surface", n_test, fcc111("Cu", (2, 2, 4), a=FCC, vacuum=5.0, periodic=True), 0.03, 0.06),
        Group("hcp", n_test, hcp.repeat((2, 2, 1)), 0.03, 0.06),
        Group("bcc", n_test, bulk("Cu", "bcc", a=BCC, cubic=True).repeat((2, 2, 2)), 0.03, 0.06),
    ]
    card = {
        "title": "EMT copper: fcc strained and rattled, vacancy, surface, hcp, bcc",
        "level": "analytic: effective-medium theory (ASE)",
        "units": UNITS,
        "licence": "CC0-1.0",
        "citation": "K. W. Jacobsen, P. Stoltze and J. K. Nørskov, Surf. Sci. 366, 394 (1996)",
        "atomic_energies": f"{ATOM} eV: the theory counts energies from the crystal",
    }
    structures = {
        "fcc": bulk("Cu", "fcc", a=FCC, cubic=True),
        "hcp": bulk("Cu", "hcp", a=HCP, covera=(8 / 3) ** 0.5),
        "bcc": bulk("Cu", "bcc", a=BCC, cubic=True),
    }
    return analytic("emt_copper", groups, EMT(), seed, card, {"Cu": ATOM}, structures, {"emt": {}})
