"""Plain xyz of electronic-structure programs: an energy in the comment, in Hartree and without a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Program", "as_extxyz", "program_of"]

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?"
NO_CELL = (
    "CP2K's xyz has no cell: the frames are read as molecules; if they are periodic, convert them to "
    "extended xyz with Lattice"
)
NO_POSITIONS = re.compile(r"-(frc|vel|for|force)(-|_|\d|\.)", re.IGNORECASE)


@dataclass(frozen=True)
class Program:
    """A program and the form of its comment lines; group ``energy`` is in Hartree."""

    name: str
    comment: re.Pattern[str]
    notes: tuple[str, ...] = ()

    def energy(self, line: str) -> float | None:
        """Energy in a comment line, Hartree; None for a line of another form."""
        match = self.comment.fullmatch(line.strip())
        return None if match is None else float(match["energy"].replace("D", "E").replace("d", "e"))


def _form(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("ENERGY", f"(?P<energy>{NUMBER})").replace("NUMBER", NUMBER))


PROGRAMS = (
    Program("CP2K", _form(r"i\s*=\s*\d+,(?:\s*time\s*=\s*NUMBER,)?\s*E\s*=\s*ENERGY"), (NO_CELL,)),
    Program("ORCA", _form(r"Coordinates from ORCA-job.*\sE\s+ENERGY")),
    Program("ORCA", _form(r".*ORCA AIMD.*E_Pot\s*=\s*ENERGY\s*Hartree.*")),
    Program("xtb", _form(r"energy:\s*ENERGY\s+(?:gnorm|xtb):.*")),
    Program("geomeTRIC", _form(r"Iteration\s+\d+\s+Energy\s+ENERGY.*")),
)


def program_of(text: str) -> Program | None:
    """Program that wrote an xyz file that begins with this text."""
    lines = text.split("\n", 2)
    if len(lines) < 2 or not lines[0].strip().isdigit():
        return None
    return next((p for p in PROGRAMS if p.energy(lines[1]) is not None), None)


def as_extxyz(file: Path, text: str, program: Program) -> bytes:
    """Convert the text of a program's file to extended xyz, energies still in Hartree.

    Raises
    ------
    ValueError
        Forces or velocities instead of positions; a comment of another form, or a frame that is cut off.
    """
    first = text.split("\n", 2)[1]
    if (program.name == "CP2K" and NO_POSITIONS.search(file.name)) or re.search("AIMD (Veloc|Forc)", first):
        raise ValueError(
            f"{file.name}: {program.name}'s file of forces or velocities, not of positions; write positions "
            "and forces of each frame into one extended xyz file, in eV and Å (these are in Hartree and bohr)"
        )
    return "".join(_frames(file, text, program)).encode()


def _frames(file: Path, text: str, program: Program) -> Iterator[str]:
    """Frames as extended xyz."""
    lines = text.splitlines()
    start = frame = 0
    while start < len(lines) and lines[start].strip():
        natoms = int(lines[start]) if lines[start].strip().isdigit() else -1
        body = lines[start + 2 : start + 2 + natoms]
        if natoms < 1 or len(body) < natoms or any(len(line.split()) < 4 for line in body):
            raise ValueError(
                f"{file.name}: frame {frame} is cut off or does not begin with its number of atoms"
            )
        energy = program.energy(lines[start + 1])
        if energy is None:
            comment = lines[start + 1].strip()[:60]
            raise ValueError(
                f"{file.name}: the comment of frame {frame}, {comment!r}, is not of {program.name}'s form"
            )
        yield f'{natoms}\nProperties=species:S:1:pos:R:3 energy={energy!r} pbc="F F F"\n'
        yield from (" ".join(line.split()[:4]) + "\n" for line in body)
        start, frame = start + 2 + natoms, frame + 1
