"""Split manifests: the same structures in whatever order and format they come."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest
from ase import Atoms
from ase.io import read as read_frames
from ase.io import write as write_frames
from example_splits import MADE_BY, exported, same_structures, shuffled
from example_text_mutants import mutants

from mlffbench.data import Dataset, Labels, Split
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.datasets.path import path
from mlffbench.splits.common import manifest_file
from mlffbench.splits.official import official
from mlffbench.splits.random import random


def bare(frames):
    return Dataset("bare", frames, Labels(np.zeros(len(frames))))


def acac(shared_data):
    return path(str(shared_data / "acac/test_MD_300K.xyz"))


def silicon(shared_data):
    """The periodic cells of mlearn's Si, bare."""
    entries = json.loads((shared_data / "mlearn/Si/training.json").read_text())
    return bare([_atoms(entry["structure"]) for entry in entries])


def _atoms(structure):
    positions = [site["xyz"] for site in structure["sites"]]
    return Atoms("Si" * len(positions), positions, cell=structure["lattice"]["matrix"], pbc=True)


# ---------------------------------------------------------------- the same data
def test_the_data_it_was_made_from_gives_the_split_back():
    data = malonaldehyde()
    split = official(data, n_train=50)
    again = manifest_file.apply(exported(data, split), data)
    assert again.digest == split.digest
    assert again.in_domain == "test_300K"
    assert again.notes["moved"] == again.notes["ambiguous"] == 0
    assert again.notes["made_by"] == MADE_BY


@pytest.mark.parametrize("make", [malonaldehyde, lambda: lennard_jones(n_train=20, n_test=5)])
def test_a_shuffled_copy_selects_the_same_structures(make):
    data = make()
    copy, order = shuffled(data)
    split = official(data)
    again = manifest_file.apply(exported(data, split), copy)
    places = {k: order[v] for k, v in {"train": again.train, **again.tests}.items()}
    for name, part in {"train": split.train, **split.tests}.items():
        assert all(data.frames[a] == data.frames[b] for a, b in zip(part, places[name], strict=True))
    assert again.notes["moved"] == np.sum(order[again.train] != again.train) + sum(
        np.sum(order[t] != t) for t in again.tests.values()
    )


def test_frames_that_the_split_does_not_name_may_be_more_or_fewer():
    data = malonaldehyde()
    split = official(data, tests=["test_600K"], n_train=30)
    kept = np.sort(np.concatenate([split.train, split.tests["test_600K"]]))[::-1]
    fewer = bare([data.frames[i] for i in kept])
    assert same_structures(split, manifest_file.apply(exported(data, split), fewer), kept)
    more = bare([*lennard_jones(5, 5).frames, *data.frames])
    assert same_structures(split, manifest_file.apply(exported(data, split), more), np.arange(-20, len(data)))


def test_a_frame_may_be_in_two_tests():
    data = malonaldehyde()
    copy, order = shuffled(data)
    split = Split(np.arange(9), {"train": np.array([12, 11]), "b": np.array([11, 20])})
    again = manifest_file.apply(exported(data, split), copy)
    assert order[again.train].tolist() == list(range(9))
    assert {k: order[v].tolist() for k, v in again.tests.items()} == {"train": [12, 11], "b": [11, 20]}


# ---------------------------------------------------------------- rewritten data
@pytest.mark.parametrize("source", [acac, silicon])
def test_a_copy_in_extended_xyz_selects_the_same_structures(source, shared_data, tmp_path):
    data = source(shared_data)
    rng = np.random.default_rng(0)  # digits beyond the eighth, which the file will lose
    frames = [a.copy() for a in data.frames]
    for atoms in frames:
        atoms.positions += rng.uniform(-1e-4, 1e-4, size=atoms.positions.shape)
    data = bare(frames)
    split = random(data, 3, train=0.6)
    copy, order = shuffled(data)
    write_frames(tmp_path / "copy.xyz", copy.frames, format="extxyz")
    reread = bare(read_frames(tmp_path / "copy.xyz", ":"))
    assert any(
        not np.array_equal(a.positions, b.positions) for a, b in zip(copy.frames, reread.frames, strict=True)
    )
    assert same_structures(split, manifest_file.apply(exported(data, split), reread), order)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_copy_in_npz_selects_the_same_structures(dtype, shared_data, tmp_path):
    data = acac(shared_data)
    split = random(data, 3, train=0.6)
    copy, order = shuffled(data)
    positions = np.array([a.positions for a in copy.frames], dtype=dtype)
    energy = {"E": copy.labels.energy, "F": np.array(copy.labels.forces)}
    np.savez(tmp_path / "copy.npz", R=positions, z=copy.frames[0].numbers, **energy)
    again = manifest_file.apply(exported(data, split), path(str(tmp_path / "copy.npz"), units="eV"))
    assert same_structures(split, again, order)


@pytest.mark.parametrize("decimals", [4, 5, 6, 7])
def test_rounding_at_any_border_is_survived(decimals):
    """Coordinates that are multiples of half the last digit: each rounds the unlucky way."""
    rng = np.random.default_rng(1)
    step = 10.0**-decimals
    frames = [Atoms("C20", rng.integers(0, 10**5, size=(20, 3)) * step + step / 2) for _ in range(200)]
    data, split = bare(frames), random(bare(frames), 0)
    rounded = [a.copy() for a in frames]
    for atoms in rounded:
        atoms.positions += rng.choice([-1, 1], size=(20, 3)) * step / 2
    copy, order = shuffled(bare(rounded))
    assert same_structures(split, manifest_file.apply(exported(data, split), copy), order)


def test_displacements_of_one_atom_by_a_thousandth_are_told_apart():
    """As in finite differences: 65 structures that differ from one crystal in one coordinate."""
    crystal = lennard_jones(1, 1).frames[0].repeat((2, 2, 2))
    frames = [crystal.copy() for _ in range(65)]
    for i, atoms in enumerate(frames):
        atoms.positions.flat[i] += 0.001 * (i > 0)
    copy, order = shuffled(bare(frames))
    split = random(bare(frames), 0)
    assert same_structures(split, manifest_file.apply(exported(bare(frames), split), copy), order)
    rewritten = bare([Atoms(a.numbers, a.positions.round(6), cell=a.cell, pbc=True) for a in copy.frames])
    again = manifest_file.apply(exported(bare(frames), split), rewritten)
    assert same_structures(split, again, order)
    assert again.notes["ambiguous"] == 0


# ---------------------------------------------------------------- what names a structure
def test_a_fingerprint_sees_what_makes_a_structure():
    atoms = lennard_jones(1, 1).frames[0]
    changed = [atoms.copy() for _ in range(5)]
    changed[0].numbers[0] = 10
    changed[1].pbc = (True, True, False)
    changed[2].positions[0, 0] += 1e-3
    changed[3].set_cell(atoms.cell * 1.001)
    changed[4].positions = atoms.positions[::-1]
    rows = {tuple(row) for row in manifest_file.fingerprints([atoms, *changed]).tolist()}
    assert len(rows) == 6


def test_a_fingerprint_is_blind_to_labels_and_to_the_box_of_a_molecule():
    atoms = malonaldehyde().frames[0]
    boxed = atoms.copy()
    boxed.set_cell([50, 50, 50])
    boxed.info["energy"] = 1.0
    boxed.arrays["forces"] = np.ones((len(boxed), 3))
    assert np.ptp(manifest_file.fingerprints([atoms, boxed]), axis=0).max() == 0


def test_the_fingerprint_is_that_of_its_definition():
    atoms = Atoms("HO", [[0.1, 0.2, 0.3], [1.0, -2.0, 3.0]])
    x = [0.1, 0.2, 0.3, 1.0, -2.0, 3.0]
    means = [
        sum(np.cos(2 * np.pi * i * p**0.5) * v for i, v in enumerate(x, 1)) / 6**0.5 for p in (2, 3, 5, 7)
    ]
    digest = sha256(np.array([1, 8], dtype="<i8").tobytes() + bytes(3)).digest()
    expected = [int.from_bytes(digest[:4], "little", signed=True), *np.round(np.array(means) * 1e6)]
    assert manifest_file.fingerprints([atoms]).tolist() == [expected]


def test_positions_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="frame 1 has positions or cell vectors that are not finite"):
        manifest_file.fingerprints([Atoms("H"), Atoms("H", [[np.nan, 0, 0]])])


# ---------------------------------------------------------------- identical structures
def test_identical_structures_are_matched_by_multiplicity_and_counted():
    a, b = (Atoms("H2", [[0, 0, 0], [0, 0, z]]) for z in (0.7, 0.8))
    frames = [a, a, b, a, b]
    split = Split(np.array([0, 2]), {"test": np.array([1, 3])})
    document = exported(bare(frames), split)
    again = manifest_file.apply(document, bare([b, b, a, a, a]))
    assert again.train.tolist() in ([2, 0], [2, 1], [3, 0])
    assert all([b, b, a, a, a][i] == frames[j] for i, j in zip(again.train, split.train, strict=True))
    assert sorted([again.train[0], *again.tests["test"]]) == [2, 3, 4]
    assert again.notes["ambiguous"] == again.notes["moved"] > 0
    some = Split(np.array([1]), {"test": np.array([3])})  # not the first of their kind
    same = manifest_file.apply(exported(bare(frames), some), bare(frames))
    assert same.digest == some.digest
    assert same.notes["ambiguous"] == 0
    with pytest.raises(ValueError, match="1 of the 4 structures of this split are not in bare"):
        manifest_file.apply(document, bare([a, b, a]))


def test_identical_structures_that_were_rewritten_are_matched_by_multiplicity():
    a = Atoms("H2", [[0, 0, 0], [0, 0, 0.7]])
    near = Atoms("H2", [[0, 0, 0], [0, 0, 0.70001]])
    split = Split(np.array([0]), {"test": np.array([1, 2])})
    again = manifest_file.apply(exported(bare([a] * 3), split), bare([near] * 3))
    assert sorted([*again.train, *again.tests["test"]]) == [0, 1, 2]


# ---------------------------------------------------------------- what cannot be done
def test_missing_structures_are_counted_and_the_first_named():
    data = malonaldehyde()
    split = official(data, tests=["test_600K"])
    lost = [int(split.train[3]), int(split.tests["test_600K"][0])]
    rest = bare([a for i, a in enumerate(data.frames) if i not in lost])
    sentence = f"2 of the 550 structures .* not in bare .* first was frame {lost[0]} of 'malonaldehyde' "
    with pytest.raises(ValueError, match=sentence + r"\(892 frames\)"):
        manifest_file.apply(exported(data, split), rest)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.set_positions(a.positions * 1.001),
        lambda a: a.set_positions(a.positions[:, ::-1]),
        lambda a: a.set_pbc(True),
        lambda a: a.set_atomic_numbers(a.numbers[::-1]),
    ],
)
def test_other_structures_are_not_taken_for_the_same(change):
    data = bare([a.copy() for a in malonaldehyde().frames[:50]])
    document = exported(data, random(data))
    for atoms in data.frames:
        atoms.set_cell([20, 20, 20])
        change(atoms)
    with pytest.raises(ValueError, match="50 of the 50 structures"):
        manifest_file.apply(document, data)


def test_a_dataset_without_frames_has_none_of_them():
    data = malonaldehyde()
    with pytest.raises(ValueError, match="892 of the 892 structures"):
        manifest_file.apply(exported(data, official(data)), bare([]))


# ---------------------------------------------------------------- the file
def test_a_thousand_frames_are_one_small_file(tmp_path):
    rng = np.random.default_rng(0)
    data = bare([Atoms("C9H8O4", rng.normal(size=(21, 3))) for _ in range(1000)])
    manifest_file.write(tmp_path / "new/split.json", manifest_file.export(data, random(data), MADE_BY))
    assert (tmp_path / "new/split.json").stat().st_size < 40_000
    assert manifest_file.read(tmp_path / "new/split.json") == exported(data, random(data))


def test_another_process_writes_the_same_file(tmp_path):
    code = (
        "import sys; from mlffbench.splits.common import manifest_file;"
        "from mlffbench.datasets.lennard_jones import lennard_jones;"
        "from mlffbench.splits.official import official; data = lennard_jones(9, 3);"
        "manifest_file.write(sys.argv[1], manifest_file.export(data, official(data, 1, n_train=5), {}))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there.json")], check=True)
    data = lennard_jones(9, 3)
    manifest_file.write(tmp_path / "here.json", manifest_file.export(data, official(data, 1, n_train=5), {}))
    assert (tmp_path / "here.json").read_bytes() == (tmp_path / "there.json").read_bytes()


def test_a_manifest_in_another_encoding_is_a_sentence(tmp_path):
    (tmp_path / "split.json").write_bytes("{}".encode("utf-16"))
    with pytest.raises(ValueError, match=r"is not a split manifest.*UTF-16"):
        manifest_file.read(tmp_path / "split.json")


@pytest.fixture
def document():
    data = lennard_jones(9, 3)
    return exported(data, official(data))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda d: json.dumps(d)[:-40], "is not a split manifest, or cut short"),
        (lambda d: json.dumps({**d, "train": {**d["train"], "indices": [0.5]}}), "train of .* damaged"),
        (lambda d: json.dumps({**d, "train": {**d["train"], "indices": [10**30]}}), "train of .* damaged"),
        (lambda d: json.dumps({**d, "notes": [1]}), "'notes' and 'made_by' of a split manifest are mappings"),
        (lambda d: "[" * 100_000, "is not a split manifest"),
        (lambda d: "train: 1", "is not a split manifest, or cut short"),
        (lambda d: "[1, 2]", "this is no split manifest: it has no 'format'"),
        (
            lambda d: json.dumps({**d, "format": "mlffbench split 9"}),
            "'mlffbench split 9'; this mlffbench reads",
        ),
        (lambda d: json.dumps({k: d[k] for k in ("format", "train")}), r"lacks \['dataset', 'tests'\]"),
        (lambda d: json.dumps({**d, "train": {"indices": [1]}}), "train of the manifest is damaged"),
        (
            lambda d: json.dumps({**d, "train": {**d["train"], "indices": [1, 2]}}),
            "train of the manifest is damaged: its indices and structures do not match",
        ),
        (
            lambda d: json.dumps({**d, "tests": {"hot": {**d["train"], "structures": "ÄÄ"}}}),
            "test 'hot' of the manifest is damaged",
        ),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(document, spoil, sentence, tmp_path):
    (tmp_path / "split.json").write_text(spoil(document), encoding="utf-8")
    with pytest.raises(ValueError, match=f"split.json.*{sentence}"):
        manifest_file.read(tmp_path / "split.json")


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no split manifest '.*other.json'"):
        manifest_file.read(tmp_path / "other.json")


@pytest.mark.parametrize(
    "change", [{"made_by": True}, {"made_by": "x"}, {"in_domain": {"a": 1}}, {"in_domain": 5}, {"notes": [1]}]
)
def test_entries_of_another_kind_are_named(change, tmp_path):
    data = lennard_jones(n_train=6, n_test=2)
    document = {**exported(data, official(data)), **change}
    (tmp_path / "split.json").write_text(json.dumps(document))
    with pytest.raises(
        ValueError, match=rf"split\.json: the entr.*'{next(iter(change))}'.* of a split manifest"
    ):
        manifest_file.read(tmp_path / "split.json")


def test_200_mutants_of_a_manifest_give_a_split_or_a_sentence(tmp_path):
    data = lennard_jones(n_train=6, n_test=2)
    text = json.dumps(exported(data, official(data)), indent=1)
    refusals = []
    for mutant in mutants(text, 200):
        (tmp_path / "split.json").write_text(mutant)
        try:
            assert isinstance(manifest_file.apply(manifest_file.read(tmp_path / "split.json"), data), Split)
        except ValueError as refusal:
            refusals.append(str(refusal))
    assert 20 < len(refusals) < 200
    assert max(map(len, refusals)) < 20_000
