"""Stability criteria from reference frames, and their violations."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from mlffbench.properties.limits import Limits, Watch, failures_of_motion


def test_limits_allow_what_was_seen_and_a_margin() -> None:
    frames = [Atoms("OH", [[0, 0, 0], [d, 0, 0]]) for d in (0.9, 1.0, 1.6)]
    limits = Limits.observed(frames, margin=0.25)
    assert limits.longest == {(1, 8): pytest.approx(2.0)}
    assert limits.nearest == {(1, 8): pytest.approx(0.675)}
    assert limits.loneliest == {1: pytest.approx(2.0), 8: pytest.approx(2.0)}
    watch = Watch(frames[1], limits, 300)
    ends = [watch.failure_of_motion(Atoms("OH", [[0, 0, 0], [d, 0, 0]])) for d in (0.6, 0.8, 1.9, 2.1)]
    assert ends == ["collapse", None, None, "broken bond"]
    groups = Limits.observed(frames, groups=[0, 0, 1])
    assert groups.longest == {(1, 8): pytest.approx(1.25)}  # 1.6 Å is no bond of its group


def test_a_hopping_proton_breaks_nothing_but_a_lost_one_does() -> None:
    o = np.array([[0, 0, 0], [2.6, 0, 0]])
    frames = [Atoms("OOH", [*o, [x, 0, 0]]) for x in (1.0, 1.3, 1.6)]
    watch = Watch(frames[0], Limits.observed(frames), 300)
    assert watch.failure_of_motion(frames[2]) is None
    assert watch.failure_of_motion(Atoms("OOH", [*o, [1.3, 1.2, 0]])) == "lost atom"


def test_bonds_across_the_border_are_followed_through_it() -> None:
    cell = bulk("Si", "diamond", a=5.43)  # two atoms, four bonds of the same pair
    watch = Watch(cell, Limits(stretched=1.2), 300)
    assert watch.failure_of_motion(cell) is None
    moved = cell.copy()
    moved.positions[1] += 0.4  # one of the four is stretched, one image of the pair has come nearer
    assert watch.failure_of_motion(moved) == "broken bond"


def test_many_structures_are_judged_as_each_alone() -> None:
    """Molecules of two compositions, a crystal and every failure, in one call and one by one."""
    o = np.array([[0, 0, 0], [2.6, 0, 0]])
    hydrogen = [Atoms("OOH", [*o, [x, 0, 0]]) for x in (1.0, 1.3, 1.6)]
    pair, cell = Atoms("OH", [[0, 0, 0], [1.0, 0, 0]]), bulk("Si", "diamond", a=5.43)
    limits = Limits.observed([*hydrogen, pair, cell], groups=[0, 0, 0, 1, 2])
    cases = [
        (hydrogen[0], [*o, [1.6, 0, 0]], 0, None),
        (hydrogen[0], [*o, [1.3, 1.2, 0]], 0, "lost atom"),
        (hydrogen[0], [*o, [0.3, 0, 0]], 0, "collapse"),
        (hydrogen[0], [*o, [np.nan, 0, 0]], 0, "not finite"),
        (hydrogen[0], [*o, [1.0, 0, 0]], 9, "explosion"),
        (pair, [[0, 0, 0], [2.1, 0, 0]], 0, "broken bond"),
        (pair, [[0, 0, 0], [1.1, 0, 0]], 0, None),
        (cell, cell.positions, 0, None),
        (cell, cell.positions - np.array([[0], [0.6]]), 0, "collapse"),
        (Atoms("Ar"), [[5, 5, 5]], 0, None),
    ]
    watches = [Watch(start, limits, 300) for start, *_ in cases]
    frames = []
    for start, positions, speed, _ in cases:
        atoms = start.copy()
        atoms.arrays["positions"] = np.array(positions, dtype=float)
        atoms.set_velocities(np.full((len(atoms), 3), float(speed)))
        frames.append(atoms)
    expected = [verdict for *_, verdict in cases]
    assert failures_of_motion(watches, frames) == expected
    assert [w.failure_of_motion(a) for w, a in zip(watches, frames, strict=True)] == expected
    assert failures_of_motion([], []) == []
