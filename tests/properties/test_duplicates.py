"""Twins: what is the same structure, what is not, and how far apart."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, graphene, molecule
from ase.io import read

from mlffbench.properties import pointwise_distances
from mlffbench.properties.duplicates import Duplicate, find_duplicates


def turned(atoms: Atoms, rng: np.random.Generator, mirror: bool = False) -> Atoms:
    """Rotated (and mirrored), moved, renumbered; a periodic one with its atoms wrapped elsewhere."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    if (np.linalg.det(q) < 0) != mirror:
        q[:, 0] *= -1
    copy = Atoms(atoms.numbers, atoms.positions @ q, cell=np.asarray(atoms.cell) @ q, pbc=atoms.pbc)
    copy.positions += rng.normal(size=3) * 5
    if atoms.pbc.any():
        copy.wrap()
    return copy[rng.permutation(len(copy))]


def sheared(atoms: Atoms) -> Atoms:
    """The same crystal by the cell vectors a + b, b, c − a."""
    change = np.array([[1, 1, 0], [0, 1, 0], [-1, 0, 1]])
    copy = Atoms(atoms.numbers, atoms.positions, cell=change @ np.asarray(atoms.cell), pbc=True)
    copy.wrap()
    return copy


def shaken(atoms: Atoms, rng: np.random.Generator, width: float) -> Atoms:
    copy = atoms.copy()
    copy.positions += rng.normal(0, width, copy.positions.shape)
    return copy


def crystal(rng: np.random.Generator, symbols: str = "Si2O4") -> Atoms:
    """Random atoms in a random triclinic cell, 20 Å³ each."""
    atoms = Atoms(symbols)
    cell = np.eye(3) * (20 * len(atoms)) ** (1 / 3) + rng.normal(0, 0.7, (3, 3))
    return Atoms(symbols, rng.random((len(atoms), 3)) @ cell, cell=cell, pbc=True)


def mlearn(folder, element: str) -> list[list[Atoms]]:
    """Training and test frames, each with its energy in info."""
    parts = []
    for part in ("training", "test"):
        file = folder / "mlearn" / element / f"{part}.json"
        if not file.exists():
            pytest.skip(f"no {file}")
        frames = []
        for entry in json.loads(file.read_text()):
            sites = entry["structure"]["sites"]
            cell = entry["structure"]["lattice"]["matrix"]
            symbols = [s["species"][0]["element"] for s in sites]
            atoms = Atoms(symbols, [s["xyz"] for s in sites], cell=cell, pbc=True)
            atoms.info = {"energy": entry["outputs"]["energy"], "group": entry["group"]}
            frames.append(atoms)
        parts.append(frames)
    return parts


def pairs(found: list[Duplicate]) -> set[tuple[int, int]]:
    return {(t.i, t.j) for t in found}


# ---------------------------------------------------------------- invariances
ETHANOL = molecule("CH3CH2OH")
STRUCTURES = {
    "molecule": ETHANOL,
    "one atom": Atoms("Ar"),
    "two atoms": Atoms("OH", [(0, 0, 0), (0, 0, 0.97)]),
    "ring": molecule("C6H6"),
    "primitive": bulk("Al"),
    "diamond": bulk("Si", cubic=True) * (2, 1, 1),
    "salt": bulk("NaCl", "rocksalt", 5.64),
    "triclinic": crystal(np.random.default_rng(1)),
    "slab": fcc111("Cu", (2, 2, 3), vacuum=6.0, periodic=False),
    "sheet without a third vector": graphene(size=(2, 2, 1), vacuum=None),
    "wire": Atoms("CO", [(0, 0, 0), (0.3, 0.2, 1.1)], cell=[0, 0, 2.5], pbc=(False, False, True)),
    "dilute": Atoms("Si7Ge", bulk("Si", cubic=True).positions, cell=[5.43, 5.43, 5.43], pbc=True),
}  # fmt: skip


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("mirror", [False, True])
def test_a_frame_is_its_own_twin_however_placed(name, mirror):
    atoms, rng = STRUCTURES[name], np.random.default_rng(2)
    (twin,) = find_duplicates([turned(atoms, rng, mirror)], [turned(atoms, rng)], 1e-6)
    assert twin.distance < 1e-9


@pytest.mark.parametrize("name", ["primitive", "diamond", "salt", "triclinic"])
def test_the_choice_of_the_cell_is_not_the_crystal(name):
    atoms, rng = STRUCTURES[name], np.random.default_rng(3)
    larger = [atoms * (2, 1, 1), sheared(atoms) * (1, 3, 1), turned(atoms, rng) * (2, 2, 1)]
    cells = [atoms, sheared(atoms), *larger]
    found = find_duplicates(cells, None, 1e-6)
    assert len(found) == 10
    assert max(t.distance for t in found) < 1e-9


def test_reduced_primitive_and_cubic_cells_are_one_crystal():
    cubic, primitive = bulk("Cu", "fcc", 3.6, cubic=True), bulk("Cu", "fcc", 3.6)
    assert pairs(find_duplicates([cubic], [primitive, bulk("Cu", "fcc", 3.61)], 1e-6)) == {(0, 0)}


def test_cells_with_different_numbers_of_equal_atoms_need_the_same_share_of_each_site():
    a = bulk("Si", cubic=True)  # one kind of site
    b = a * (2, 1, 1)
    b.positions[0] += 0.3
    assert find_duplicates([a], [b], 0.05) == []
    assert pairs(find_duplicates([b * (1, 2, 1)], [b * (1, 1, 3)], 1e-6)) == {(0, 0)}


@pytest.mark.parametrize("name", ["molecule", "ring", "diamond", "triclinic", "slab"])
def test_small_noise_is_found_and_bounds_the_distance(name):
    atoms, rng = STRUCTURES[name], np.random.default_rng(4)
    for _ in range(5):
        moved = shaken(atoms, rng, 1e-4)
        largest = np.linalg.norm(moved.positions - atoms.positions, axis=1).max()
        (twin,) = find_duplicates([atoms], [turned(moved, rng)])
        assert 0 < twin.distance <= 2 * largest + 1e-9


def test_noise_on_a_repeated_cell_is_found():
    atoms, rng = crystal(np.random.default_rng(5)), np.random.default_rng(6)
    (twin,) = find_duplicates([atoms], [turned(shaken(sheared(atoms) * (2, 1, 1), rng, 1e-4), rng)])
    assert 0 < twin.distance < 1e-3


# ---------------------------------------------------------------- what is not a twin
def test_another_element_in_the_same_place_is_another_structure():
    swapped = ETHANOL.copy()
    swapped.numbers[[1, 2]] = swapped.numbers[[2, 1]]  # C and O change places
    assert sorted(swapped.numbers) == sorted(ETHANOL.numbers)
    assert (swapped.numbers != ETHANOL.numbers).sum() == 2
    assert find_duplicates([ETHANOL], [swapped], 0.02) == []
    zincblende = bulk("ZnS", "zincblende", 5.4, cubic=True)
    antisite = zincblende.copy()
    antisite.numbers[[0, 1]] = antisite.numbers[[1, 0]]
    assert find_duplicates([zincblende], [antisite], 0.1) == []
    assert pairs(find_duplicates([zincblende], [bulk("ZnS", "zincblende", 5.4)], 1e-6)) == {(0, 0)}


def test_strain_counts_by_its_size():
    atoms = bulk("Si", cubic=True)
    strained = {s: Atoms(atoms.numbers, atoms.positions * (1 + s), cell=atoms.cell * (1 + s), pbc=True)
                for s in (1e-4, 1e-3)}  # fmt: skip
    (twin,) = find_duplicates([atoms], [strained[1e-4]])
    assert find_duplicates([atoms], [strained[1e-3]]) == []
    (near,) = find_duplicates([atoms], [strained[1e-3]], 0.01)
    assert near.distance == pytest.approx(10 * twin.distance, rel=1e-6)
    assert near.distance == pytest.approx(1e-3 * np.sqrt(35 / 16) * 5.43, rel=0.2)  # of the 48th neighbour


def test_polytypes_differ():
    """fcc and hcp have the same twelve nearest neighbours."""
    a = 2.5
    hcp = bulk("Co", "hcp", a=a, c=a * np.sqrt(8 / 3))
    assert find_duplicates([bulk("Co", "fcc", a * np.sqrt(2))], [hcp], 0.1) == []


def test_a_molecule_alone_and_in_a_box_differ():
    boxed = ETHANOL.copy()
    boxed.set_cell([12, 12, 12])
    boxed.pbc = True
    assert find_duplicates([ETHANOL], [boxed], 0.05) == []
    boxed.pbc = False  # a cell that nothing repeats is no part of the structure
    assert pairs(find_duplicates([ETHANOL], [boxed], 1e-6)) == {(0, 0)}


def test_pairs_within_one_list_are_named_once_and_sorted():
    rng = np.random.default_rng(7)
    frames = [ETHANOL, Atoms("Ar"), turned(shaken(ETHANOL, rng, 1e-4), rng), turned(ETHANOL, rng)]
    found = find_duplicates(frames)
    assert pairs(found) == {(0, 2), (0, 3), (2, 3)}
    assert (found[0].i, found[0].j) == (0, 3)
    assert [t.distance for t in found] == sorted(t.distance for t in found)


def test_frames_are_read_one_by_one_and_twins_once_more():
    class Lazy:
        def __init__(self, frames):
            self.frames, self.reads = frames, []

        def __len__(self):
            return len(self.frames)

        def __getitem__(self, i):
            self.reads.append(i)
            return self.frames[i]

    rng = np.random.default_rng(8)
    lazy = Lazy([shaken(ETHANOL, rng, 0.1) for _ in range(20)])
    lazy.frames[17] = turned(lazy.frames[4], rng)
    assert pairs(find_duplicates(lazy)) == {(4, 17)}
    assert lazy.reads == [*range(20), 4, 17]


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        ([ETHANOL, Atoms()], "frame 1 has no atoms"),
        ([Atoms("H", [(np.nan, 0, 0)])], "frame 0 has positions that are not finite"),
        ([Atoms("H", cell=[[1, 0, 0], [2, 0, 0], [0, 0, 1]], pbc=True)], "cell of frame 0 has no volume"),
    ],
)
def test_frames_without_distances_are_refused(frames, sentence):
    with pytest.raises(ValueError, match=sentence):
        find_duplicates(frames)


def test_a_negative_tolerance_is_refused():
    with pytest.raises(ValueError, match="not negative; got -1"):
        find_duplicates([ETHANOL], None, -1)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0, 0, 1], [1, 0, 0], 0.0),
        ([0, 0, 1], [0, 1, 1], 1.0),  # each has its like on the other side, but not as many
        ([0, 1], [1, 0, 1, 0], 0.0),
        ([0, 1], [1, 1, 1, 0], 1.0),
        ([0, 0.4, 0.5], [0.1, 0.5, 0.9], 0.4),
        ([0, 1], [0, 1, 1.2, 0.1, 0.2, 0.9], 0.2),
        ([0, 1], [0, 9], np.inf),
    ],
)
def test_the_distance_is_that_of_the_best_matching_with_multiplicities(a, b, expected):
    rows = [(np.array(x, dtype=float)[:, None],) for x in (a, b)]
    assert pointwise_distances.distance(*rows, tolerance=2.0) == pytest.approx(expected)
    assert pointwise_distances.distance(*rows[::-1], tolerance=2.0) == pytest.approx(expected)


# ---------------------------------------------------------------- all planted, no false alarm
def test_planted_twins_are_found_among_random_molecules_and_nothing_else():
    rng = np.random.default_rng(9)
    frames = [shaken(ETHANOL, rng, 0.05) for _ in range(1000)]
    assert find_duplicates(frames) == []
    planted = [turned(shaken(frames[i], rng, 1e-4), rng, mirror=bool(i % 2)) for i in range(0, 1000, 50)]
    assert pairs(find_duplicates(frames, planted)) == {(50 * j, j) for j in range(20)}


def test_planted_twins_are_found_among_random_crystals_and_nothing_else():
    rng = np.random.default_rng(10)
    frames = [crystal(rng) for _ in range(700)]
    frames += [shaken(bulk("Si", cubic=True), rng, 0.05) for _ in range(300)]
    assert find_duplicates(frames) == []
    changes = [
        lambda a: turned(a, rng), lambda a: turned(a, rng, mirror=True), sheared,
        lambda a: a * (1, 2, 1), lambda a: turned(sheared(a), rng) * (2, 1, 1),
    ]  # fmt: skip
    planted = [changes[j % 5](shaken(frames[50 * j], rng, 1e-4)) for j in range(20)]
    assert pairs(find_duplicates(frames, planted)) == {(50 * j, j) for j in range(20)}


# ---------------------------------------------------------------- public data
@pytest.mark.parametrize(
    ("element", "training"), [("Si", {192, 201, 210}), ("Ge", {206, 215, 224})]
)  # shears of +6 % and −6 % along the three axes: one structure in six cells, three on each side
def test_mlearn_has_its_known_twins(shared_data, element, training):
    train, test = mlearn(shared_data, element)
    found = find_duplicates(train, test)
    assert pairs(found) == {(i, j) for i in training for j in (22, 23, 24)}
    assert max(t.distance for t in found) < 1e-9
    assert all(abs(train[t.i].info["energy"] - test[t.j].info["energy"]) < 1e-6 for t in found)


def test_mlearn_without_its_elastic_group_has_none(shared_data):
    train, test = ([a for a in part if a.info["group"] != "Elastic"] for part in mlearn(shared_data, "Si"))
    assert find_duplicates(train, test, 0.05) == []


def test_near_twins_of_rmd17_are_neighbours_in_time(shared_data):
    train, test = (np.load(shared_data / "rmd17" / f"rmd17_ethanol_{p}_01.npz") for p in ("train", "test"))
    frames = [[Atoms(part["nuclear_charges"], x) for x in part["coords"]] for part in (train, test)]
    found = find_duplicates(*frames, tolerance=0.05)
    assert pairs(found) == {(327, 649), (792, 638)}
    assert min(t.distance for t in found) > 0.03
    assert all(abs(train["old_indices"][t.i] - test["old_indices"][t.j]) == 1 for t in found)


def test_one_near_twin_for_each_frame_without_a_twin():
    rng = np.random.default_rng(11)
    frames = [shaken(ETHANOL, rng, 0.1) for _ in range(5)]
    others = [
        shaken(frames[2], rng, 3e-3),
        frames[1],
        shaken(frames[2], rng, 3e-3),
        shaken(ETHANOL, rng, 0.1),
    ]
    found = find_duplicates(frames, others, near=0.05)
    assert pairs(found) == {(1, 1), (2, 0), (2, 2)}
    assert all(t.distance > 3e-3 for t in found if t.j != 1)
    assert pairs(find_duplicates(frames, others)) == {(1, 1)}
    with pytest.raises(ValueError, match="across two lists"):
        find_duplicates(frames, near=0.05)


def test_frames_that_are_all_alike_cost_no_square(monkeypatch):
    """Phonons, low temperature: everything is everything's near-twin, and one each is told."""
    measured, distance = [], pointwise_distances.distance
    monkeypatch.setattr(
        pointwise_distances, "distance", lambda *given: measured.append(1) or distance(*given)
    )
    rng = np.random.default_rng(12)
    base = bulk("Si", cubic=True)
    found = find_duplicates(*([shaken(base, rng, 0.01) for _ in range(n)] for n in (30, 40)), near=0.05)
    assert sorted(t.j for t in found) == list(range(40))
    assert all(3e-3 < t.distance <= 0.05 for t in found)
    assert len(measured) < 80


def test_the_training_sets_of_3bpa_share_frames(shared_data):
    parts = [read(shared_data / "3bpa" / f"train_{t}.xyz", ":120") for t in ("300K", "mixedT")]
    energies = [[a.info.get("energy", a.calc and a.get_potential_energy()) for a in part] for part in parts]
    found = find_duplicates(*parts)
    same = {(i, j) for i, e in enumerate(energies[0]) for j, f in enumerate(energies[1]) if abs(e - f) < 1e-9}
    assert pairs(found) == same != set()
