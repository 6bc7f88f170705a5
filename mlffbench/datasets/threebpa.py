"""3BPA, a flexible molecule: standard test of transfer to higher temperatures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset
from mlffbench.datasets.sources.public import BOTNET, UNITS, Source, botnet, per_group, read_botnet
from mlffbench.registry import suggest
from mlffbench.system.fetch import DownloadError

__all__ = ["threebpa"]

ELEMENTS = ["H", "C", "N", "O"]


def _file(name: str, frames: int | None, size: int | None, **known: str) -> Source:
    """A file of this dataset."""
    return botnet(f"dataset_3BPA/{name}", f"3bpa/{name}", frames, size, **known)


ATOMS = _file(
    "iso_atoms.xyz", 4, 504, sha256="e12a2465a2612bf38fd5dabdf64d4b57fc58ce9610a858c54ea1142d517c053f"
)
FILES = {
    "train_300K": _file(
        "train_300K.xyz",
        500,
        1504880,
        sha256="d109971fab90e2231ad931a83eb704c8d940f5c7d7a8de27fe3b84ea18634c0a",
    ),
    "train_mixedT": _file(
        "train_mixedT.xyz",
        500,
        1504818,
        sha256="bc108532964b2ed259eaaabf82e5dfaffa5bda9ac384fc2afabcce192a49250b",
    ),
    "test_300K": _file("test_300K.xyz", 1669, None, blob="6ea840dfce31bd7667a26e592f3625729c90441b"),
    "test_600K": _file("test_600K.xyz", 2138, None, blob="681d24eeb4e9193644e6db58193b50e205a5bc0f"),
    "test_1200K": _file("test_1200K.xyz", 2139, None, blob="94beb5238c3573e4be4d368928460f951e07e513"),
    "dihedral": _file("test_dih.xyz", None, None, blob="7bdd390b9aed0a677dd8036a3a5055a0b648d1f5"),
}
TEMPERATURES = {"train_300K": 300.0, "test_300K": 300.0, "test_600K": 600.0, "test_1200K": 1200.0}
CARD = {
    "title": "3BPA (C12H12N2O): a flexible drug-like molecule at 300, 600 and 1200 K, and its torsions",
    "level": "ωB97X/6-31G(d), ORCA",
    "units": UNITS,
    "licence": "MIT (repository BOTNet-datasets); original supporting information: ACS, see the citation",
    "citation": "D. P. Kovács et al., Linear atomic cluster expansion force fields for organic molecules: "
    "beyond RMSE, J. Chem. Theory Comput. 17, 7696 (2021), doi:10.1021/acs.jctc.1c00647; split of "
    "I. Batatia et al., arXiv:2205.06643 (2022)",
    "source": f"{BOTNET}/dataset_3BPA",
    "train": "train_300K",
    "split": "500 frames of 300 K train; train_mixedT is an alternative training set, not a test",
    "overlap": "31 frames of train_mixedT are frames of train_300K: never test one by the other",
    "columns": {
        "group": "train or test group",
        "temperature": "K, of the MD groups; train_mixedT holds 300, 600 and 1200 K without saying which",
        "alpha": "torsion of atoms 4 1 5 13, degrees",
        "beta": "torsion of atoms 1 5 13 14, degrees",
        "gamma": "torsion of atoms 5 13 14 18, degrees",
    },
    "published": {
        "what": "RMSE, trained on train_300K: energy meV / forces meV/Å at 300 K | 600 K | 1200 K | dihedral",
        "linear ACE": "7.1 / 27.1 | 24.0 / 64.3 | 85.3 / 187.0",
        "sGDML": "9.1 / 46.2 | 484.8 / 439.2 | 774.5 / 711.1",
        "GAP": "22.8 / 87.3 | 61.4 / 151.9 | 166.8 / 305.5",
        "force field (GAFF form)": "60.8 / 302.8 | 136.8 / 407.9 | 325.5 / 670.9",
        "Allegro": "3.84 / 12.98 | 12.07 / 29.1 | 42.57 / 82.96",
        "NequIP": "3.28 / 10.77 | 11.16 / 26.37 | 38.52 / 76.18 | 23.2 / 23.1",
        "BOTNet": "3.1 / 11.0 | 11.5 / 26.7 | 39.1 / 81.1 | 16.3 / 20.0",
        "MACE L0": "4.5 / 14.6 | 13.7 / 33.3 | 37.1 / 81.6 | 12.3 / 26.1",
        "MACE L1": "3.4 / 10.3 | 9.9 / 24.6 | 31.7 / 67.8 | 11.5 / 19.3",
        "MACE L2": "3.0 / 8.8 | 9.7 / 21.8 | 29.8 / 62.0 | 7.8 / 16.5",
        "source": "arXiv:2206.07697 (MACE) and the Allegro paper",
    },
}


def threebpa(groups: Sequence[str] = tuple(FILES)) -> Dataset:
    """3BPA at ωB97X: trained at 300 K, tested at 300, 600 and 1200 K and on torsions.

    3-(benzyloxy)pyridin-2-amine, 27 atoms. ``print(threebpa())`` shows the card.

    Parameters
    ----------
    groups : sequence of {"train_300K", "train_mixedT", "test_300K", "test_600K", "test_1200K", "dihedral"}
        Groups to load, a file each; by default all. A mirror without the tests serves
        ``threebpa(groups=["train_300K", "train_mixedT"])``.

    Raises
    ------
    DownloadError
        A file is not on this machine and cannot be fetched, see `mlffbench.system.fetch.fetch`; the
        message names the groups that are.

    References
    ----------
    D. P. Kovács et al., J. Chem. Theory Comput. 17, 7696 (2021); I. Batatia et al., arXiv:2205.06643 (2022).
    """
    files = _files_of(groups)
    try:
        return read_botnet("threebpa", files, ATOMS, _columns, _card(files))
    except DownloadError as error:
        here = [g for g, s in FILES.items() if s.is_here]
        hint = f"; what is here can be had as threebpa(groups={here})" if here and ATOMS.is_here else ""
        raise DownloadError(f"{error}{hint}") from error


def sources(groups: Sequence[str] = tuple(FILES)) -> tuple[Source, ...]:
    """Files of the dataset."""
    return (*_files_of(groups).values(), ATOMS)


def _files_of(groups: Sequence[str]) -> dict[str, Source]:
    """Files of the groups; one of them must train."""
    names = [groups] if isinstance(groups, str) else list(groups)
    for name in names:
        if name not in FILES:
            raise ValueError(f"3BPA has no group {name!r}{suggest(name, FILES)}")
    if not any(name.startswith("train") for name in names):
        raise ValueError(f"groups {names} hold nothing to train on; add 'train_300K' or 'train_mixedT'")
    return {name: FILES[name] for name in names}


def _card(files: dict[str, Source]) -> dict[str, object]:
    """Card with the training and test groups among those that are loaded."""
    train = "train_300K" if "train_300K" in files else "train_mixedT"
    tests = [g for g in files if not g.startswith("train")] or [g for g in files if g != train]
    in_domain = {"in_domain": "test_300K"} if {"train_300K", "test_300K"} <= set(files) else {}
    return {**CARD, "train": train, "tests": tests, **in_domain}


def _columns(frames: Sequence[Atoms], groups: np.ndarray) -> dict[str, np.ndarray]:
    """Columns ``temperature``, ``alpha``, ``beta`` and ``gamma``."""
    unknown = (np.nan, np.nan, np.nan)
    torsions = np.array([a.info.get("dihedrals", unknown) for a in frames], dtype=float)
    columns = dict(zip(("alpha", "beta", "gamma"), torsions.T, strict=True))
    return {"temperature": per_group(groups, TEMPERATURES), **columns}
