"""Structure prediction and screening: the true model has no errors, a noisy one is caught."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from mlffbench.data import Curve, Dataset, Labels, Missing, Reference, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.system import checkpoint
from mlffbench.tasks import screening as screening_module
from mlffbench.tasks.screening import _above, screening
from mlffbench.tasks.structure_prediction import _formulas, _Job, _rattled, _separation, structure_prediction

FCC = bulk("Cu", "fcc", a=3.59, cubic=True)
BCC = bulk("Cu", "bcc", a=2.855)
SMALL = {"amplitudes": (0.1,), "n_rattled": 1, "n_cells": 3, "sizes": (1, 1), "fmax": 0.05, "steps": 100}


class Copper(ForceField):
    """EMT, with a well at 17 Å³ an atom, `lure` eV deep, and noise, eV an atom."""

    def __init__(self, lure: float = 0.0, noise: float = 0.0, atomic_energies: Any = None) -> None:
        self.lure = lure
        self.noise = noise
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Any, labels: Any) -> None:
        self.n_ = len(frames)

    def _evaluate(self, inputs: Any) -> Labels:
        rows = [self._one(atoms) for atoms in inputs]
        energy, forces, stress = zip(*rows, strict=True)
        return Labels(np.array(energy), forces, stress)

    def _one(self, atoms: Atoms) -> tuple[float, np.ndarray, np.ndarray | None]:
        """The well: −lure · n · exp(−x²), x = (v − 17)/1.5 with the volume per atom v."""
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc, calculator=EMT())
        energy, forces = bare.get_potential_energy(), bare.get_forces()
        rng = np.random.default_rng(abs(hash(atoms.positions.tobytes())))
        energy += self.noise * len(atoms) * rng.normal()
        if not atoms.pbc.all():
            return energy, forces, None
        x = (atoms.get_volume() / len(atoms) - 17) / 1.5
        well = -self.lure * np.exp(-(x**2))
        pressure = -2 * x / 1.5 * well  # dE/dV
        return energy + well * len(atoms), forces, bare.get_stress() + pressure * np.array([1, 1, 1, 0, 0, 0])


def fitted(**params: Any) -> Copper:
    return Copper(atomic_energies={s: 0.0 for s in ("Cu", "O", "H")}, **params).fit(
        [FCC, molecule("H2O")], np.zeros(2)
    )


def crystals(**reference: Any) -> tuple[Dataset, Split]:
    given = {"structures": {"fcc": FCC, "bcc": BCC}, "source": "EMT", "truth": {"emt": {}}, **reference}
    frames = []
    for seed in range(8):
        atoms = FCC.copy()
        atoms.rattle(0.02 * (1 + seed), seed=seed)
        frames.append(atoms)
    energy = np.array([EMT().get_potential_energy(a) for a in frames])
    data = Dataset("copper", frames, Labels(energy), reference=Reference(**given))
    return data, Split(np.arange(2), {"near": np.arange(2, 5), "far": np.arange(5, 8)})


def scores(rows: list[Any]) -> dict[tuple[str, str, str], float]:
    return {(r.test, r.quantity, r.metric): r.value for r in rows if isinstance(r, Score)}


@cache
def predicted() -> tuple[Any, ...]:
    return tuple(structure_prediction(fitted(), *crystals(), **SMALL))


# ---------------------------------------------------------------- structure prediction
def test_the_true_model_makes_no_mistakes() -> None:
    rows = predicted()
    found = scores(list(rows))
    assert found["fcc, rattled 0.1 Å", "rattled", "failure_rate"] == 0
    assert found["fcc, rattled 0.1 Å", "geometry", "distance"] < 0.03
    assert found["fcc", "ground_state", "missed"] == 0
    assert found["fcc", "ground_state", "failure_rate"] < 1
    assert found["fcc", "ground_state", "false_minima"] == 0
    assert found["low-energy structures", "ranking", "kendall"] == pytest.approx(0)
    assert found["low-energy structures", "ranking", "top_k"] == 0
    (curve,) = (r for r in rows if isinstance(r, Curve))
    np.testing.assert_allclose(curve.y, curve.x, atol=1e-3)
    assert not [r for r in rows if isinstance(r, Missing) and r.kind != "skipped"]


def test_starts_that_the_truth_does_not_bring_home_do_not_count() -> None:
    data, _ = crystals(structures={"sc": bulk("Cu", "sc", a=2.4)})
    (row,) = _rattled(_Job(fitted(), data.reference, 0, 0.1, 60), "sc", (0.2,), 1)
    assert row.message == "the reference potential itself leaves sc"


def test_force_calls_are_at_least_one_relaxation_and_at_most_all() -> None:
    found = scores(list(predicted()))
    calls = found["fcc", "ground_state", "force_calls"]
    mean = found["fcc", "random_cells", "steps"] + 1
    assert 1 < calls <= SMALL["n_cells"] * mean + 1e-9


def test_a_model_with_a_hole_has_false_minima() -> None:
    """The well is below fcc, and the truth says that nothing is there."""
    few = {**SMALL, "amplitudes": (), "n_cells": 3}
    found = scores(structure_prediction(fitted(lure=4.0), *crystals(structures={"fcc": FCC}), seed=1, **few))
    assert found["fcc", "ground_state", "minima_below"] > 0
    assert found["fcc", "ground_state", "false_minima"] == found["fcc", "ground_state", "minima_below"]


def test_without_a_truth_the_known_energies_are_ranked() -> None:
    values = {"fcc": {"energy": -1.0}, "bcc": {"energy": -2.0}}
    data, split = crystals(truth=None, values=values)
    rows = structure_prediction(fitted(), data, split, **{**SMALL, "amplitudes": (), "n_cells": 1})
    assert scores(rows)["low-energy structures", "ranking", "kendall"] == pytest.approx(2)  # fcc is lower
    assert {"false_minima"} <= {r.quantity for r in rows if isinstance(r, Missing)}


def test_a_molecule_is_rattled_and_hopped() -> None:
    water = molecule("H2O")
    data, split = crystals(structures={"water": water}, truth=None)
    rows = structure_prediction(fitted(), data, split, amplitudes=(0.05,), n_rattled=2, hops=2, fmax=0.05)
    found = scores(rows)
    assert 0 <= found["water, rattled 0.05 Å", "rattled", "failure_rate"] <= 1
    assert found["water", "ground_state", "minima_below"] >= 0
    reasons = {r.quantity: r.message for r in rows if isinstance(r, Missing)}
    assert "no cells to draw" in reasons["random_cells"]
    assert "fewer than two" in reasons["ranking"]


def test_no_references_no_task() -> None:
    data, split = crystals()
    (row,) = structure_prediction(fitted(), replace(data, reference=None), split)
    assert row.message == "copper has no reference structures"


def test_formulas_and_least_distances_are_those_of_the_reference() -> None:
    assert _formulas(bulk("NaCl", "rocksalt", a=5.6, cubic=True), (4, 8)) == ["Na2Cl2", "Na3Cl3", "Na4Cl4"]
    assert _formulas(bulk("Si", cubic=True), (2, 5)) == ["Si2", "Si4"]
    assert _formulas(FCC, (4, 6)) == ["Cu4", "Cu5", "Cu6"]
    assert _formulas(bulk("Si"), (1, 1)) == ["Si2"]
    least = _separation([FCC, Atoms("O")])
    assert least["Cu-Cu"] == pytest.approx(0.8 * 3.59 / 2**0.5)
    assert least["O-Cu"] == pytest.approx(0.8 * (0.66 + 1.32))


# ---------------------------------------------------------------- screening
@pytest.mark.parametrize(
    "params", [{}, {"relax": True, "n": 4, "k": 2, "fmax": 0.2}, {"pool": "labels", "k": 2}]
)
def test_the_true_model_picks_the_right_candidates(params: dict[str, Any]) -> None:
    found = scores(screening(fitted(), *crystals(), **{"n": 18, "k": 3, **params}))
    ranked = {metric: value for (_, quantity, metric), value in found.items() if quantity == "ranking"}
    assert set(ranked) == {"spearman", "kendall", "top_k", "enrichment", "precision", "recall", "f1", "daf"}
    assert max(ranked.values()) == pytest.approx(0, abs=1e-12)
    (test,) = {test for test, _, _ in found}
    assert found[test, "cost", "seconds_per_structure"] > 0
    assert found[test, "cost", "core_seconds_per_structure"] > 0


def test_noise_ranks_badly() -> None:
    found = scores(screening(fitted(noise=5.0), *crystals(), n=18, k=3))
    assert found["strained", "ranking", "spearman"] > 0.4
    assert found["strained", "ranking", "precision"] > 0.3


def test_energies_count_from_the_elements() -> None:
    """A sum of atomic energies is nothing; a shift of one frame by 1 eV shows."""
    atoms = [Atoms("Cu2"), Atoms("Cu3O"), Atoms("CuO"), Atoms("Cu4O3")]
    exact = np.array([-2.0, -3 - 5, -1 - 5, -4 - 15])
    true, guess = _above(atoms, exact, exact + np.array([0, 0, 1.0, 0]))
    np.testing.assert_allclose(true, 0, atol=1e-12)
    np.testing.assert_allclose(guess, [0, 0, 0.5, 0], atol=1e-12)


def test_a_pool_goes_on_where_it_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, split = crystals()
    with checkpoint.keep_in(tmp_path):
        first = screening(fitted(), data, split, n=8, shards=2, k=2)
    next(iter(tmp_path.iterdir())).unlink()
    done = []
    shard = screening_module._shard
    monkeypatch.setattr(screening_module, "_shard", lambda *a: done.append(a[0]) or shard(*a))
    with checkpoint.keep_in(tmp_path):
        again = screening(fitted(), data, split, n=8, shards=2, k=2)
    assert len(done) == 1
    same = lambda rows: {k: v for k, v in scores(rows).items() if k[1] == "ranking"}
    assert same(again) == same(first)


def test_a_shard_that_fails_costs_the_others_nothing() -> None:
    data, split = crystals()
    frames = [*data.frames[:7], Atoms("Au4", FCC.positions, cell=FCC.cell, pbc=True)]
    rows = screening(fitted(), replace(data, frames=frames), split, pool="labels", n=6, shards=6, k=2)
    found = scores(rows)
    assert found["labels", "ranking", "top_k"] == 0
    (parity,) = (r for r in rows if isinstance(r, Curve))
    assert len(parity.x) == 5


def test_workers_share_the_shards() -> None:
    data, split = crystals()
    alone, shared = (scores(screening(fitted(), data, split, n=8, shards=2, k=2, n_jobs=n)) for n in (1, 2))
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
