"""Data of your own: any file that ASE reads, or MD17's arrays.

Files larger than memory are read lazily: extended xyz, ``.db``, ``.aselmdb`` (with the extra ``lmdb``) and
.npz that is not compressed. One pass over them reads energies and columns and finds the frames; the resulting
index is cached (``$MLFFBENCH_CACHE``). Structures, forces and stresses are read on request, and checked
then. Compressed and other files are held in memory.

For VASP, ASE's ``energy`` is extrapolated to zero smearing; ``energy_key="free_energy"`` selects that whose
gradient the forces are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mlffbench.data import Dataset, value_name
from mlffbench.datasets.formats.files import match, open_files
from mlffbench.datasets.formats.records import JoinedReader, Source
from mlffbench.datasets.formats.to_dataset import from_source, isolated_energies_of
from mlffbench.datasets.sources.reference_structures import reference_of
from mlffbench.registry import suggest
from mlffbench.system.ranges import AtomEnergies, Group

__all__ = ["path"]

LARGE = 200e6  # bytes; Atoms in memory take several times as much


def path(
    path: str | Sequence[str],
    train: Group | None = None,
    tests: Mapping[str, str | Sequence[str]] | None = None,
    energy_key: str | None = None,
    forces_key: str | None = None,
    stress_key: str | None = None,
    isolated_atoms: str | AtomEnergies | None = None,
    group_key: str | None = None,
    level: str | None = None,
    units: Literal["eV", "kcal/mol", "Hartree"] | None = None,
    lazy: bool | None = None,
    allow: Sequence[str] = (),
    structures: str | None = None,
    truth: str | Mapping[str, Any] | None = None,
    reference_level: str | None = None,
) -> Dataset:
    """Your own files: extended xyz (also .gz, .xz), ASE databases, MD17's .npz, VASP's OUTCAR ...

    Labels are found under their usual names, see `from_frames`; numbers and texts of each frame become
    columns. In a suite: ``dataset: {path: train.xyz, forces_key: dft_force}``.

    Parameters
    ----------
    path : str or list of str
        A file, a pattern (``runs/**/OUTCAR``) or a folder, relative to the current directory.
    train, tests : str, mapping of str to str, optional
        The training group of the split `official`; the files of named test groups.
    energy_key, forces_key, stress_key : str, optional
        Keys of labels that have no well-known name or several.
    isolated_atoms : str or mapping of str to float, optional
        A file of single-atom frames (in `units`), or energies by chemical symbol, eV.
    group_key, level : str, optional
        The entry of ``info`` that becomes the column ``group``; the level of theory, for the card.
    units : {"eV", "kcal/mol", "Hartree"}, optional
        Unit of energies, virials and columns named ``energ...``; forces are per Å, stresses (ASE's sign) per
        Å³, with ``"Hartree"`` per bohr, bohr³. Default: as the file or its format says, else eV (not .npz).
    lazy : bool, optional
        Leave structures and forces in the files; the values are the same. Default: above 200 MB.
    allow : list of str, optional
        Checks (``mlffbench list checks``) that `mlffbench run` leaves out.
    structures, truth : str, str or mapping, optional
        Reference of tasks, see `reference_of`: a file of crystals or molecules at rest, and the calculator
        that computed the labels (``emt``, ``{lennard_jones: {sigma: 3.4}}``) if mlffbench has it.
    reference_level : str, optional
        Level of theory of that reference if it is not that of the labels: ``experiment``; marked in results.

    Raises
    ------
    FileNotFoundError, ValueError
        No file matches a path; labels are missing, ambiguous or not finite, see `from_frames`.
    """
    source, group, lazy = _opened(_files(path, tests or {}, group_key), units, lazy)
    keys = {"energy": energy_key, "forces": forces_key, "stress": stress_key}
    name, isolated = _name(path), _isolated(isolated_atoms, energy_key, units)
    data = from_source(name, source, keys, None, isolated, group, lazy=lazy)
    columns = _with_group(name, data.columns, group_key)
    reference = reference_of(structures, truth, level or f"of {name}", reference_level)
    card = {**_card(path, tests, level, source, allow), **data.card, **_groups(name, columns, train, tests)}
    return replace(data, columns=columns, card=card, reference=reference)


path.parts = {"truth": ("calculators",)}  # type: ignore[attr-defined]


def _opened(
    files: Mapping[str, Sequence[Path]], units: str | None, lazy: bool | None
) -> tuple[Source, dict[str, np.ndarray], bool]:
    """Open the frames of all files; also the column that names several groups, and True if read lazily."""
    lazy = _size(files) > LARGE if lazy is None else lazy
    parts = [open_files(listed, units, lazy) for listed in files.values()]
    group = np.repeat(list(files), [len(p.index) for p in parts])
    return JoinedReader.source(parts), {"group": group} if len(files) > 1 else {}, lazy


def _size(files: Mapping[str, Sequence[Path]]) -> int:
    """Size of all files, bytes."""
    return sum(file.stat().st_size for listed in files.values() for file in listed)


def _files(
    path: str | Sequence[str], tests: Mapping[str, str | Sequence[str]], group_key: str | None
) -> dict[str, list[Path]]:
    """List the files of each group; none may be in two."""
    if tests and group_key:
        raise ValueError("give tests or group_key, not both: either names the groups")
    if "train" in tests:
        raise ValueError("a test cannot be named 'train': that is the group of the main path")
    files: dict[str, list[Path]] = {}
    owner: dict[Path, str] = {}
    for group, places in {"train": path, **tests}.items():
        listed = [str(places)] if isinstance(places, str | Path) else [str(p) for p in places]
        if not listed:
            raise ValueError(f"no file is given for the group {group!r}")
        files[group] = list(dict.fromkeys(f for p in listed for f in match(p)))
        for file in files[group]:
            if owner.setdefault(file.resolve(), group) != group:
                raise ValueError(f"{str(file)!r} is in two groups, {owner[file.resolve()]!r} and {group!r}")
    return files


def _name(path: str | Sequence[str]) -> str:
    """Name of the dataset: the stem of the first file, or the folder in front of a pattern."""
    first = Path(path if isinstance(path, str | Path) else path[0]).expanduser()
    fixed = Path(*takewhile(lambda part: not set("*?[") & set(part), first.parts))
    return fixed.resolve().name.partition(".")[0]


def _isolated(
    atoms: str | Mapping[str, float] | None, energy_key: str | None, units: str | None
) -> dict[str, float] | None:
    """Energies of isolated atoms by chemical symbol, eV, as given or read from a file."""
    if atoms is None:
        return None
    if isinstance(atoms, Mapping):
        if flags := [symbol for symbol, energy in atoms.items() if isinstance(energy, bool)]:
            raise ValueError(f"isolated_atoms: the energies of {flags} are true or false, not numbers")
        return {symbol: float(energy) for symbol, energy in atoms.items()}
    return isolated_energies_of(atoms, open_files(match(atoms), units), energy_key)


def _with_group(name: str, columns: Mapping[str, np.ndarray], group_key: str | None) -> dict[str, np.ndarray]:
    """Add the column ``group``, a copy of the column `group_key` as text."""
    if group_key is None:
        return dict(columns)
    if group_key not in columns:
        raise ValueError(f"{name}: no frame has group_key {group_key!r}{suggest(group_key, columns)}")
    values = columns[group_key]
    return {**columns, "group": np.array([value_name(v) for v in values])}


def _groups(name: str, columns: Mapping[str, np.ndarray], group: Group | None, tests: Any) -> dict[str, Any]:
    """Entries of the card: frames of each group, and the training group."""
    default = "train" if tests else None
    train = default if group is None else value_name(group)
    groups, first, count = np.unique(columns.get("group", []), return_index=True, return_counts=True)
    counts = {str(groups[i]): int(count[i]) for i in np.argsort(first)}
    if train is not None and train not in counts:
        raise ValueError(f"{name}: no group {train!r} to train on{suggest(train, counts)}")
    return ({"groups": counts} if counts else {}) | ({"train": train} if train else {})


def _card(path: Any, tests: Any, level: str | None, source: Source, allow: Sequence[str]) -> dict[str, Any]:
    """Card of the dataset, apart from its groups."""
    card = {
        "title": "your own data",
        "path": str(path),
        "level": level or "unknown",
        "units": {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "positions": "Å"},
    }
    if source.units.name != "eV":
        card["converted_from"] = source.units.name
    if allow:
        card["allow"] = list(allow)
    return card | ({"tests": {k: str(v) for k, v in tests.items()}} if tests else {})
