"""Reference of your own data: named structures with known numbers, and the calculator of the labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.io import read

from mlffbench.data import Reference, bare

__all__ = ["reference_of"]


def reference_of(
    structures: str | Path | None, truth: str | Mapping[str, Any] | None, source: str
) -> Reference | None:
    """Read reference structures and their known numbers from a file, the ground state first.

    Extended xyz: ``name=diamond`` in each frame's info, and every number there is a known value of it,
    ``C11=153 vacancy_formation_energy=3.6`` (eV, Å, GPa, THz).

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        Two structures of one name, or a potential without structures.
    """
    if structures is None:
        if truth is None:
            return None
        raise ValueError("truth needs structures: a file of the crystals or molecules to ask it about")
    if not Path(structures).is_file():
        raise FileNotFoundError(f"there is no file of structures at {str(structures)!r}")
    frames = read(structures, ":")
    names = [str(a.info.get("name") or a.get_chemical_formula()) for a in frames]
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise ValueError(f"{structures} has several structures named {twice[0]!r}; write name=... into each")
    values = {name: _numbers(a) for name, a in zip(names, frames, strict=True)}
    spec = {truth: {}} if isinstance(truth, str) else truth
    return Reference(dict(zip(names, map(bare, frames), strict=True)), values, source, spec)


def _numbers(atoms: Atoms) -> dict[str, float]:
    """Numbers in a frame's info, and the energy of its calculator."""
    numbers = {k: float(v) for k, v in atoms.info.items() if _is_number(v)}
    if atoms.calc is not None and "energy" in atoms.calc.results:
        numbers["energy"] = float(atoms.calc.results["energy"])
    return numbers


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
