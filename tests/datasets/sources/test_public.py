"""Every registered dataset against the manifest of the published files, and without a network."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from example_datasets import ANALYTIC, MIRRORED, PUBLIC, load, rows, sources

from mlffbench import registry
from mlffbench.data import Dataset
from mlffbench.system import fetch

pytestmark = pytest.mark.usefixtures("offline")


@pytest.fixture(scope="module")
def entries(manifest):
    """The manifest's data files, by name."""
    return {f["file"]: f for d in manifest.values() for f in d["files"] if f["frames"] is not None}


def forces_of(dataset: Dataset) -> np.ndarray:
    return np.concatenate([f for f in dataset.labels.forces if f is not None])


def all_sources():
    found = [s for name in ("acac", "ethanol_botnet", "threebpa") for s in sources(name)]
    rmd17 = importlib.import_module("mlffbench.datasets.rmd17")
    found += [
        s for m in rmd17.MOLECULES for fold in range(1, 6) for s in sources("rmd17", molecule=m, fold=fold)
    ]
    return found + [s for e in ("Ni", "Cu", "Li", "Mo", "Si", "Ge") for s in sources("mlearn", element=e)]


def test_addresses_checksums_and_sizes_are_those_of_the_manifest(entries):
    known = {s.mirror: s for s in all_sources()}
    assert len(known) == len(all_sources()) == 7 + 9 + 7 + 100 + 12
    assert set(entries) <= set(known)
    for name, entry in entries.items():
        source = known[name]
        assert (source.url, source.sha256) == (entry["url"], entry["sha256"])
        assert (source.size, source.frames) == (entry["bytes"], entry["frames"])
    assert {m for m, s in known.items() if s.sha256} == set(entries), "a SHA-256 that the manifest lacks"


def test_what_is_not_mirrored_is_known_by_its_blob(manifest):
    known = {s.url.partition("29e6d467317e4b5967b7ea5cbee54de953fa0d45/")[2]: s for s in sources("threebpa")}
    for entry in manifest["3bpa"]["not_mirrored"]:
        source = known[entry["path"]]
        assert (source.blob, source.frames, source.sha256) == (entry["git_blob_sha1"], entry["frames"], None)


@pytest.mark.parametrize(("name", "params"), MIRRORED)
def test_counts_and_label_coverage_are_those_of_the_manifest(mirror, entries, name, params):
    data = load(name, **params)
    files = [s for s in sources(name, **params) if "iso" not in s.mirror]
    for group, source in zip(data.card["groups"], files, strict=True):
        entry, part = entries[source.mirror], rows(data, group)
        coverage = data.card["coverage"][group]
        with_forces = entry.get("frames_with_forces", entry["frames"])  # mlearn: every frame
        assert len(part) == data.card["groups"][group] == coverage["energies"] == entry["frames"]
        assert sum(data.labels.forces[i] is not None for i in part) == coverage["forces"] == with_forces
        assert coverage["stress"] == (entry["frames"] if name == "mlearn" else 0)
    assert len(data) == sum(data.card["groups"].values())
    assert np.isfinite(data.labels.energy).all()
    assert np.isfinite(forces_of(data)).all()


@pytest.mark.parametrize(("name", "params"), [*MIRRORED, *((name, {}) for name in ANALYTIC)])
def test_frames_are_bare_and_the_card_is_complete(request, name, params):
    if name in PUBLIC:
        request.getfixturevalue("mirror")
    data = load(name, **params)
    assert {tuple(sorted(a.arrays)) for a in data.frames} == {("numbers", "positions")}
    assert all(a.calc is None and not a.info for a in data.frames)
    assert {"title", "level", "units", "licence", "train", "groups"} <= set(data.card)
    named = {data.card["train"], *data.card.get("tests", ())}
    named |= {data.card["in_domain"]} if name != "threebpa" else set()  # its test_300K is not mirrored
    assert named <= set(data.columns["group"].tolist())
    assert data.card["train"] not in data.card.get("tests", ())
    if name in PUBLIC:
        assert {"citation", "source", "split", "coverage"} <= set(data.card)
        assert data.card["source"] in sources(name, **params)[0].url
    printed = str(data)
    for word in (data.card["title"], data.card["level"], data.card["licence"], *data.card["groups"]):
        assert word in printed


@pytest.mark.parametrize(("name", "params"), MIRRORED)
def test_no_frame_is_in_the_training_group_and_in_an_official_test(mirror, name, params):
    data = load(name, **params)
    train = {data.frames[i].positions.tobytes() for i in rows(data, data.card["train"])}
    for test in data.card["tests"]:
        shared = len(train & {data.frames[i].positions.tobytes() for i in rows(data, test)})
        assert shared == (31 if test == "train_mixedT" else 0), test


@pytest.mark.parametrize("name", PUBLIC)
def test_without_mirror_and_network_there_is_a_sentence(name, monkeypatch):
    monkeypatch.delenv("MLFFBENCH_DATA", raising=False)
    with pytest.raises(
        fetch.DownloadError, match=r"cannot fetch .*no network for http.*MLFFBENCH_DATA"
    ) as caught:
        registry.load("datasets", name)()
    assert "\n" not in str(caught.value)


def test_a_changed_mirror_is_refused(mirror, tmp_path, monkeypatch):
    copy = tmp_path / "mlearn/Si/test.json"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((mirror / "mlearn/Si/test.json").read_bytes() + b" ")
    (copy.parent / "training.json").symlink_to(mirror / "mlearn/Si/training.json")
    monkeypatch.setenv("MLFFBENCH_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"not the published 'mlearn/Si/test\.json'"):
        registry.load("datasets", "mlearn")("Si")


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("rmd17", {"molecule": "ethanole"}, "did you mean 'ethanol'"),
        ("rmd17", {"fold": 6}, "splits 1 to 5"),
        ("mlearn", {"element": "Fe"}, "no element 'Fe'; "),
        ("threebpa", {"groups": ["train_300k"]}, "did you mean 'train_300K'"),
        ("threebpa", {"groups": ["test_300K"]}, "nothing to train on"),
    ],
)
def test_what_does_not_exist_is_refused(name, params, message):
    with pytest.raises(ValueError, match=message):
        registry.load("datasets", name)(**params)


@pytest.mark.parametrize(("name", "params"), MIRRORED[:3])
def test_molecules_are_bound_against_their_isolated_atoms(mirror, name, params):
    data = load(name, **params)
    thermal = [i for i in range(len(data)) if np.isfinite(data.columns["temperature"][i])]
    for i in thermal[::50]:
        atoms = data.frames[i]
        alone = sum(data.atomic_energies[s] for s in atoms.symbols)
        assert -6.5 < (data.labels.energy[i] - alone) / len(atoms) < -3.5
