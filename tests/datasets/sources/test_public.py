"""Every registered dataset against the manifest, against physics, and against the others."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest
import requests
from ase.calculators.emt import EMT
from ase.units import GPa

from mlffbench import registry
from mlffbench.data import Dataset
from mlffbench.system import fetch

PUBLIC = ("acac", "ethanol_botnet", "threebpa", "rmd17", "mlearn")
ANALYTIC = ("lennard_jones", "stillinger_weber_si", "emt_copper")
MIRRORED = [  # what the mirror holds, as parameters
    ("acac", {}),
    ("ethanol_botnet", {}),
    ("threebpa", {"groups": ("train_300K", "train_mixedT")}),
    *(("rmd17", {"molecule": "ethanol", "fold": fold}) for fold in range(1, 6)),
    ("rmd17", {"molecule": "aspirin", "fold": 1}),
    ("rmd17", {"molecule": "malonaldehyde", "fold": 1}),
    ("mlearn", {"element": "Si"}),
    ("mlearn", {"element": "Ge"}),
]


LOADED: dict[str, Dataset] = {}


def load(name: str, **params) -> Dataset:
    """Each once."""
    key = f"{name} {params}"
    if key not in LOADED:
        LOADED[key] = registry.load("datasets", name)(**params)
    return LOADED[key]


def sources(name: str, **params):
    return importlib.import_module(f"mlffbench.datasets.{name}").sources(**params)


@pytest.fixture(scope="module", autouse=True)
def offline(tmp_path_factory):
    """An empty cache and no network: what is not in the mirror cannot be had."""

    def refuse(url, *_):
        raise requests.ConnectionError(f"no network for {url}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFFBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(fetch, "download", refuse)
        yield


@pytest.fixture(scope="module")
def mirror(shared_data, offline):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFFBENCH_DATA", str(shared_data))
        yield shared_data


@pytest.fixture(scope="module")
def manifest(shared_data):
    return json.loads((shared_data / "MANIFEST.json").read_text(encoding="utf-8"))["datasets"]


@pytest.fixture(scope="module")
def entries(manifest):
    """The manifest's data files, by name."""
    return {f["file"]: f for d in manifest.values() for f in d["files"] if f["frames"] is not None}


def rows(dataset: Dataset, group: str) -> np.ndarray:
    return np.flatnonzero(dataset.columns["group"] == group)


def forces_of(dataset: Dataset) -> np.ndarray:
    return np.concatenate([f for f in dataset.labels.forces if f is not None])


# ---------------------------------------------------------------- the manifest
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


def test_frames_of_mlearn_are_those_of_the_manifest(manifest):
    for element in ("Ni", "Cu", "Li", "Mo", "Si", "Ge"):
        train, test = (s.frames for s in sources("mlearn", element=element))
        assert f"{element} {train}/{test}" in manifest["mlearn"]["note"]


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


# ---------------------------------------------------------------- offline
@pytest.mark.parametrize("name", PUBLIC)
def test_without_mirror_and_network_there_is_a_sentence(name, monkeypatch):
    monkeypatch.delenv("MLFFBENCH_DATA", raising=False)
    with pytest.raises(
        fetch.DownloadError, match=r"cannot fetch .*no network for http.*MLFFBENCH_DATA"
    ) as caught:
        registry.load("datasets", name)()
    assert "\n" not in str(caught.value)


def test_threebpa_says_which_groups_are_here(mirror):
    with pytest.raises(fetch.DownloadError, match=r"3bpa/test_300K\.xyz.*\['train_300K', 'train_mixedT'\]"):
        registry.load("datasets", "threebpa")()


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
        ("mlearn", {"element": "Fe"}, "no element 'Fe'; there are"),
        ("threebpa", {"groups": ["train_300k"]}, "did you mean 'train_300K'"),
        ("threebpa", {"groups": ["test_300K"]}, "nothing to train on"),
    ],
)
def test_what_does_not_exist_is_refused(name, params, message):
    with pytest.raises(ValueError, match=message):
        registry.load("datasets", name)(**params)


# ---------------------------------------------------------------- molecules
@pytest.mark.parametrize(("name", "params"), MIRRORED[:3])
def test_molecules_are_bound_against_their_isolated_atoms(mirror, name, params):
    data = load(name, **params)
    thermal = [i for i in range(len(data)) if np.isfinite(data.columns["temperature"][i])]
    for i in thermal[::50]:
        atoms = data.frames[i]
        alone = sum(data.atomic_energies[s] for s in atoms.symbols)
        assert -6.5 < (data.labels.energy[i] - alone) / len(atoms) < -3.5


def test_paths_of_acac_have_their_coordinates(mirror):
    data = load("acac")
    transfer, scan = (data.columns["coordinate"][rows(data, g)] for g in ("H_transfer", "dihedral"))
    assert (np.diff(transfer) < 0).all()
    assert transfer == pytest.approx(-transfer[::-1], abs=2e-3)  # from one oxygen to the other
    measured = [data.frames[i].get_dihedral(0, 1, 2, 3) for i in rows(data, "dihedral")]
    assert scan == pytest.approx(measured, abs=1e-3)
    assert not np.isfinite(data.columns["coordinate"][rows(data, "test_600K")]).any()
    assert set(data.card["coordinates"]) == {"H_transfer", "dihedral"}


def test_paths_of_ethanol_have_their_coordinates(mirror):
    data = load("ethanol_botnet")
    removal = rows(data, "H_removal")
    lengths = [data.frames[i].get_distance(2, 8) for i in removal]
    assert data.columns["coordinate"][removal] == pytest.approx(lengths, abs=1e-4)
    for mode, n in (("norm_mode_874", 37), ("norm_mode_3005", 18)):
        places = data.columns["coordinate"][rows(data, mode)]
        assert np.diff(places) == pytest.approx(np.full(n - 1, 0.1))
    dimers = rows(data, "dimers")
    apart = [data.frames[i].get_distance(0, 1) for i in dimers]
    assert data.columns["distance"][dimers] == pytest.approx(apart, abs=1e-6)
    assert {data.columns["molecule"][i] for i in dimers} == {"HH", "HC", "HO", "CC", "CO", "OO"}
    assert not np.isfinite(data.columns["coordinate"][dimers]).any()  # six curves are no path


def test_training_sets_of_ethanol_overlap_as_the_card_says(mirror):
    data = load("ethanol_botnet")
    inside = lambda group: {data.frames[i].positions.tobytes() for i in rows(data, group)}
    assert inside("train") < inside("train_eth_meth")
    assert inside("test_MD") < inside("test_eth_meth")
    assert not inside("train_eth_meth") & inside("test_eth_meth")
    for group, n in (("train_eth_meth", 300), ("test_eth_meth", 145)):
        assert sum(data.columns["molecule"][rows(data, group)] == "methanol") == n
    assert data.card["tests"] == [g for g in data.card["groups"] if not g.startswith("train")]


def test_torsions_of_threebpa_are_those_of_the_frames(mirror):
    data = load("threebpa", **MIRRORED[2][1])
    places = {"alpha": (4, 1, 5, 13), "beta": (1, 5, 13, 14), "gamma": (5, 13, 14, 18)}
    for name, atoms in places.items():
        for i in range(0, 1000, 100):
            off = data.frames[i].get_dihedral(*atoms) - data.columns[name][i]
            assert abs((off + 180) % 360 - 180) < 0.02
    assert {a.get_chemical_formula() for a in data.frames} == {"C12H12N2O"}


# ---------------------------------------------------------------- rMD17
def test_units_of_rmd17_agree_with_the_same_frames_in_ev(mirror):
    """BOTNet's ethanol is the official split 4, written in eV by other people."""
    there, here = load("ethanol_botnet"), load("rmd17", molecule="ethanol", fold=4)
    for theirs, ours in (("train", "train"), ("test_MD", "test")):
        first, second = rows(there, theirs), rows(here, ours)
        assert there.labels.energy[first] == pytest.approx(here.labels.energy[second], abs=1e-6)
        one, two = (
            np.array([np.linalg.norm(d.labels.forces[i], axis=1) for i in part])
            for d, part in ((there, first), (here, second))
        )
        assert np.sort(one, axis=1) == pytest.approx(np.sort(two, axis=1), abs=1e-6)  # atoms are renumbered


@pytest.mark.parametrize("molecule", ["ethanol", "aspirin"])
def test_neighbours_in_time_of_rmd17_are_neighbours_in_space(mirror, molecule):
    data = load("rmd17", molecule=molecule, fold=1)
    order = np.argsort(data.columns["time_index"])
    steps = np.diff(data.columns["time_index"][order])
    positions = np.array([data.frames[i].positions for i in order])
    moved = np.sqrt(((positions[1:] - positions[:-1]) ** 2).sum(axis=2).mean(axis=1))
    assert steps.min() >= 1  # no frame twice
    assert moved[steps <= 2].max() < 0.06
    assert moved[steps > 200].min() > 0.06


# ---------------------------------------------------------------- mlearn
@pytest.mark.parametrize("element", ["Si", "Ge"])
def test_stress_of_mlearn_does_the_work_of_straining(mirror, element):
    """dE/ds = V σ : (dF/ds F⁻¹) along six directions of strain: unit, sign and order are right."""
    from scipy.interpolate import CubicSpline

    data = load("mlearn", element=element)
    texts = data.columns["description"]
    for mode in range(6):
        part = [i for i, text in enumerate(texts) if f"mode {mode}, strain" in text]
        strain = np.array([float(texts[i].rpartition(" ")[2]) for i in part])
        part, strain = np.array(part)[np.argsort(strain)], np.sort(strain)
        assert len(part) == 10
        cells = np.array([data.frames[i].cell[:] for i in part])
        rates = np.linalg.solve(cells, CubicSpline(strain, cells)(strain, 1))  # cell⁻¹ dcell/ds
        xx, yy, zz, yz, xz, xy = np.array([data.labels.stress[i] for i in part]).T
        stress = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]).transpose(2, 0, 1)
        work = np.linalg.det(cells) * np.einsum("nij,nij->n", stress, rates)
        slope = CubicSpline(strain, data.labels.energy[part])(strain, 1)
        assert work == pytest.approx(slope, rel=0.022)


def test_stress_of_mlearn_is_negative_under_compression(mirror):
    data = load("mlearn", element="Si")
    (i,) = np.flatnonzero(data.columns["description"] == "Si 2x2x2 cell, mode 0, strain -0.1")
    assert -20 < data.labels.stress[i][0] / GPa < -10


@pytest.mark.parametrize("element", ["Si", "Ge"])
def test_columns_of_mlearn(mirror, element):
    data = load("mlearn", element=element)
    kinds, temperature = data.columns["kind"], data.columns["temperature"]
    assert set(kinds.tolist()) == {"AIMD-NVT", "Vacancy", "Elastic", "Surface"}
    assert np.array_equal(np.isfinite(temperature), np.isin(kinds, ["AIMD-NVT", "Vacancy"]))
    assert temperature[np.isfinite(temperature)].min() == 300
    assert len(set(data.columns["trajectory"][kinds == "AIMD-NVT"])) == 5
    steps = data.columns["time_index"]
    assert np.array_equal(np.isfinite(steps), kinds == "AIMD-NVT")
    assert (np.nanmin(steps), np.nanmax(steps)) == (20000, 96000)
    assert all(a.pbc.all() for a in data.frames)


@pytest.mark.parametrize("element", ["Si", "Ge"])
def test_the_published_split_of_mlearn_has_its_known_twins(mirror, element):
    data = load("mlearn", element=element)
    train, test = (data.labels.energy[rows(data, g)] for g in ("train", "test"))
    twins = int(np.sum(np.abs(test[:, None] - train).min(axis=1) < 1e-6))
    assert twins == 3
    assert data.card["overlap"].startswith("3 test frames")


# ---------------------------------------------------------------- analytic
def slope(calculator, up, down, distance):
    return (calculator.get_potential_energy(up) - calculator.get_potential_energy(down)) / distance


def potential(name):
    if name == "emt_copper":
        return EMT()
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import stillinger_weber as forms

    return Manybody(**forms.StillingerWeber(forms.Stillinger_Weber_PRB_31_5262_Si))


@pytest.mark.parametrize("name", ["stillinger_weber_si", "emt_copper"])
def test_labels_of_analytic_sets_are_derivatives(name):
    step = 1e-5
    data, calculator, rng = registry.load("datasets", name)(1, 1), potential(name), np.random.default_rng(0)
    assert data.labels.stress is not None
    for atoms, forces, stress in zip(data.frames, data.labels.forces, data.labels.stress, strict=True):
        direction = rng.normal(size=forces.shape)
        moved = [atoms.copy() for _ in range(2)]
        strained = [atoms.copy() for _ in range(2)]
        symmetric = rng.normal(size=(3, 3))
        symmetric += symmetric.T
        for sign, one, two in zip((1, -1), moved, strained, strict=True):
            one.positions += sign * step * direction
            two.set_cell(two.cell @ (np.eye(3) + sign * step * symmetric), scale_atoms=True)
        assert -np.sum(forces * direction) == pytest.approx(slope(calculator, *moved, 2 * step), abs=1e-5)
        full = stress[[[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
        work = atoms.get_volume() * np.sum(full * symmetric)
        assert work == pytest.approx(slope(calculator, *strained, 2 * step), abs=1e-4)


@pytest.mark.parametrize("name", ["stillinger_weber_si", "emt_copper"])
def test_small_cells_of_analytic_sets_see_all_their_images(name):
    data, calculator = registry.load("datasets", name)(1, 1), potential(name)
    for atoms, energy in zip(data.frames, data.labels.energy, strict=True):
        assert calculator.get_potential_energy(atoms.repeat((2, 1, 2))) == pytest.approx(4 * energy, abs=1e-8)


def test_silicon_is_that_of_stillinger_and_weber():
    """Four bonds of depth ε, each shared by two atoms, no three-body energy at the tetrahedral angle: −2ε."""
    from ase.build import bulk

    diamond = bulk("Si", "diamond", a=5.431, cubic=True)
    assert potential("stillinger_weber_si").get_potential_energy(diamond) / 8 == pytest.approx(
        -2 * 2.1683, abs=1e-5
    )


def test_a_lone_copper_atom_has_its_energy():
    from ase import Atoms

    assert EMT().get_potential_energy(Atoms("Cu")) == pytest.approx(
        load("emt_copper").atomic_energies["Cu"], abs=1e-9
    )


@pytest.mark.parametrize("name", ANALYTIC)
def test_analytic_sets_are_what_the_seed_says(name):
    make = registry.load("datasets", name)
    data = make(3, 2)
    assert data.digest == make(3, 2).digest != make(3, 2, seed=1).digest
    assert data.card["groups"] == {g: 3 if g == "train" else 2 for g in data.card["groups"]}
    assert [len(rows(data, g)) for g in data.card["groups"]] == list(data.card["groups"].values())


def test_phases_are_as_far_as_they_should_be():
    """β-tin lies above diamond, bcc above fcc, hcp beside it: of every phase the least disturbed frame."""
    least = lambda data, group: min(data.labels.energy[i] / len(data.frames[i]) for i in rows(data, group))
    silicon, copper = load("stillinger_weber_si"), load("emt_copper")
    assert least(silicon, "test") < least(silicon, "beta_tin")
    assert least(copper, "test") < least(copper, "bcc") < least(copper, "surface")
    assert abs(least(copper, "hcp") - least(copper, "test")) < 0.02


@pytest.mark.parametrize(
    ("element", "lattice", "bulk"),  # PBE: Materials Project, mp-149 and mp-32
    [("Si", 5.469, 89), ("Ge", 5.76, 61)],
)
def test_the_elastic_frames_of_mlearn_give_the_crystal(mirror, element, lattice, bulk):
    from mlffbench.datasets.mlearn import mlearn

    known = mlearn(element).reference
    values = known.values["diamond"]
    assert list(known.structures) == ["diamond"]
    assert len(known.structures["diamond"]) == 8
    assert values["lattice_constant"] == pytest.approx(lattice, rel=0.01)
    assert values["bulk_modulus"] == pytest.approx(bulk, rel=0.06)
    assert values["C11"] > values["C12"] > 0
    assert "C44" not in values, "the ions of the sheared cells did not relax"
