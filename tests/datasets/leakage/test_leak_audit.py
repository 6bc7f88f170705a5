"""The leak audit: what train and test share, told in numbers and removed on request."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from mlffbench.data import Dataset, Labels, Split
from mlffbench.datasets.leakage import audit, leak_free
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.splits.official import official
from mlffbench.splits.random import random


def water(seed: int, width: float = 0.2) -> Atoms:
    rng = np.random.default_rng(seed)
    return Atoms(
        "OHH", np.array([(0, 0, 0), (0, 0.76, 0.59), (0, -0.76, 0.59)]) + rng.normal(0, width, (3, 3))
    )


def turned(atoms: Atoms) -> Atoms:
    copy = atoms[::-1]
    copy.rotate(77, (1, 2, 3))
    copy.translate((3, 2, 1))
    return copy


def moved(atoms: Atoms, by: float) -> Atoms:
    """The first atom displaced along the bond to the second."""
    copy = atoms.copy()
    along = copy.positions[1] - copy.positions[0]
    copy.positions[0] -= by * along / np.linalg.norm(along)
    return copy


def dataset(frames, columns=None, energy=None):
    energy = np.arange(len(frames), dtype=float) if energy is None else energy
    return Dataset("toy", frames, Labels(energy), {k: np.array(v) for k, v in (columns or {}).items()})


@pytest.fixture
def leaking():
    """Training frames 0–3 (3 is frame 0 again); tests: 4 twin of 0 and 3, 5 near-twin of 1, 6 and 7 new."""
    train = [water(0), water(1), water(2), turned(water(0))]
    tests = [turned(turned(water(0))), turned(moved(water(1), 0.02)), water(6), water(7)]
    return dataset(train + tests), Split([0, 1, 2, 3], {"a": [4, 6], "b": [5, 7], "both": [4, 5]}, "a")


# ---------------------------------------------------------------- twins and near-twins
def test_every_leaked_frame_is_listed_once_a_group_with_its_nearest_training_frame(leaking):
    found = audit(*leaking)
    assert (found.n_twins, found.n_near, found.n_twin_pairs, found.leaky) == (1, 1, 2, True)
    assert [(p.train, p.test, p.group, p.twin) for p in found.pairs[2:]] == [
        (1, 5, "b", False), (1, 5, "both", False),
    ]  # fmt: skip
    assert [(p.test, p.group, p.twin, p.n_train) for p in found.pairs[:2]] == [
        (4, "a", True, 2), (4, "both", True, 2),
    ]  # fmt: skip
    assert found.pairs[0].train in (0, 3)
    assert found.pairs[0].distance < 1e-9
    assert found.pairs[2].distance == pytest.approx(0.02, rel=0.3)


def test_energies_stand_beside_the_pair(leaking):
    near = audit(*leaking).pairs[2]
    assert (near.energy_train, near.energy_test, near.difference) == (1.0, 5.0, 4.0)


def test_the_energies_of_cells_of_different_size_are_compared_by_the_test_frames_cell():
    data = dataset([bulk("Cu"), bulk("Cu", cubic=True), bulk("Au")], energy=[-3.0, -12.5, -3.0])
    (pair,) = audit(data, Split([0], {"test": [1, 2]})).pairs
    assert (pair.energy_train, pair.energy_test, pair.difference) == (-3.0, -12.5, -0.5)


def test_tolerances_decide_what_is_a_twin(leaking):
    assert audit(*leaking, near=0.001).n_near == 0
    assert audit(*leaking, tolerance=0.05).n_twins == 2
    assert audit(*leaking, tolerance=0.05, near=0.0).n_twins == 2


def test_it_is_plain_json_and_text(leaking):
    found = audit(*leaking)
    document = json.loads(json.dumps(found.to_json()))
    assert document["leaky"] is True
    assert document["n_twins"] == 1
    assert document["pairs"][2]["test"] == 5
    assert document["verdict"] == found.verdict
    assert found.verdict == (
        "leaky: 1 of 4 test frames have a copy among 4 training frames; near copies: 1 more (within 0.05 Å)"
    )
    assert str(found).splitlines()[0] == f"toy: {found.verdict}"
    assert "near copy in both" in str(found)


def test_a_clean_split_says_so():
    data = dataset([water(i) for i in range(6)])
    found = audit(data, Split([0, 1, 2], {"test": [3, 4, 5]}))
    assert (found.leaky, found.pairs, found.time_neighbours, found.group_overlap) == (False, (), (), ())
    assert found.verdict == "no copies: none of 3 test frames have a copy among 3 training frames"


def test_many_pairs_are_shortened_in_the_text_only():
    data = dataset([water(i % 15) for i in range(30)])
    found = audit(data, Split(range(15), {"test": range(15, 30)}))
    assert len(found.pairs) == found.n_twins == 15
    assert "... and 5 more" in str(found)
    assert len(str(found).splitlines()) == 13


def test_an_error_names_the_datasets_index():
    frames = [water(i) for i in range(4)]
    frames[3].positions[0, 0] = np.nan
    with pytest.raises(ValueError, match="frame 3 has positions that are not finite"):
        audit(dataset(frames), Split([0, 1], {"test": [2, 3]}))


# ---------------------------------------------------------------- the split without leaks
def test_leak_free_takes_the_twins_out_and_nothing_else(leaking):
    data, split = leaking
    found = audit(data, split)
    clean = leak_free(split, found)
    assert {k: v.tolist() for k, v in clean.tests.items()} == {"a": [6], "b": [5, 7], "both": [5]}
    assert clean.train.tolist() == split.train.tolist()
    assert clean.in_domain == "a"
    assert not audit(data, clean).leaky


def test_an_emptied_group_is_left_out_with_a_sentence(leaking):
    data, split = leaking
    with pytest.warns(UserWarning, match="every frame of test group 'both' has a copy or near copy"):
        clean = leak_free(split, audit(data, split), near=True)
    assert {k: v.tolist() for k, v in clean.tests.items()} == {"a": [6], "b": [7]}
    split = Split([0], {"a": [4], "b": [7]}, "a")
    with pytest.warns(UserWarning, match="every frame of test group 'a' has a copy in"):
        assert leak_free(split, audit(data, split)).in_domain is None


def test_leak_free_refuses_to_leave_nothing_and_audits_of_other_splits(leaking):
    data, split = leaking
    alone = Split([0], {"test": [4]})
    with pytest.raises(ValueError, match="every test frame of toy has a copy in the training set"):
        leak_free(alone, audit(data, alone))
    with pytest.raises(ValueError, match="of another split"):
        leak_free(alone, audit(data, split))


# ---------------------------------------------------------------- neighbours in time
def times(columns, split, window=10):
    frames = [water(i) for i in range(len(next(iter(columns.values()))))]
    return audit(dataset(frames, columns), split, window=window).time_neighbours


def test_gaps_count_within_a_trajectory_in_steps_of_the_simulation():
    columns = {"trajectory": ["x", "x", "x", "y", "y", "z"], "time_index": [100, 95, 130, 131, 200, 96]}
    split = Split([0, 3], {"near": [1, 2], "far": [4, 5], "alone": [5]})
    near, far = times(columns, split)
    assert (near.group, near.column, near.step) == ("near", "time_index", 1.0)
    assert (near.n_frames, near.n_within, near.median_gap) == (2, 1, 17.5)  # gaps 5 and 30
    assert (far.group, far.n_frames, far.n_within, far.median_gap) == ("far", 1, 0, 69.0)  # z never trains


def test_a_step_of_a_clock_is_its_least_difference():
    columns = {"trajectory": ["x"] * 4 + ["y"], "time_fs": [0.0, 50.0, 100.0, 350.0, 20.0]}
    (found,) = times(columns, Split([0], {"test": [1, 3, 4]}), window=2)
    assert (found.step, found.n_frames, found.n_within, found.median_gap) == (50.0, 2, 1, 4.0)


def test_without_times_the_order_within_the_trajectory_counts():
    columns = {"trajectory": ["x", "y", "x", "y", "x", "x"]}
    (found,) = times(columns, Split([0], {"test": [1, 4, 5]}), window=2)
    assert (found.column, found.n_frames, found.n_within, found.median_gap) == ("trajectory", 2, 1, 2.5)


def test_frames_without_a_time_or_a_trajectory_are_nobodys_neighbours():
    columns = {"trajectory": ["x", "x", "", "x"], "time": [0.0, np.nan, 1.0, 3.0]}
    (found,) = times(columns, Split([0], {"test": [1, 2, 3]}))
    assert found.n_frames == 1
    assert times({"time": [0.0, 1.0, 0.0]}, Split([0], {"test": [1, 2]})) == ()  # several runs, not named
    assert times({"time": [np.nan] * 3}, Split([0], {"test": [1, 2]})) == ()


def test_a_random_split_of_a_trajectory_has_neighbours_and_the_official_one_has_none():
    data = malonaldehyde()
    assert audit(data, official(data)).time_neighbours == ()
    (found,) = audit(data, random(data, groups="train_300K")).time_neighbours
    assert (found.column, found.step, found.median_gap) == ("time_fs", 100.0, 1.0)
    assert found.n_within == found.n_frames > 0


# ---------------------------------------------------------------- groups
def test_shared_values_of_telling_columns_are_counted():
    columns = {
        "molecule": ["a", "a", "b", "b", "c", ""],
        "trajectory": ["t"] * 6,
        "composition": ["H2O"] * 6,  # common to all: tells nothing
        "temperature": [300.0] * 6,
    }
    data = dataset([water(i) for i in range(6)], columns)
    found = audit(data, Split([0, 2], {"test": [1, 3, 4, 5], "c": [4]})).group_overlap
    assert [(o.column, o.group, o.n_shared, o.n_values, o.n_frames) for o in found] == [
        ("trajectory", "test", 1, 1, 4), ("trajectory", "c", 1, 1, 1), ("molecule", "test", 2, 3, 2),
    ]  # fmt: skip


# ---------------------------------------------------------------- public data
def mlearn(folder, element):
    """The official split, read here without the project's own reader."""
    frames, energies, groups = [], [], []
    for part in ("training", "test"):
        file = folder / "mlearn" / element / f"{part}.json"
        if not file.exists():
            pytest.skip(f"no {file}")
        for entry in json.loads(file.read_text()):
            sites, cell = entry["structure"]["sites"], entry["structure"]["lattice"]["matrix"]
            frames.append(Atoms([element] * len(sites), [s["xyz"] for s in sites], cell=cell, pbc=True))
            energies.append(entry["outputs"]["energy"])
            groups.append("train" if part == "training" else "test")
    return Dataset(f"mlearn {element}", frames, Labels(np.array(energies)), {"group": np.array(groups)})


@pytest.mark.parametrize("element", ["Si", "Ge"])
def test_mlearn_has_three_twins_and_is_clean_without_them(shared_data, element):
    data = mlearn(shared_data, element)
    split = official(data, train="train")
    found = audit(data, split)
    assert (found.n_twins, found.n_near, found.n_twin_pairs) == (3, 0, 9)
    assert max(abs(p.difference) for p in found.pairs) < 1e-6
    assert {p.n_train for p in found.pairs} == {3}
    kept = leak_free(split, found).tests["test"]
    assert sorted([*kept, *(p.test for p in found.pairs)]) == split.tests["test"].tolist()


def test_rmd17_has_no_twins_but_neighbours_in_time(shared_data):
    parts = [np.load(shared_data / "rmd17" / f"rmd17_ethanol_{p}_01.npz") for p in ("train", "test")]
    steps = np.concatenate([p["old_indices"] for p in parts])
    frames = [Atoms(p["nuclear_charges"], x) for p in parts for x in p["coords"]]
    energy = np.concatenate([p["energies"] for p in parts])
    columns = {"time_index": steps, "trajectory": ["ethanol"] * 2000}
    found = audit(dataset(frames, columns, energy), Split(range(1000), {"test": range(1000, 2000)}))
    assert (found.n_twins, found.n_near) == (0, 2)
    gaps = np.abs(steps[1000:, None] - steps[None, :1000]).min(axis=1)
    (neighbours,) = found.time_neighbours
    assert (neighbours.n_within, neighbours.median_gap) == (np.sum(gaps <= 10), np.median(gaps))
    assert 0 < neighbours.n_within < 100
