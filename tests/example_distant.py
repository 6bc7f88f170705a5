"""A method whose package only another Python has: here this very Python with one folder more."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.lj import LennardJones

from mlffbench.data import Labels
from mlffbench.estimators.base.exportable import Exportable
from mlffbench.forcefield import ForceField
from mlffbench.system import progress
from mlffbench.system.ranges import AtomEnergies, Length

PACKAGE = "a_package_elsewhere"


class Distant(Exportable, ForceField):
    """A pair potential of one depth that needs a package; `act` is done in the fit, or in a prediction."""

    requires = (PACKAGE,)
    extra = "classical"
    environment: ClassVar[Mapping[str, Any]] = {"name": "stand-in", "requirements": ["numpy"]}
    export_formats: ClassVar[Mapping[str, str]] = {"text": ".txt"}

    def __init__(
        self, cutoff: Length = 4.0, act: str = "", atomic_energies: AtomEnergies | None = None
    ) -> None:
        self.cutoff = cutoff
        self.act = act
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        import a_package_elsewhere

        forces = [values for values in labels.forces or () if values is not None]
        self.depth_ = 1e-3 * (1 + np.mean([np.abs(values).mean() for values in forces] or [0.0]).item())
        self.array_ = np.arange(3.0)
        self.number_ = a_package_elsewhere.NUMBER
        self.history_ = [{"epoch": 1, "loss": 0.5}]
        self.process_ = os.getpid()
        progress.report("epoch", 1, 2, loss=0.5)
        do(self.act)

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._fit(frames, labels)
        self.number_ += 1

    def _evaluate(self, inputs: Any) -> Labels:
        do(self.act.removeprefix("later "))
        rows = [self._row(atoms) for atoms in inputs]
        energy, forces, stress = zip(*rows, strict=True)
        std = np.full(len(energy), 0.1 * self.number_)
        return Labels(np.array(energy), forces, stress, std, [np.abs(values) for values in forces])

    def _row(self, atoms: Atoms) -> tuple[float, np.ndarray, np.ndarray | None]:
        copy = Atoms(atoms)
        copy.calc = LennardJones(sigma=1.0, epsilon=self.depth_, rc=self.cutoff, smooth=True)
        stress = copy.get_stress() if atoms.pbc.all() else None
        return copy.get_potential_energy(), copy.get_forces(), stress

    def _exported(self, target: Any, format: str) -> Any:
        return {target: f"number {self.number_}\n"}, "cat"


class Coded(Distant):
    """The same, in whose files is code."""

    foreign_code = "it holds a program of a_package_elsewhere"


def do(act: str) -> None:
    """Fail in one of the ways in which fits fail."""
    if act == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "crash":
        os.abort()
    if act == "sleep":
        progress.report("sleeping", 1)
        time.sleep(60)
    if act == "raise":
        sys.stderr.write("some words\n")
        raise FloatingPointError("the loss is NaN")
    if act == "warn":
        warnings.warn("the data are few", stacklevel=2)
    if act == "print":
        print('{"done": {}}', flush=True)
        os.write(1, b'{"failed": {}}\n')
