"""Files of a GAP for other programs: QUIP's xml with isolated atoms, and LAMMPS's ``pair_style quip``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ase.data import atomic_numbers

from mlffbench.potentials.lammps_input import lammps_input, lammps_script

__all__ = ["calculator_script", "lammps", "named"]

MODEL = "gap.xml"
SPARSE = re.compile(r"gap\.xml\.sparseX\.\w+")
POTENTIAL = re.compile(r'<Potential label="(\w+)" init_args="IP GAP label=\1"\s*/>')
SUSPECT = re.compile(r"<\s*Potential\b|init_args|<!(?!\[CDATA\[)")  # two in a GAP: no other one, no entities


def named(files: Mapping[str, str], name: str, atomic_energies: Mapping[str, float]) -> dict[str, str]:
    """The files under names that begin with `name`, and the energies of isolated atoms, eV, in the xml.

    Raises
    ------
    ValueError
        QUIP would read the name as more than one word; or the files hold another potential than a GAP: QUIP
        has some that run programs.
    """
    if not re.fullmatch(r"[\w.+-]+", name):
        raise ValueError(f"QUIP cannot read {name!r}: letters, digits and _.+- only, please")
    xml, sparse = files.get(MODEL, ""), {key: text for key, text in files.items() if key != MODEL}
    _label(xml)
    if not all(SPARSE.fullmatch(key) for key in sparse):
        raise ValueError(f"the files {sorted(sparse)} are not all sparse points of a GAP")
    renamed = {key: name + key.removeprefix(MODEL) for key in sparse}
    for old, new in renamed.items():
        xml = xml.replace(f'"{old}"', f'"{new}"')
    for symbol, energy in atomic_energies.items():
        xml = _with_atom(xml, atomic_numbers[symbol], energy)
    return {name: xml} | {renamed[key]: text for key, text in sparse.items()}


def _label(xml: str) -> str:
    """Label of the only potential, which must be a GAP."""
    fits = POTENTIAL.findall(xml)
    if len(fits) != 1 or len(SUSPECT.findall(xml)) != 2:
        raise ValueError("the files hold another potential than a GAP of gap_fit")
    return str(fits[0])


def _with_atom(xml: str, number: int, energy: float) -> str:
    """The xml with an energy, eV, added to that of an isolated atom."""
    entry = re.compile(rf'(<e0 Z="{number}" value=")([^"]+)(")')
    match = entry.search(xml)
    if match is None:
        raise ValueError(f"the GAP's xml has no energy of the atom with number {number}")
    return entry.sub(lambda m: f"{m[1]}{float(m[2]) + energy!r}{m[3]}", xml, count=1)


def calculator_script(name: str) -> str:
    """Python lines that compute with the xml file of this name; its sparse points must lie beside it."""
    return (
        "from quippy.potential import Potential\n"
        f"atoms.calc = Potential(param_filename={name!r})  # a molecule needs a wide cell and pbc=True"
    )


def lammps(name: str, xml: str, file: str, elements: Sequence[str]) -> tuple[str, str]:
    """Text of the input file `name` that reads the xml `file`, and LAMMPS input that uses it."""
    numbers = " ".join(str(atomic_numbers[s]) for s in elements)
    commands = ["pair_style quip", f'pair_coeff * * {file} "Potential xml_label={_label(xml)}" {numbers}']
    text = lammps_input("GAP of mlffbench", elements, commands, package="ML-QUIP")
    return text, lammps_script(name, elements, text, ("newton on",))
