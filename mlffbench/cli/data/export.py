"""Export of the parts of a split as extended XYZ files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from mlffbench.data import Dataset, Split
from mlffbench.system.atomic_write import atomic_write

__all__ = ["export_parts"]


def export_parts(dataset: Dataset, split: Split, folder: Path) -> list[Path]:
    """Write ``train.xyz``, ``test_<name>.xyz`` and, if known, ``isolated_atoms.xyz``.

    Labels stand under ASE's names (``energy``, ``forces``, ``stress``), columns in each frame's ``info``.

    Raises
    ------
    ValueError
        Two test groups would be written to the same file.
    OSError
        The folder cannot be written, or has such a file.
    """
    parts = {"train.xyz": split.train}
    for name, part in split.tests.items():
        file = f"test_{re.sub(r'[^A-Za-z0-9_.+-]', '_', name)}.xyz"
        if file in parts:
            raise ValueError(f"test group {name!r} and another one would both be {file!r}; rename a group")
        parts[file] = part
    files = [*parts, *(["isolated_atoms.xyz"] if dataset.atomic_energies else [])]
    if present := [file for file in files if (folder / file).exists()]:
        raise FileExistsError(f"{folder / present[0]} exists, and is not replaced; give another folder")
    frames_of = lambda part: (dataset.to_atoms([i])[0] for i in part)  # one at a time: they may lie on disk
    written = [_write(folder / file, frames_of(part)) for file, part in parts.items()]
    if dataset.atomic_energies:
        written.append(_write(folder / "isolated_atoms.xyz", _isolated(dataset.atomic_energies)))
    return written


def _write(path: Path, frames: Iterator[Atoms]) -> Path:
    import io

    with atomic_write(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
        for atoms in frames:
            write(text, atoms, format="extxyz")
        text.detach()
    return path


def _isolated(energies: Any) -> Iterator[Atoms]:
    for symbol, energy in energies.items():
        atoms = Atoms(symbol)
        atoms.calc = SinglePointCalculator(atoms, energy=energy)
        atoms.info = {"config_type": "isolated_atom"}
        yield atoms
