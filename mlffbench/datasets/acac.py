"""Acetylacetone: public test of transfer to other temperatures, a proton transfer and a torsion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset
from mlffbench.datasets.sources.public import (
    BOTNET,
    BOTNET_PAPER,
    UNITS,
    Source,
    botnet,
    per_group,
    read_botnet,
)

__all__ = ["acac"]

ELEMENTS = ["H", "C", "O"]


def _file(name: str, frames: int, size: int, sha256: str) -> Source:
    """A file of this dataset."""
    return botnet(f"dataset_acac/{name}", f"acac/{name}", frames, size, sha256=sha256)


ATOMS = _file(
    "isolated_atoms.xyz", 3, 455, "b74f321b453374621b447d65c60979f70df1b7182c8ee0215388b2c574f33823"
)
FILES = {
    "train_300K": _file(
        "train_300K.xyz", 500, 880100, "8f5706d6902360555a5be59395612d2afc3489a75688388a58e7275fdad68af3"
    ),
    "train_600K": _file(
        "train_600K.xyz", 500, 880112, "180c2538508f7810a623c279426f44953ee7cfb2af77e48ea3986ff97645a71c"
    ),
    "test_300K": _file(
        "test_MD_300K.xyz", 650, 1144100, "2291f3186a3cc6a5e05e92952c84a9237ca53f862d78fd3316a769360719ec43"
    ),
    "test_600K": _file(
        "test_MD_600K.xyz", 650, 1144153, "d5a5bba154ec43f915eb7529f86ec3af60e6f911743859daba030181a0378ff7"
    ),
    "H_transfer": _file(
        "test_H_transfer.xyz", 15, 14306, "ea4d76c79cf4cfccd2f93eaf755172b0b648886c4907eb0f82dff07a77530743"
    ),
    "dihedral": _file(
        "test_dihedral.xyz", 45, 43974, "0c2246a593579de5a4450698d5f4ba5802b095824b7f211aa5889339967c6809"
    ),
}
TEMPERATURES = {"train_300K": 300.0, "train_600K": 600.0, "test_300K": 300.0, "test_600K": 600.0}
CARD = {
    "title": "Acetylacetone (C5H8O2): 300 K against 600 K, proton transfer, torsion",
    "level": "PBE-D3/def2-SVP (UHF), ORCA 5.0",
    "units": UNITS,
    "licence": "MIT",
    "citation": BOTNET_PAPER,
    "source": f"{BOTNET}/dataset_acac",
    "train": "train_300K",
    "tests": ["test_300K", "test_600K", "H_transfer", "dihedral"],
    "in_domain": "test_300K",
    "split": "500 frames of 300 K train; train_600K is an alternative training set, not a test",
    "sampling": "decorrelated frames of xTB MD; H_transfer is a nudged elastic band, dihedral a scan",
    "columns": {
        "group": "train or test group",
        "temperature": "K, of the MD groups",
        "coordinate": "along H_transfer and dihedral, see coordinates",
        "dihedral_angle": "C–C–C–O torsion of atoms 0 1 2 3, degrees; not in H_transfer",
        "config_type": "as in the files",
    },
    "coordinates": {"H_transfer": "r(OH) − r(O'H) (Å)", "dihedral": "C–C–C–O dihedral (degrees)"},
    "published": {
        "what": "RMSE, trained on train_300K: energy meV / forces meV/Å at 300 K | 600 K",
        "BOTNet": "0.89 / 6.3 | 6.2 / 29.8",
        "NequIP": "0.81 / 5.90 | 6.04 / 27.8",
        "MACE": "0.9 / 5.1 | 4.6 / 22.4",
        "source": "arXiv:2205.06643 (BOTNet, NequIP), arXiv:2206.07697 (MACE)",
    },
}


def acac() -> Dataset:
    """Acetylacetone at PBE-D3: trained at 300 K, tested at 300 and 600 K, on a proton transfer and a torsion.

    C5H8O2, 15 atoms. Groups: ``train_300K``, ``train_600K``, ``test_300K``, ``test_600K``, and with energies
    only ``H_transfer`` and ``dihedral``. ``print(acac())`` shows the card.

    Raises
    ------
    DownloadError
        A file is not on this machine and cannot be fetched, see `mlffbench.system.fetch.fetch`.

    References
    ----------
    I. Batatia et al., arXiv:2205.06643 (2022).
    """
    return read_botnet("acac", FILES, ATOMS, _columns, CARD)


def sources() -> tuple[Source, ...]:
    """Files of the dataset."""
    return (*FILES.values(), ATOMS)


def _columns(frames: Sequence[Atoms], groups: np.ndarray) -> dict[str, np.ndarray]:
    """Columns ``temperature`` and ``coordinate``."""
    coordinates = [_coordinate(a, g) for a, g in zip(frames, groups.tolist(), strict=True)]
    return {"temperature": per_group(groups, TEMPERATURES), "coordinate": np.array(coordinates)}


def _coordinate(atoms: Atoms, group: str) -> float:
    """Reaction coordinate of a frame on its group's path; NaN in the MD groups."""
    if group == "dihedral":
        return float(atoms.info["dihedral_angle"])
    if group != "H_transfer":
        return float("nan")
    oxygens, hydrogens = (np.flatnonzero(atoms.symbols == s) for s in "OH")
    to_oxygens = atoms.get_all_distances()[np.ix_(hydrogens, oxygens)]
    first, second = to_oxygens[to_oxygens.sum(axis=1).argmin()]  # of the hydrogen between them
    return float(first - second)
