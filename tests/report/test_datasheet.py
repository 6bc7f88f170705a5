"""The page of a dataset: every number on it against what is known of the frames."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.neighborlist import neighbor_list
from ase.units import GPa
from example_pages import figures

from mlffbench import registry
from mlffbench.data import Dataset, Finding, Labels, LazySequence
from mlffbench.report.datasheet.distances import N_BINS, REACH, distances
from mlffbench.report.datasheet.groups import ALL, groups, shown
from mlffbench.report.datasheet.histogram import bin_edges, histogram, top
from mlffbench.report.datasheet.html import render
from mlffbench.report.datasheet.subsample import subsample
from mlffbench.report.datasheet.summary import energies_less_composition, summary
from mlffbench.report.figures.style import palette_of


@pytest.fixture(scope="module")
def argon() -> Dataset:
    return registry.load("datasets", "lennard_jones")(n_train=8, n_test=4)


def page(dataset: Dataset, findings=None) -> str:
    sample = subsample(dataset)
    return render(summary(dataset, sample), sample, findings)


def titles(text: str) -> list[str]:
    return re.findall(r"<h4>(.*?)</h4>", text)


# ---------------------------------------------------------------- distances
def test_neighbours_of_an_fcc_crystal():
    found = distances([bulk("Ar", "fcc", a=5.26, cubic=True)], ["Ar"])
    nearest = 5.26 / np.sqrt(2)
    place = int(nearest / REACH * N_BINS)
    assert found.counts[0, 0, place] == 4 * 12 / 2
    assert found.counts[0, 0, :place].sum() == 0
    assert found.shortest[0, 0] == pytest.approx(nearest)
    assert found.n_atoms.tolist() == [4]


def test_a_molecule_far_from_its_box():
    water = Atoms("OH2", [[100, 0, 0], [100.96, 0, 0], [100, 0.96, 0]])
    found = distances([water, water], ["H", "O"])
    assert found.counts.sum(axis=2).tolist() == [[2, 4], [0, 0]]
    assert found.shortest[0, 1] == pytest.approx(0.96)
    assert found.shortest[0, 0] == pytest.approx(0.96 * np.sqrt(2))
    assert np.isinf(found.shortest[1, 1])


def test_a_slab_agrees_with_ase():
    slab = fcc111("Cu", (2, 2, 3), vacuum=None)
    slab.rattle(0.1, seed=1)
    slab.pbc = [True, True, False]
    expected = np.histogram(neighbor_list("d", slab, REACH), N_BINS, (0, REACH))[0] // 2
    assert expected.sum() > 100
    np.testing.assert_array_equal(distances([slab], ["Cu"]).counts[0, 0], expected)


def test_frames_without_distances_are_left_out():
    flat = Atoms("Ar2", [[0, 0, 0], [0, 0, 1]], cell=[1, 1, 0], pbc=True)
    lost = Atoms("Ar2", [[0, 0, 0], [0, 0, np.nan]])
    pair = Atoms("Ar2", [[0, 0, 0], [0, 0, 3]])
    assert distances([flat, lost, pair], ["Ar"]).counts.sum() == 1


# ---------------------------------------------------------------- numbers
def test_what_the_composition_explains_is_gone():
    frames = [Atoms(f"H{h}O{o}") for h, o in [(1, 1), (2, 1), (4, 3), (2, 2), (5, 1)]]
    energy = np.array([-13.6 * a.symbols.count("H") - 2e5 * a.symbols.count("O") for a in frames])
    assert np.abs(energies_less_composition(frames, energy)).max() < 1e-5  # meV/atom
    energy[2] = np.nan
    rest = energies_less_composition(frames, energy)
    assert np.isnan(rest).tolist() == [False, False, True, False, False]
    assert np.nanmax(np.abs(rest)) < 1e-5


def test_the_spread_of_one_molecule():
    frames = [Atoms("H2", [[0, 0, 0], [0, 0, d]]) for d in (0.7, 0.8)]
    np.testing.assert_allclose(energies_less_composition(frames, np.array([-31.0, -30.0])), [-250, 250])


def small() -> Dataset:
    frames = [Atoms("Ar", cell=[5, 5, 5], pbc=True), Atoms("Ar2", [[0, 0, 0], [0, 0, 3]]), Atoms("Ar")]
    forces = (np.array([[3.0, 0, 4.0]]), np.array([[0, 0, 1.0], [0, 0, -1.0]]), None)
    stress = (np.array([-1.0, -2.0, -3.0, 0, 0, 0]) * GPa, None, None)
    columns = {"group": np.array(["a", "a", "b"])}
    return Dataset(
        "small", frames, Labels(np.array([1.0, 4.0, np.nan]), forces, stress), columns, {"k": {"l": 1}}
    )


def test_summary():
    facts = summary(small(), small())
    one, two = facts["groups"]["a"], facts["groups"]["b"]
    assert [one[f"n_{k}"] for k in ("frames", "energies", "forces", "stresses")] == [2, 2, 2, 1]
    assert [two[f"n_{k}"] for k in ("frames", "energies", "forces", "stresses")] == [1, 0, 0, 0]
    assert one["force_rms_eV_per_A"] == pytest.approx(np.sqrt((9 + 16 + 1 + 1) / 9))
    assert one["force_max_eV_per_A"] == pytest.approx(5)
    assert one["pressure_GPa"] == pytest.approx({"min": 2, "mean": 2, "max": 2})
    assert one["energy_eV_per_atom"] == pytest.approx({"min": 1, "mean": 1.5, "max": 2})
    assert [v for v in two.values() if v is None] == [None] * 5
    assert facts["n_periodic"] == 1
    assert facts["n_formulas"] == 2
    json.dumps({**facts, "digest": ""}, allow_nan=False)


# ---------------------------------------------------------------- samples
def test_a_large_dataset_is_thinned_evenly():
    frames = [Atoms("Ar", [[i, 0, 0]]) for i in range(300)]
    group = np.array(["big"] * 290 + ["few"] * 10)
    labels = Labels(np.arange(300.0), tuple(np.full((1, 3), i) for i in range(300)))
    some = subsample(Dataset("d", frames, labels, {"group": group}), most=100)
    assert (some.columns["group"] == "few").sum() == 10
    assert (some.columns["group"] == "big").sum() == round(290 / 3)
    assert some.labels.energy[0] == 0
    assert set(np.diff(some.labels.energy[:97])) <= {3.0, 4.0}
    np.testing.assert_array_equal([a.positions[0, 0] for a in some.frames], some.labels.energy)
    np.testing.assert_array_equal([f[0, 0] for f in some.labels.forces], some.labels.energy)


def test_what_is_not_in_memory_is_read_once():
    read = []

    def frame(i):
        read.append(i)
        return Atoms("Ar", [[i, 0, 0]])

    n = np.arange(5)
    lazy = LazySequence(frame, n, numbers=frozenset({18}))
    forces = LazySequence(lambda i: np.full((1, 3), i), n, present=n < 3)
    dataset = Dataset("d", lazy, Labels(np.zeros(5), forces))
    facts = summary(dataset, subsample(dataset))
    assert read == [0, 1, 2, 3, 4]
    assert facts["groups"][ALL]["n_forces"] == 3
    assert facts["groups"][ALL]["force_max_eV_per_A"] == pytest.approx(2 * np.sqrt(3))
    assert facts["digest"] is None


def test_more_groups_than_colours():
    names = np.array([f"g{i}" for i in range(12) for _ in range(12 - i)])
    dataset = Dataset("d", [Atoms("Ar")] * 78, Labels(np.zeros(78)), {"group": names})
    found = shown(groups(dataset))
    assert list(found) == [f"g{i}" for i in range(9)] + ["3 other groups"]
    assert len(found["3 other groups"]) == 3 + 2 + 1
    assert sum(map(len, found.values())) == 78


# ---------------------------------------------------------------- histograms
def test_shares_add_up_and_far_values_are_told():
    rng = np.random.default_rng(0)
    values = {"a": rng.normal(size=1000), "b": np.append(rng.normal(size=50), 500.0)}
    plot = histogram(values, palette_of(values), "id", "t", "x")
    for trace in plot.figure.data:
        assert sum(trace["y"]) == pytest.approx(100)
        assert trace["y"][0] == trace["y"][-1] == 0
    assert "1 of 1,051 lie beyond the axis" in plot.caption
    assert max(plot.figure.data[0]["x"]) < 20


def test_no_finite_value_is_no_histogram():
    assert histogram({"a": np.array([np.nan])}, palette_of("a"), "id", "t", "x") is None


def test_equal_values_have_a_bin():
    edges, _ = bin_edges(np.full(4, 7.0))
    assert edges[0] < 7 < edges[-1]


def test_a_small_narrow_group_does_not_flatten_the_others():
    flat, spike = np.full(10, 10.0), np.eye(10)[0] * 100
    assert top([flat, spike], [1000, 17]) == pytest.approx(1.06 * 20)
    assert top([flat, spike], [1000, 900]) == pytest.approx(1.06 * 100)


# ---------------------------------------------------------------- the page
def test_page_of_a_solid(argon):
    text = page(argon, [])
    assert all(name in text for name in ("train", "test_strain", "test_hot", argon.digest, "CC0-1.0"))
    assert {"Force components", "Pressure", "Volume per atom", "Atoms by element", "Ar–Ar"} <= set(
        titles(text)
    )
    assert "no mistakes found" in text
    assert "https://" not in text.split("<script>")[0]
    assert len(figures(text)) == len(titles(text)) == 9
    assert all(len(f["data"]) == 4 for f in figures(text))


def test_page_without_forces_and_stresses(argon):
    bare = replace(argon, labels=Labels(argon.labels.energy), columns={})
    text = page(bare)
    assert "Force components" not in titles(text)
    assert "Pressure" not in titles(text)
    assert "Not checked" in text
    assert ALL in text


def test_nothing_in_the_data_becomes_code(argon):
    evil = "</script><script>alert(1)</script>"
    data = replace(
        argon, name=evil, columns={"group": np.array([evil] * len(argon))}, card={"title": evil, "k": evil}
    )
    text = page(data, [Finding("cell", evil, (), True)])
    assert evil not in text
    assert "finding certain" in text
    assert all(figures(text))


def test_a_dataset_that_is_wrong_still_has_a_page():
    text = page(small())
    assert "Ar–Ar" in titles(text)
