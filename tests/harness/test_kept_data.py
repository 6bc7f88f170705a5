"""Datasets that stay in memory."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, Labels
from mlffbench.harness.kept_data import KeptData


def dataset(n=3):
    return Dataset("some", [Atoms("H", [[0, 0, k]]) for k in range(n)], Labels(np.zeros(n)))


def test_every_case_gets_a_copy_of_what_was_loaded_once():
    kept, loads = KeptData(10**6), []

    def load():
        loads.append(1)
        return dataset()

    one, two = kept.get("a", load), kept.get("a", load)
    one.frames[0].positions[0, 0] = 9.0
    one.labels.energy[0] = 9.0
    three = kept.get("a", load)
    for other in (two, three):
        assert other.frames[0].positions[0, 0] == other.labels.energy[0] == 0.0
        assert other.digest == dataset().digest
    assert len(loads) == 1


def test_memory_is_bounded():
    loads = []

    def load(name):
        return kept.get(name, lambda: loads.append(name) or dataset())

    size = 3_000
    kept = KeptData(size)
    for name in "abcab":
        load(name)
    assert sum(map(len, kept._kept.values())) <= size
    assert loads.count("a") == 2, "the oldest made room"
    kept = KeptData(10)
    load("x")
    load("x")
    assert loads.count("x") == 2, "one that is too large is loaded again"
