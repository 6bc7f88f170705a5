"""Screening: the true model has no errors, a noisy one is caught."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from example_copper import FCC, crystals, fitted, scores
from example_counts import counts_of

from mlffbench.data import Curve, Score
from mlffbench.system import checkpoint
from mlffbench.tasks import screening as screening_module
from mlffbench.tasks.screening import energies_above_elements, screening


@pytest.mark.parametrize("params", [{}, {"relax": {"fmax": 0.2}, "n": 4, "k": 2}, {"pool": "labels", "k": 2}])
def test_the_true_model_picks_the_right_candidates(params: dict[str, Any]) -> None:
    found = scores(screening(fitted(), *crystals(), **{"n": 18, "k": 3, **params}))
    ranked = {metric: value for (_, quantity, metric), value in found.items() if quantity == "ranking"}
    assert set(ranked) == {"spearman", "kendall", "top_k", "enrichment", "precision", "recall", "f1", "daf"}
    assert max(ranked.values()) == pytest.approx(0, abs=1e-12)
    (test,) = {test for test, _, _ in found}
    assert found[test, "cost", "seconds_per_structure"] > 0
    assert found[test, "cost", "core_seconds_per_structure"] > 0


def test_noise_ranks_badly() -> None:
    rows = screening(fitted(noise=5.0), *crystals(), n=18, k=3)
    found = scores(rows)
    counts = counts_of("screening", rows)
    assert set(counts) == {("ranking", metric) for metric in ("top_k", "precision", "recall")}
    assert counts["ranking", "top_k"][1] == 3
    assert found["strained", "ranking", "spearman"] > 0.4
    assert found["strained", "ranking", "precision"] > 0.3


def test_energies_count_from_the_elements() -> None:
    """A sum of atomic energies is nothing; a shift of one frame by 1 eV shows."""
    atoms = [Atoms("Cu2"), Atoms("Cu3O"), Atoms("CuO"), Atoms("Cu4O3")]
    exact = np.array([-2.0, -3 - 5, -1 - 5, -4 - 15])
    true, guess = energies_above_elements(atoms, exact, exact + np.array([0, 0, 1.0, 0]))
    np.testing.assert_allclose(true, 0, atol=1e-12)
    np.testing.assert_allclose(guess, [0, 0, 0.5, 0], atol=1e-12)


def test_a_pool_goes_on_where_it_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, split = crystals()
    with checkpoint.keep_in(tmp_path):
        first = screening(fitted(), data, split, n=8, k=2)
    next(iter(tmp_path.iterdir())).unlink()
    done = []
    shard = screening_module._shard
    monkeypatch.setattr(screening_module, "_shard", lambda *a: done.append(a[0]) or shard(*a))
    with checkpoint.keep_in(tmp_path):
        again = screening(fitted(), data, split, n=8, k=2)
    assert len(done) == 1
    same = lambda rows: {k: v for k, v in scores(rows).items() if k[1] == "ranking"}
    assert same(again) == same(first)


def test_a_shard_that_fails_costs_the_others_nothing() -> None:
    data, split = crystals()
    frames = [*data.frames[:7], Atoms("Au4", FCC.positions, cell=FCC.cell, pbc=True)]
    rows = screening(fitted(), replace(data, frames=frames), split, pool="labels", n=6, k=2)
    found = scores(rows)
    assert found["labels", "ranking", "top_k"] == 0
    (parity,) = (r for r in rows if isinstance(r, Curve))
    assert len(parity.x) == 5


def test_a_pool_without_a_shard_has_another_name(monkeypatch) -> None:
    shard = screening_module._shard

    def first_fails(name: str, *others: Any) -> Any:
        if name == "shard 0":
            raise ValueError("these are hard")
        return shard(name, *others)

    monkeypatch.setattr(screening_module, "_shard", first_fails)
    rows = screening(fitted(), *crystals(), n=8, k=2)
    (name,) = {row.test for row in rows if isinstance(row, Score) and row.quantity == "ranking"}
    assert re.fullmatch(r"strained, [1-7] of 8 candidates", name)


def test_a_pool_without_a_group_has_another_name() -> None:
    data, split = crystals()
    partial = replace(split, notes={"left_out": ["hot"]})
    names = {key[0] for key in scores(screening(fitted(), data, partial, pool="labels", n=6, k=2))}
    assert any(name.startswith("labels without hot") for name in names)


def test_workers_share_the_shards() -> None:
    data, split = crystals()
    alone, shared = (scores(screening(fitted(), data, split, n=8, k=2, n_jobs=n)) for n in (1, 2))
    ranks = [key for key in alone if key[1] == "ranking"]
    assert ranks
    assert [shared[key] for key in ranks] == [alone[key] for key in ranks]


def test_pools_are_refused_in_words() -> None:
    data, split = crystals()
    with pytest.raises(ValueError, match="a pool is 'strained', or 'labels' without relax"):
        screening(fitted(), data, split, pool="labels", relax=True)
    blind = replace(data, reference=None)
    (row,) = screening(fitted(), blind, split, pool="strained")
    assert "use pool: labels" in row.message
    assert {test for test, _, _ in scores(screening(fitted(), blind, split, k=2))} == {"labels"}


def test_an_unknown_keyword_of_the_relaxation_is_refused() -> None:
    with pytest.raises(LookupError, match=r"'relax' of screening has no keyword 'step'.*'steps'"):
        screening(fitted(), *crystals(), relax={"step": 10})
