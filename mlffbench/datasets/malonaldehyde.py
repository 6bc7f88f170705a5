"""The built-in molecule: real DFT energies and forces, made by ``benchmarks/recipes/malonaldehyde.py``."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from importlib.resources import files

import numpy as np
from ase.io import read

from mlffbench.data import Dataset
from mlffbench.datasets._frames import from_frames

__all__ = ["malonaldehyde"]


def malonaldehyde() -> Dataset:
    """Malonaldehyde at PBE/def2-SVP: thermal motion at 300, 600 and 1200 K, proton transfer and torsion.

    C3H4O2, nine atoms, sampled with GFN2-xTB and labelled with PySCF; ``print(malonaldehyde())`` shows the
    card. Groups: ``train_300K``, ``test_300K``, ``test_600K``, ``test_1200K``, ``proton_transfer``,
    ``dihedral``.
    """
    folder = files("mlffbench.datasets") / "builtin"
    blob = (folder / "malonaldehyde.xyz.gz").read_bytes()
    card = json.loads((folder / "malonaldehyde.json").read_text(encoding="utf-8"))
    if hashlib.sha256(blob).hexdigest() != card["sha256"]:
        raise ValueError("malonaldehyde.xyz.gz does not match its card's sha256; reinstall mlffbench")
    frames = read(io.StringIO(gzip.decompress(blob).decode()), ":", format="extxyz")
    atomic_energies = card["isolated_atom_energies_eV"]
    dataset = from_frames("malonaldehyde", frames, energy_key="REF_energy", forces_key="REF_forces")
    temperature = dataset.columns["temperature"].astype(float)
    columns = {**dataset.columns, "temperature": np.asarray(temperature)}
    return Dataset("malonaldehyde", dataset.frames, dataset.labels, columns, card, atomic_energies)
