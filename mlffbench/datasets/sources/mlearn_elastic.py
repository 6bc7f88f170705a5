"""Reference crystals of mlearn: lattice and elastic constants from the labels of its elastic frames."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms
from ase.units import GPa

from mlffbench.data import Labels, Reference
from mlffbench.properties.symmetry import standard_cell

__all__ = ["reference"]

GROUND = "Ground state crystal"
PHASES = {"Si": "diamond", "Ge": "diamond", "Ni": "fcc", "Cu": "fcc", "Li": "bcc", "Mo": "bcc"}
STRAINED = re.compile(r".* mode (\d), strain (-?[\d.]+)$")
LARGEST = 0.05  # strain up to which the slope is fitted
SYMPREC = 1e-2  # Å
AT_REST = 1e-2  # eV/Å; ions with smaller forces would not relax further


def reference(
    element: str, frames: Sequence[Atoms], labels: Labels, texts: Sequence[str]
) -> Reference | None:
    """Lattice constant, energy, and the elastic constants of strains whose ions are at rest.

    C11 and C12 are the slopes of stress against strain along x, C44 against the shear xy, of cubics fitted to
    the strains up to 5 %. The shears of Si and Ge were labelled with clamped ions: no C44 for them.
    """
    if GROUND not in texts:
        return None
    ground = list(texts).index(GROUND)
    crystal = standard_cell(frames[ground], SYMPREC) or frames[ground]
    name = PHASES[element]
    values = {
        "lattice_constant": float(crystal.get_volume() ** (1 / 3)),
        "volume": float(crystal.get_volume() / len(crystal)),
        "energy": float(labels.energy[ground]) / len(frames[ground]),
        **_stiffness(frames, labels, texts, frames[ground]),
    }
    source = "the labels of the ground state and of the elastic frames (PBE, VASP)"
    return Reference({name: crystal}, {name: values}, source)


def _stiffness(
    frames: Sequence[Atoms], labels: Labels, texts: Sequence[str], ground: Atoms
) -> Mapping[str, float]:
    """C11, C12, C44 and the bulk modulus, GPa, as far as the ions are at rest."""
    constants = {}
    forces, stresses = labels.forces or (), labels.stress or ()
    for mode, where, components in ((0, (0, 0), {"C11": 0, "C12": 1}), (3, (0, 1), {"C44": 5})):
        picks = [i for i, t in enumerate(texts) if (m := STRAINED.match(t)) and int(m[1]) == mode
                 and abs(float(m[2])) < LARGEST]  # fmt: skip
        still = all(np.abs(np.asarray(forces[i])).max() < AT_REST for i in picks)
        if len(picks) >= 4 and still:
            strain = [_strain(frames[i], ground)[where] for i in picks]
            for constant, component in components.items():
                stress = [np.asarray(stresses[i])[component] / GPa for i in picks]
                constants[constant] = float(np.polyfit(strain, stress, 3)[2])
    if {"C11", "C12"} <= set(constants):
        constants["bulk_modulus"] = (constants["C11"] + 2 * constants["C12"]) / 3
    return constants


def _strain(atoms: Atoms, ground: Atoms) -> np.ndarray:
    """Engineering strains, (3, 3): ε = (F + Fᵀ)/2 − 1 on the diagonal, 2ε beside it."""
    gradient = np.linalg.solve(ground.cell.array, atoms.cell.array)
    small = (gradient + gradient.T) / 2 - np.eye(3)
    return small * (2 - np.eye(3))
