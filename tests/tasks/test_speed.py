"""Times of predictions by the number of atoms."""

from __future__ import annotations

from mlffbench.data import Missing, Score
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.splits.official import official
from mlffbench.tasks.speed import speed


class OneMolecule(AtomicReference):
    supports = ("periodic",)


def rows(cls):
    data = malonaldehyde()
    return speed(cls().fit(data.frames[:5], data.labels[:5]), data, official(data), copies=[1, 2], repeats=1)


def test_each_number_of_copies_has_two_times():
    assert [(row.test, row.quantity) for row in rows(AtomicReference)] == [
        (f"{n} copies, {9 * n} atoms", part) for n in (1, 2) for part in ("prepare", "evaluate")
    ]


def test_a_method_for_one_molecule_is_timed_on_one():
    *times, missing = rows(OneMolecule)
    assert all(isinstance(row, Score) and row.test == "1 copies, 9 atoms" for row in times)
    assert isinstance(missing, Missing)
    assert (missing.test, missing.kind) == ("2 copies, 18 atoms", "skipped")
