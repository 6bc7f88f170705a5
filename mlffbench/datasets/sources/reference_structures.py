"""Reference of your own data: named structures with known numbers, and the calculator of the labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Reference, bare
from mlffbench.datasets.formats.structure_file import read_structures

__all__ = ["reference_of"]

SAME_ENERGY = 1e-4  # eV per atom


def reference_of(
    structures: str | Path | None,
    truth: str | Mapping[str, Any] | None,
    source: str,
    level: str | None = None,
) -> Reference | None:
    """Read reference structures and their known numbers from a file, the ground state first.

    Extended xyz: ``name=diamond`` in each frame's info, and every number there is a known value of it,
    ``C11=153 vacancy_formation_energy=3.6`` (eV, Å, GPa, THz). An energy is that of all atoms of the frame,
    as ASE writes it, and a crystal's is divided by their number; ``energy_per_atom`` is divided already. The
    volume of a crystal is per atom. `level` is the level of theory of these numbers, where it is not that of
    the labels.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        Two structures of one name, a potential without structures, or numbers that contradict the structure.
    """
    if structures is None:
        if truth is None and level is None:
            return None
        if truth is None:
            raise ValueError("reference_level is that of structures: give their file, too, or leave it out")
        raise ValueError("truth needs structures: a file of the crystals or molecules to ask it about")
    if not Path(structures).is_file():
        raise FileNotFoundError(f"there is no file of structures at {str(structures)!r}")
    frames = read_structures(structures)
    names = [str(a.info.get("name") or a.get_chemical_formula()) for a in frames]
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise ValueError(f"{structures} has several structures named {twice[0]!r}; write name=... into each")
    values = {name: _numbers(name, a) for name, a in zip(names, frames, strict=True)}
    spec = {truth: {}} if isinstance(truth, str) else truth
    return Reference(dict(zip(names, map(bare, frames), strict=True)), values, source, spec, level=level)


def _numbers(name: str, atoms: Atoms) -> dict[str, float]:
    """Numbers in a frame's info, and the energy of its calculator: of a crystal per atom."""
    numbers = {k: float(v) for k, v in atoms.info.items() if _is_number(v)}
    if atoms.calc is not None and "energy" in atoms.calc.results:
        numbers["energy"] = float(atoms.calc.results["energy"])
    size = len(atoms) if atoms.pbc.any() else 1
    if "energy" in numbers:
        numbers["energy"] /= size
    if "energy_per_atom" in numbers:
        energy = numbers.pop("energy_per_atom") * len(atoms) / size
        if abs(numbers.setdefault("energy", energy) - energy) > SAME_ENERGY * len(atoms) / size:
            raise ValueError(
                f"energy={numbers['energy'] * size:g} and energy_per_atom={energy * size / len(atoms):g} of "
                f"{name}, {len(atoms)} atoms, contradict each other: energy is that of all atoms"
            )
    if atoms.pbc.all() and "volume" in numbers:
        _check_volume(name, atoms, numbers["volume"])
    return numbers


def _check_volume(name: str, atoms: Atoms, volume: float) -> None:
    """Raise if the volume, Å³ per atom, is nearer to that of the whole cell."""
    whole = abs(float(atoms.cell.volume))
    if volume > whole / np.sqrt(len(atoms)) and len(atoms) > 1:
        raise ValueError(
            f"volume={volume:g} of {name} is that of its cell of {len(atoms)} atoms ({whole:.4g} Å³); "
            f"give Å³ per atom: volume={volume / len(atoms):.5g}"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
