"""LAMMPS input of an exported potential: a file to ``include`` once the atoms are there, and its use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ase.data import chemical_symbols

__all__ = ["lammps_input", "lammps_script", "wrapped"]


def lammps_input(
    title: str,
    elements: Sequence[str],
    commands: Sequence[str],
    atomic_energies: Mapping[str, float] | None = None,
    package: str = "",
) -> str:
    """Text of an input file with the commands of a potential.

    Parameters
    ----------
    title : str
        Name of the potential, for the first line.
    elements : sequence of str
        Chemical symbols of the atom types 1, 2, ...
    commands : sequence of str
        ``pair_style``, ``pair_coeff``.
    atomic_energies : mapping of str to float, optional
        Constants per atom, eV, that LAMMPS's energy lacks: the input defines ``v_isolated``, their sum, and
        ``v_total``, the energy with them.
    package : str
        LAMMPS package of the pair style.

    Raises
    ------
    ValueError
        A name of an element is none; a model file could put commands there.
    """
    if unknown := [s for s in elements if s not in chemical_symbols[1:]]:
        raise ValueError(f"no chemical elements: {unknown}")
    types = ", ".join(f"{i} {symbol}" for i, symbol in enumerate(elements, 1))
    lines = [f"# {title}, units metal", f"# atom types: {types}"]
    lines += [f"# LAMMPS needs its package {package}"] if package else []
    lines += commands
    if atomic_energies is not None:
        lines += _constants(elements, atomic_energies)
    return "\n".join(lines) + "\n"


def _constants(elements: Sequence[str], energies: Mapping[str, float]) -> list[str]:
    """Variables ``isolated``, Σ_Z n_Z e_Z in eV, and ``total``, LAMMPS's energy with it."""
    terms = " + ".join(f"({float(energies[s])!r})*count({s})" for s in elements)
    return [
        "# pe counts from isolated atoms, whose energies in eV follow; v_total has them",
        *(f"group {symbol} type {i}" for i, symbol in enumerate(elements, 1)),
        f'variable isolated equal "{terms}"',
        'variable total equal "c_thermo_pe + v_isolated"',
    ]


def lammps_script(name: str, elements: Sequence[str], text: str, settings: Sequence[str] = ()) -> str:
    """Lines of a LAMMPS input that includes the file `name`, whose text they repeat as comments.

    Parameters
    ----------
    name : str
    elements : sequence of str
        Chemical symbols of the atom types.
    text : str
        Result of `lammps_input`.
    settings : sequence of str
        Commands that must stand before the atoms are read.

    Raises
    ------
    ValueError
        LAMMPS would read the name as more than one word, or a variable in it.
    """
    if not re.fullmatch(r"[\w.+-]+", name):
        raise ValueError(f"LAMMPS cannot include {name!r}: letters, digits and _.+- only, please")
    energy = "v_total" if "variable total" in text else "pe"
    lines = [
        f"# ase.io.write('atoms.data', atoms, format='lammps-data', specorder={list(elements)}, masses=True)",
        *("units metal", "atom_style atomic", *settings, "read_data atoms.data"),
        f"include {name}",
        *(f"#   {line}" for line in text.splitlines() if not line.startswith("#")),
        *(f"thermo_style custom step temp press {energy}", "run 0"),
    ]
    return "\n".join(lines)


def wrapped(values: Sequence[float], columns: int = 5) -> list[str]:
    """Lines of numbers with all their digits."""
    texts = [f"{value:.16e}" for value in values]
    return [" ".join(texts[i : i + columns]) for i in range(0, len(texts), columns)]
