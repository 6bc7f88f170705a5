"""Published datasets: files with checksums, groups from files, counts for the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset
from mlffbench.datasets.formats.to_dataset import from_frames, isolated_energies
from mlffbench.system.fetch import fetch, local

__all__ = ["BOTNET", "BOTNET_PAPER", "UNITS", "Source", "botnet", "per_group", "read_botnet", "with_counts"]

UNITS = {"energy": "eV", "forces": "eV/Å", "positions": "Å"}
BOTNET = (
    "https://raw.githubusercontent.com/davkovacs/BOTNet-datasets/29e6d467317e4b5967b7ea5cbee54de953fa0d45"
)
BOTNET_PAPER = (
    "I. Batatia et al., The design space of E(3)-equivariant atom-centered interatomic potentials, "
    "arXiv:2205.06643 (2022)"
)


@dataclass(frozen=True)
class Source:
    """A public file, its address and its checksum.

    Attributes
    ----------
    url : str
        Address, pinned to a commit.
    mirror : str
        Path below ``$MLFFBENCH_DATA`` and below the cache.
    sha256, blob : str, optional
        SHA-256, git blob id.
    size : int, optional
        Bytes.
    frames : int, optional
        Number of frames.
    """

    url: str
    mirror: str
    sha256: str | None = None
    blob: str | None = None
    size: int | None = None
    frames: int | None = None

    def fetch(self) -> Path:
        """Return the path of the checked file; download it if it is not on this machine."""
        return fetch(self.url, mirror=self.mirror, sha256=self.sha256, blob=self.blob, size=self.size)

    @property
    def is_here(self) -> bool:
        """True if the file needs no network."""
        return local(self.mirror) is not None


def botnet(path: str, mirror: str, frames: int | None, size: int | None, **known: str) -> Source:
    """Return a file of the repository BOTNet-datasets, with its ``sha256`` or ``blob``."""
    return Source(f"{BOTNET}/{path}", mirror, size=size, frames=frames, **known)


def read_botnet(
    name: str,
    files: Mapping[str, Source],
    atoms: Source,
    columns: Callable[[Sequence[Atoms], np.ndarray], Mapping[str, np.ndarray]],
    card: Mapping[str, Any],
) -> Dataset:
    """Build a dataset of extended xyz files, a group each.

    `columns` computes more columns from the frames and their groups.
    """
    from ase.io import read

    parts = {group: read(source.fetch(), ":", format="extxyz") for group, source in files.items()}
    frames = [a for part in parts.values() for a in part]
    groups = np.repeat(list(parts), [len(p) for p in parts.values()])
    isolated = isolated_energies(name, read(atoms.fetch(), ":", format="extxyz"), "energy")
    table = {"group": groups, **columns(frames, groups)}
    data = from_frames(name, frames, "energy", "forces", atomic_energies=isolated, columns=table)
    return with_counts(data, card)


def per_group(groups: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Column with one number for each group; NaN for groups without one."""
    return np.array([values.get(g, np.nan) for g in groups.tolist()])


def with_counts(dataset: Dataset, card: Mapping[str, Any]) -> Dataset:
    """Return the dataset with its card and, in that, the numbers of frames and labels of every group."""
    groups = dataset.columns["group"]
    names = list(dict.fromkeys(groups.tolist()))
    coverage = {name: _coverage(dataset, np.flatnonzero(groups == name)) for name in names}
    counts = {name: n["energies"] for name, n in coverage.items()}
    return replace(dataset, card={**card, "groups": counts, "coverage": coverage})


def _coverage(dataset: Dataset, part: np.ndarray) -> dict[str, int]:
    """Number of energies, forces and stresses among some frames."""
    labels = dataset.labels
    has = lambda values: 0 if values is None else sum(values[i] is not None for i in part.tolist())
    return {"energies": len(part), "forces": has(labels.forces), "stress": has(labels.stress)}
