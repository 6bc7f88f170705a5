"""Ethanol: public test of transfer from thermal motion to a breaking bond, normal modes and methanol."""

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

__all__ = ["ethanol_botnet"]

ELEMENTS = ["H", "C", "O"]


def _file(name: str, frames: int, size: int, sha256: str) -> Source:
    """A file of this dataset."""
    return botnet(f"dataset_ethanol/{name}", f"ethanol_botnet/{name}", frames, size, sha256=sha256)


ATOMS = _file(
    "isolated_atoms.xyz", 4, 608, "a2a662390f31ad623ce493038e680bc34214f88d4432566bf8fbd0761be57583"
)
FILES = {
    "train": _file(
        "train.xyz", 1000, 1115876, "a26a16d8910581fa321fedc3bd3dfe31f2460e8cbfdc7a8f65243f4fd7250dd0"
    ),
    "train_eth_meth": _file(
        "train_eth_meth.xyz",
        1300,
        1330730,
        "2aea243261f05b7d556cca37d73de335a98573d198441f32dc6f835cd948e3a0",
    ),
    "test_MD": _file(
        "test_MD.xyz", 1000, 1110863, "b8726933d5b9083989d8e3cc7013c18e0950cf0cbc6f6cd570fdb9759001031c"
    ),
    "H_removal": _file(
        "test_H_removal.xyz", 60, 38519, "8d9f13272eb1c7570edaf6afc31e6f8670df38c41b82611504878576708b1a1c"
    ),
    "norm_mode_874": _file(
        "test_norm_mode_874.xyz",
        37,
        24180,
        "13f363e0c141dc25af4d8f59668623a27e024c781a07a52f8565fc6bb0e58f99",
    ),
    "norm_mode_3005": _file(
        "test_norm_mode_3005.xyz",
        18,
        11769,
        "9412f0ac3562ee3f307e823eae5f6a9b793e1805feea908f58c9d24a0068f6b0",
    ),
    "dimers": _file(
        "test_dimers.xyz", 429, 110276, "6beaf368c2caed6493a39c643438317246926675f14b188b7a2dcbd7868f7342"
    ),
    "test_eth_meth": _file(
        "test_eth_meth.xyz", 1145, 1209446, "e9109584eb66d2ffe7509dd792c436e4b54bed2583a4de555bda9b2cd4799adf"
    ),
}
PATHS = {"H_removal": "OH_dist", "norm_mode_874": "displacement", "norm_mode_3005": "displacement"}
TEMPERATURES = dict.fromkeys(("train", "test_MD", "train_eth_meth", "test_eth_meth"), 500.0)
CARD = {
    "title": "Ethanol: O–H dissociation, normal modes, dimers, transfer to methanol",
    "level": "PBE/def2-SVP, ORCA 4.2",
    "units": UNITS,
    "licence": "MIT",
    "citation": f"{BOTNET_PAPER}; ethanol frames from rMD17 (doi:10.1088/2632-2153/abba6f)",
    "source": f"{BOTNET}/dataset_ethanol",
    "train": "train",
    "tests": ["test_MD", "H_removal", "norm_mode_874", "norm_mode_3005", "dimers", "test_eth_meth"],
    "in_domain": "test_MD",
    "split": "1000 frames of ethanol train; train_eth_meth is the training set with methanol, not a test",
    "overlap": "train_eth_meth contains all 1000 frames of train, and test_eth_meth all 1000 of test_MD; "
    "what was trained on train must not be tested on train_eth_meth",
    "sampling": "ethanol from MD at 500 K (rMD17, split 4), methanol from ab initio MD at 500 K; H_removal "
    "moves one H away from the equilibrium geometry, all else fixed (open shell, lowest solution)",
    "columns": {
        "group": "train or test group",
        "molecule": "ethanol, methanol, or the dimer: HH, HO, CC ...",
        "temperature": "K, of the MD groups",
        "coordinate": "along H_removal and the normal modes, see coordinates",
        "distance": "of the two atoms of a dimer, Å",
        "OH_dist": "of the hydroxyl group, atoms 2 and 8, Å",
        "displacement": "along the normal mode, as in the files",
        "config_type": "as in the files",
    },
    "coordinates": {
        "H_removal": "r(OH) (Å)",
        "norm_mode_874": "displacement along the mode of 874 cm⁻¹",
        "norm_mode_3005": "displacement along the mode of 3005 cm⁻¹",
    },
}


def ethanol_botnet() -> Dataset:
    """Ethanol at PBE: trained on motion at 500 K, tested on dissociation, normal modes, dimers, methanol.

    Training groups: ``train`` (ethanol) and ``train_eth_meth`` (the same frames and 300 of methanol). Tests:
    ``test_MD``, ``test_eth_meth`` (the same frames and 145 of methanol), and with energies only
    ``H_removal`` (of the O–H bond), ``norm_mode_874``, ``norm_mode_3005`` and ``dimers``.
    ``print(ethanol_botnet())`` shows the card.

    Raises
    ------
    DownloadError
        A file is not on this machine and cannot be fetched, see `mlffbench.system.fetch.fetch`.

    References
    ----------
    I. Batatia et al., arXiv:2205.06643 (2022); frames of ethanol: A. S. Christensen and O. A. von Lilienfeld,
    Mach. Learn.: Sci. Technol. 1, 045018 (2020).
    """
    return read_botnet("ethanol_botnet", FILES, ATOMS, _columns, CARD)


def sources() -> tuple[Source, ...]:
    """Files of the dataset."""
    return (*FILES.values(), ATOMS)


def _columns(frames: Sequence[Atoms], groups: np.ndarray) -> dict[str, np.ndarray]:
    """Columns ``molecule``, ``temperature`` and ``coordinate``."""
    coordinates = [
        a.info[PATHS[g]] if g in PATHS else np.nan for a, g in zip(frames, groups.tolist(), strict=True)
    ]
    return {
        "molecule": np.array([_molecule(a) for a in frames]),
        "temperature": per_group(groups, TEMPERATURES),
        "coordinate": np.array(coordinates, dtype=float),
    }


def _molecule(atoms: Atoms) -> str:
    """Name of the molecule, from its formula or the file."""
    names = {"C2H6O": "ethanol", "CH4O": "methanol"}
    return names.get(atoms.get_chemical_formula(), str(atoms.info["config_type"]))
