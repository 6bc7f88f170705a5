"""DeePMD-kit's folders, in eV and Å: ``type.raw``, ``type_map.raw``, ``set.*/coord.npy`` or ``coord.raw``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from mlffbench.datasets.formats.chemical_symbols import fault_of_symbol
from mlffbench.system.array_archive import read_array

__all__ = ["frames_of", "is_system"]

PARTS = ("coord", "box", "energy", "force", "virial")
OTHERS = (
    "fparam",
    "aparam",
    "atom_ener",
    "atom_pref",
    "real_atom_types",
    "dipole",
    "polarizability",
)  # no labels


def is_system(folder: Path) -> bool:
    """True for a folder that DeePMD-kit would train on."""
    return (folder / "type.raw").is_file()


def frames_of(folder: Path) -> list[Atoms]:
    """Read all frames of a system; forces, energies and virials that it lacks are missing.

    Raises
    ------
    ValueError
        No ``type_map.raw``, mixed types, or arrays that do not fit each other.
    """
    symbols = _symbols(folder)
    sets = sorted(folder.glob("set.*"))
    if any((s / "real_atom_types.npy").exists() for s in sets):
        raise ValueError(f"{folder}: DeePMD-kit's mixed-type format; convert it with dpdata to 'deepmd/npy'")
    parts = [_arrays(s) for s in sets]
    if not parts:
        raw = {n: folder / f"{n}.raw" for n in PARTS}
        parts = [{n: np.loadtxt(file, ndmin=2) for n, file in raw.items() if file.exists()}]
    elif not any("coord" in arrays for arrays in parts):
        parts = [{}]
    periodic = not (folder / "nopbc").exists()
    return [atoms for arrays in parts for atoms in _frames(folder, symbols, arrays, periodic)]


def _arrays(folder: Path) -> dict[str, np.ndarray]:
    """Arrays of one set: those of DeePMD-kit, and others that may be labels."""
    arrays: dict[str, np.ndarray] = {}
    for file in sorted(folder.glob("*.npy")):
        try:
            arrays |= {} if file.stem in OTHERS else {file.stem: read_array(file)}
        except ValueError:
            if file.stem in PARTS:
                raise
    return arrays


def _symbols(folder: Path) -> list[str]:
    """Chemical symbols of the atoms."""
    names = folder / "type_map.raw"
    if not names.is_file():
        raise ValueError(
            f"{folder}: no type_map.raw, so the types have no elements; write their symbols into it"
        )
    elements = names.read_text().split()
    types = [int(word) for word in (folder / "type.raw").read_text().split()]
    if max(types) >= len(elements):
        raise ValueError(f"{folder}: type {max(types)} in type.raw, but type_map.raw has {elements} only")
    if (wrong := next(filter(None, map(fault_of_symbol, elements)), None)) is not None:
        raise ValueError(f"{folder}: type_map.raw: {wrong}")
    return [elements[t].capitalize() for t in types]


def _frames(folder: Path, symbols: list[str], arrays: dict[str, Any], periodic: bool) -> list[Atoms]:
    """Frames of one set."""
    natoms, count = len(symbols), len(arrays.get("coord", ()))
    needed = {"coord": 3 * natoms, "box": 9, "energy": 1, "force": 3 * natoms, "virial": 9}
    for name, values in arrays.items():
        if name in needed and np.size(values) != count * needed[name]:
            raise ValueError(
                f"{folder}: {name} has {np.size(values)} numbers, not {needed[name]} for each of {count} "
                "frames"
            )
    if not count or (periodic and "box" not in arrays):
        raise ValueError(
            f"{folder}: no frames with coord and box in set.* or *.raw (a molecule has a file nopbc)"
        )
    shaped = {
        n: np.asarray(v, dtype=float).reshape(count, needed[n]) for n, v in arrays.items() if n in needed
    }
    others = {n: v for n, v in arrays.items() if n not in needed and np.ndim(v) and len(v) == count}
    rows = [{n: v[i] for n, v in shaped.items()} for i in range(count)]
    return [
        _frame(symbols, row, periodic, {n: v[i] for n, v in others.items()}) for i, row in enumerate(rows)
    ]


def _frame(symbols: list[str], row: dict[str, np.ndarray], periodic: bool, others: dict[str, Any]) -> Atoms:
    """One frame; the virial is -stress times volume, as under the key ``virial`` of extended xyz.

    Arrays of other names may be labels that a keyword names.
    """
    cell = {"cell": row["box"].reshape(3, 3), "pbc": True} if periodic else {}
    atoms = Atoms(symbols, row["coord"].reshape(-1, 3), **cell)
    results: dict[str, Any] = {"energy": float(row["energy"][0])} if "energy" in row else {}
    if "force" in row:
        results["forces"] = row["force"].reshape(-1, 3)
    atoms.calc = SinglePointCalculator(atoms, **results)
    if "virial" in row and periodic:
        atoms.info["virial"] = row["virial"].reshape(3, 3)
    atoms.info |= {name: v.item() if np.size(v) == 1 else v for name, v in others.items()}
    return atoms
