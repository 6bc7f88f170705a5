"""A user's own data: any file that ASE reads, or MD17's arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlffbench.data import Dataset
from mlffbench.datasets._files import match, read_frames
from mlffbench.datasets._frames import from_frames, isolated_energies
from mlffbench.registry import suggest

__all__ = ["path"]


def path(
    path: str | Sequence[str],
    train: str | None = None,
    tests: Mapping[str, str | Sequence[str]] | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    stress_key: str | None = None,
    isolated_atoms: str | Mapping[str, float] | None = None,
    group_key: str | None = None,
    level: str | None = None,
    units: str | None = None,
) -> Dataset:
    """Your own files: extended xyz (also .gz, .xz), whatever else ASE reads, MD17's .npz.

    Energies are read in eV, positions in Å, forces in eV/Å, stresses in eV/Å³ (ASE's sign). Labels are found
    under their usual names, see `from_frames`; numbers and texts of each frame become columns.

    Parameters
    ----------
    path : str or list of str
        A file, a glob pattern or a folder. Relative paths are relative to the current directory.
    train : str, optional
        The group that the split `official` trains on; ``"train"`` where `tests` are given.
    tests : mapping of str to str, optional
        Named test groups and their files, likewise relative to the current directory. The column ``group`` is
        then ``train`` for the frames of `path`, and the test's name for the others.
    energy_key, forces_key, stress_key : str, optional
        Where the labels are, if under an unusual name or under several.
    isolated_atoms : str or mapping of str to float, optional
        A file of single-atom frames, or energies in eV by chemical symbol.
    group_key : str, optional
        The entry of ``info`` that becomes the column ``group``; without it a ``group`` in the file is used.
    level : str, optional
        The level of theory, for the card.
    units : {"eV", "kcal/mol", "Hartree"}, optional
        Of an .npz file, which does not tell: energies so, forces so per Å, with ``"Hartree"`` per bohr;
        positions always in Å. Other files are in eV.

    Raises
    ------
    FileNotFoundError
        Nothing matches a path.
    ValueError
        Labels are missing, ambiguous or not finite; see `from_frames`.

    Examples
    --------
    In a suite: ``dataset: {path: train.xyz, tests: {600K: hot.xyz}, forces_key: dft_force}``.
    """
    if tests and group_key:
        raise ValueError("give tests or group_key, not both: either names the groups")
    parts = {g: read_frames(found, units, energy_key) for g, found in _files(path, tests or {}).items()}
    frames = [atoms for part in parts.values() for atoms in part]
    group = {"group": np.repeat(list(parts), [len(p) for p in parts.values()])} if tests else {}
    alone = _isolated(isolated_atoms, energy_key, units)
    name = _name(path)
    data = from_frames(name, frames, energy_key, forces_key, stress_key, None, alone, group)
    columns = _with_group(name, data.columns, group_key)
    card = _card(path, tests, level, units) | _groups(name, columns, train or ("train" if tests else None))
    return Dataset(name, data.frames, data.labels, columns, card, data.atomic_energies)


def _files(path: str | Sequence[str], tests: Mapping[str, str | Sequence[str]]) -> dict[str, list[Path]]:
    """Files by group; none in two groups."""
    if "train" in tests:
        raise ValueError("a test cannot be named 'train': that is the group of the main path")
    files: dict[str, list[Path]] = {}
    owner: dict[Path, str] = {}
    for group, places in {"train": path, **tests}.items():
        listed = [str(places)] if isinstance(places, str | Path) else [str(p) for p in places]
        files[group] = list(dict.fromkeys(f for p in listed for f in match(p)))
        for file in files[group]:
            if owner.setdefault(file.resolve(), group) != group:
                raise ValueError(f"{str(file)!r} is in two groups, {owner[file.resolve()]!r} and {group!r}")
    return files


def _name(path: str | Sequence[str]) -> str:
    """The file's stem; a pattern's folder."""
    first = Path(path if isinstance(path, str | Path) else path[0])
    named = first.parent.resolve() if set("*?[") & set(first.name) else first.expanduser().resolve()
    return named.name.partition(".")[0]


def _isolated(
    atoms: str | Mapping[str, float] | None, energy_key: str | None, units: str | None
) -> dict[str, float] | None:
    if atoms is None:
        return None
    if isinstance(atoms, Mapping):
        return {symbol: float(energy) for symbol, energy in atoms.items()}
    return isolated_energies(atoms, read_frames(match(atoms)), energy_key)


def _with_group(name: str, columns: Mapping[str, np.ndarray], group_key: str | None) -> dict[str, np.ndarray]:
    if group_key is None:
        return dict(columns)
    if group_key not in columns:
        raise ValueError(f"{name}: no frame has group_key {group_key!r}{suggest(group_key, columns)}")
    values = columns[group_key]
    return {**columns, "group": np.array([f"{v:g}" if isinstance(v, float) else str(v) for v in values])}


def _groups(name: str, columns: Mapping[str, np.ndarray], train: str | None) -> dict[str, Any]:
    """The card's count of each group, and which of them trains."""
    groups = [str(g) for g in columns.get("group", ())]
    if train is not None and train not in groups:
        raise ValueError(f"{name}: no group {train!r} to train on{suggest(train, set(groups))}")
    counts = {g: groups.count(g) for g in dict.fromkeys(groups)}
    return ({"groups": counts} if counts else {}) | ({"train": train} if train else {})


def _card(path: Any, tests: Any, level: str | None, units: str | None) -> dict[str, Any]:
    card = {
        "title": "your own data",
        "path": str(path),
        "level": level or "unknown",
        "units": {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "positions": "Å"},
    }
    if units not in (None, "eV"):
        card["converted_from"] = units
    return card | ({"tests": {k: str(v) for k, v in tests.items()}} if tests else {})
