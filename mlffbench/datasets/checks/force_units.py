"""Forces in other units than the energies, or both in other units than eV and Å."""

from __future__ import annotations

import numpy as np

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.all_electron_energies import all_electron_energy
from mlffbench.datasets.checks.common.energy_force_consistency import AGREE, Slope, force_slope, stress_slope
from mlffbench.datasets.checks.common.force_scale import ForceScale, force_scale
from mlffbench.datasets.checks.common.frame_selection import usable_frames
from mlffbench.datasets.checks.common.units import ENERGY, FORCES

__all__ = ["force_units"]

FAR = 4.0  # stresses that are at odds with the energies beyond what strain explains
RARE = ("meV", "meV/Å", "kJ/mol/nm", "Hartree/Å", "eV/bohr")


def force_units(dataset: Dataset) -> list[Finding]:
    """Forces that do not fit the energies, or bonds far too stiff or too soft: wrong units.

    Two ratios are 1 for energies in eV and forces in eV/Å: energy differences of near frames over the work of
    the forces between them, and force constants of bonds over typical ones (of covalent bonds, or of metals
    by their bulk moduli; without near frames, the forces over typical ones). The finding names the units of
    energies and forces that explain both ratios best.
    """
    slope, scale = force_slope(dataset), force_scale(dataset)
    at_odds = slope is not None and not 1 / AGREE < abs(slope.value) < AGREE
    unlikely = scale is not None and scale.is_unlikely
    if not at_odds and not unlikely:
        return []
    energy, force = _likely_units(dataset, slope, scale)
    stress = stress_slope(dataset)  # right stresses, at odds with the energies
    certain = at_odds or (stress is not None and not 1 / FAR < abs(stress.value) < FAR)
    return [Finding("force_units", _sentence(slope, scale, energy, force), certain=certain)]


def _likely_units(dataset: Dataset, slope: Slope | None, scale: ForceScale | None) -> tuple[str, str]:
    """Return the units of energy and force with the least squared deviations.

    Units other than eV, rare units, and a force unit that does not match the energy unit are penalised.
    """

    def cost(energy: str, force: str) -> float:
        total = (
            float(energy != "eV")
            + float(not force.startswith(energy))
            + 2 * (energy in RARE)
            + 2 * (force in RARE)
            + 0.5 * (energy == "Rydberg")  # half of a Hartree, and rarer
        )
        if slope is not None:
            total += (np.log(abs(slope.value) * ENERGY[energy] / FORCES[force]) / 0.1) ** 2
        if scale is not None:
            total += (np.log(abs(scale.ratio) * FORCES[force]) / 0.7) ** 2
        ratio = _all_electron_ratio(dataset) * ENERGY[energy]
        return total - 3.0 * (abs(ratio - 1) < 0.03)

    choices = [(e, f) for e in ENERGY for f in FORCES if e == "eV" or f == "eV/Å" or f.startswith(e)]
    energy, force = min(choices, key=lambda pair: cost(*pair))
    if slope is not None and not 1 / AGREE < abs(slope.value) * ENERGY[energy] / FORCES[force] < AGREE:
        return "eV", "eV/Å"  # no units explain the ratio
    return energy, force


def _all_electron_ratio(dataset: Dataset) -> float:
    """Energy of the first frame over that of its free atoms: 1 for all-electron energies in eV."""
    first = int(usable_frames(dataset)[0])
    return float(dataset.labels.energy[first]) / all_electron_energy(dataset.frames[first].numbers)


def _sentence(slope: Slope | None, scale: ForceScale | None, energy: str, force: str) -> str:
    """The message: the likely units, and the ratios that speak for them."""
    facts = []
    if slope is not None:
        facts.append(
            f"energy differences are {abs(slope.value):.3g} times the work of the forces between near frames"
        )
    if scale is not None:
        facts.append(scale.fact)
    unlike = [("energies", energy)] * (energy != "eV") + [("forces", force)] * (force != "eV/Å")
    looks = " and ".join(f"the {what} look like {unit}" for what, unit in unlike)
    looks = looks or "energies and forces do not fit together"
    return f"{looks}: {' and '.join(facts)}; convert to eV and eV/Å"
