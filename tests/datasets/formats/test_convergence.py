"""Outputs that say that the electrons did not converge."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from mlffbench.datasets.formats.convergence import PHRASES, converged_frames


def frame(energy):
    atoms = Atoms("H")
    atoms.calc = SinglePointCalculator(atoms, **({} if energy is None else {"energy": energy}))
    return atoms


@pytest.mark.parametrize("kind", PHRASES)
def test_frames_without_an_energy_are_those_that_did_not_converge(kind, tmp_path):
    file = tmp_path / "run.out"
    frames = [frame(e) for e in (-1.0, None, np.nan, -2.0)]
    file.write_text("all is well")
    assert converged_frames(file, kind, frames) == (frames, ())
    file.write_text(f"... {PHRASES[kind][0].upper()} ...")
    kept, (note,) = converged_frames(file, kind, frames)
    assert kept == [frames[0], frames[3]]
    assert note == "run.out: 2 of 4 frames did not converge and are left out"
    with pytest.raises(ValueError, match=r"run.out: a self-consistent field did not converge .*of 1 frames"):
        converged_frames(file, kind, [frames[0]])
