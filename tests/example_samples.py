"""Structures and potentials of several tests of samplers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.io import read

MORSE = {"epsilon": 4.0, "r0": 1.1, "rho0": 3.0, "rcut1": 5.0, "rcut2": 6.0}
BUILTIN = Path(__file__).parents[1] / "mlffbench" / "datasets" / "builtin" / "malonaldehyde.xyz.gz"
GUESS = [(-1.3, 1.15, 0), (-1.2, -0.1, 0), (0, -0.85, 0), (1.2, -0.15, 0), (1.25, 1.17, 0)]
GUESS += [(0.29, 1.55, 0), (-2.1, -0.74, 0), (0, -1.95, 0), (2.18, -0.66, 0)]


def copper(n: int = 2) -> Atoms:
    return bulk("Cu", "fcc", 3.59, cubic=True).repeat(n)


def nitrogen() -> Atoms:
    return Atoms("N2", [(0, 0, 0), (0, 0, 1.15)])


def malonaldehyde(group: str) -> tuple[Atoms, list[Atoms], Calculator]:
    """Start of benchmarks/recipes/malonaldehyde.yaml, the group's frames, and its sampling calculator."""
    pytest.importorskip("tblite", reason="tblite is not installed")
    from mlffbench.labelling.calculators.tblite import tblite

    frames = [f for f in read(BUILTIN, ":") if f.info["group"] == group]
    return Atoms("OCCCOHHHH", GUESS), frames, tblite(accuracy=0.1)


def assert_same_shapes(ours: list[Atoms], theirs: list[Atoms], tolerance: float) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert np.allclose(a.get_all_distances(), b.get_all_distances(), atol=tolerance)
        assert a.info["coordinate"] == pytest.approx(b.info["coordinate"], abs=tolerance)
