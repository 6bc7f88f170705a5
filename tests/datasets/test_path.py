"""A user's files: labels found, converted, or refused with a sentence that helps."""

from __future__ import annotations

import gzip
import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from ase.io import write
from ase.units import Bohr, GPa, Hartree, kcal, mol

from mlffbench.datasets.formats.to_dataset import from_frames
from mlffbench.datasets.path import path

FORCES = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
SIGMA = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])  # xx yy zz yz xz xy
SQUARE = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]])


def h2(info=None, arrays=None, periodic=False, **results):
    atoms = Atoms("H2", [(0, 0, 0), (0, 0, 0.75)], cell=[2.0, 2.0, 2.0], pbc=periodic, info=info or {})
    for key, value in (arrays or {}).items():
        atoms.arrays[key] = np.array(value)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def xyz(file, *infos, forces=True):
    """Extended xyz as a text editor would write it."""
    frames = []
    for info in infos:
        columns = ":forces:R:3" if forces else ""
        tail = (" 0 0 1", " 0 0 -1") if forces else ("", "")
        frames.append(f'2\nProperties=species:S:1:pos:R:3{columns} {info} pbc="F F F"')
        frames += [f"H 0 0 0{tail[0]}", f"H 0 0 0.75{tail[1]}"]
    file.write_text("\n".join(frames) + "\n")
    return str(file)


# ---------------------------------------------------------------- labels found
@pytest.mark.parametrize("key", ["energy", "Energy", "dft_energy", "TotEnergy", "E", "free_energy"])
def test_energies_are_found_under_their_usual_names(key, tmp_path):
    data = path(xyz(tmp_path / "a.xyz", f"{key}=-1.5", f"{key}=-2.5"))
    assert data.labels.energy.tolist() == [-1.5, -2.5]
    assert not data.columns
    np.testing.assert_allclose(data.labels.forces[0], FORCES)


@pytest.mark.parametrize("key", ["forces", "force", "dft_force", "dft_forces", "REF_forces", "F"])
def test_forces_are_found_in_arrays(key):
    data = from_frames("x", [h2({"energy": -1.0}, {key: FORCES})])
    np.testing.assert_array_equal(data.labels.forces[0], FORCES)


def test_labels_are_found_in_calculators():
    data = from_frames("x", [h2(energy=-1.0, forces=FORCES, stress=SIGMA, periodic=True)])
    assert data.labels.energy.tolist() == [-1.0]
    np.testing.assert_array_equal(data.labels.forces[0], FORCES)
    np.testing.assert_array_equal(data.labels.stress[0], SIGMA)


@pytest.mark.parametrize("value", [SIGMA, SQUARE, SQUARE.ravel()], ids=["6", "3x3", "9"])
def test_stress_becomes_voigt_and_virial_becomes_stress(value):
    stress = from_frames("x", [h2({"E": 0.0, "dft_stress": value}, periodic=True)]).labels.stress[0]
    virial = from_frames("x", [h2({"E": 0.0, "virial": -8.0 * value}, periodic=True)]).labels.stress[0]
    np.testing.assert_allclose(stress, SIGMA)
    np.testing.assert_allclose(virial, SIGMA)  # σ = −virial/V, V = 8 Å³


def test_stress_without_three_periodic_directions_is_missing():
    assert from_frames("x", [h2({"energy": 0.0, "stress": SIGMA, "virial": SIGMA})]).labels.stress is None


def test_keys_may_be_given(tmp_path):
    file = xyz(tmp_path / "a.xyz", "energy=-1 dft_energy=-2 my=-3")
    assert path(file, energy_key="dft_energy").labels.energy.tolist() == [-2.0]
    data = path(file, energy_key="my")
    assert data.labels.energy.tolist() == [-3.0]
    assert not data.columns


def test_missing_forces_are_none_and_not_zero():
    data = from_frames("x", [h2({"energy": 0.0}), h2({"energy": 0.0}, {"forces": FORCES})])
    assert data.labels.forces[0] is None
    np.testing.assert_array_equal(data.labels.forces[1], FORCES)
    assert from_frames("x", [h2({"energy": 0.0})]).labels.forces is None


def test_two_spellings_that_agree_are_one():
    assert from_frames("x", [h2({"energy": -1.0, "dft_energy": -1.0})]).labels.energy.tolist() == [-1.0]


# ---------------------------------------------------------------- labels refused
@pytest.mark.parametrize(
    ("frames", "keys", "sentence"),
    [
        ([h2({"enrgy": 1.0, "T": 300})], {}, r"x: no energies found; the frames have \['T', 'enrgy'\]"),
        ([h2({"dft_en": 1.0})], {"energy_key": "dft_em"}, r"no frame has energy_key 'dft_em'.*'dft_en'\?"),
        ([h2(energy=0.0)], {"forces_key": "frc"}, "no frame has forces_key 'frc'"),
        ([h2({"dft_energy": 1.0}, energy=2.0)], {}, r"\['dft_energy', 'energy'\] hold .* energy_key"),
        (
            [h2({"E": 1.0}, {"forces": FORCES, "dft_forces": 2 * FORCES})],
            {},
            r"\['dft_forces', 'forces'\] hold different values for the forces; choose one as forces_key",
        ),
        ([h2({"E": 0.0}), h2(), h2()], {}, r"2 of 3 frames \(first: frame 1\) have no 'E'"),
        ([h2({"E": 0.0}), h2({"E": np.nan})], {}, "'E' of frame 1 is not finite"),
        ([h2({"E": 0.0}, {"forces": FORCES + np.inf})], {}, "'forces' of frame 0 is not finite"),
        ([h2({"E": 0.0, "forces": np.zeros((3, 3))})], {}, r"frame 0 has shape \(3, 3\); .* have \(2, 3\)"),
        ([h2({"E": 0.0, "stress": [1.0, 2.0]})], {}, "'stress' of frame 0 has shape"),
        ([h2({"E": 0.0, "my": "low"})], {"energy_key": "my"}, "'my' of frame 0 is 'low', not a number"),
        ([h2({"E": 0.0, "my": [1.0, 2.0]})], {"energy_key": "my"}, "an energy is one number"),
    ],
)
def test_labels_are_refused_with_a_sentence(frames, keys, sentence):
    with pytest.raises(ValueError, match=sentence):
        from_frames("x", frames, **keys)


# ---------------------------------------------------------------- frames and columns
def test_frames_are_bare():
    atoms = h2({"group": "a", "dft_energy": -1.0}, {"forces": FORCES, "charges": [0.1, -0.1]}, periodic=True)
    atoms.set_velocities(FORCES)
    frame = from_frames("x", [atoms]).frames[0]
    assert frame.calc is None
    assert not frame.info
    assert set(frame.arrays) == {"numbers", "positions"}
    assert frame.pbc.all()
    np.testing.assert_array_equal(frame.cell, atoms.cell)


def test_info_becomes_columns():
    infos = [{"T": 300, "kind": "a", "mixed": 1}, {"kind": "b", "mixed": "x"}, {"T": 6.5, "list": [1, 2]}]
    frames = [h2({"energy": 0.0, **info}) for info in infos]
    columns = from_frames("x", frames, columns={"n": [5, 6, 7]}).columns
    np.testing.assert_array_equal(columns["T"], [300.0, np.nan, 6.5])
    assert columns["kind"].tolist() == ["a", "b", ""]
    assert columns["mixed"].tolist() == ["1", "x", ""]
    assert columns["n"].tolist() == [5, 6, 7]
    assert set(columns) == {"T", "kind", "mixed", "n"}


@pytest.mark.parametrize("word", ["isolated_atom", "IsolatedAtom"])
def test_isolated_atoms_are_not_training_data(word):
    lone = Atoms("H", info={"energy": -13.6, "config_type": word})
    data = from_frames("x", [lone, h2({"energy": -31.0})], columns={"n": [0, 1]})
    assert data.atomic_energies == {"H": -13.6}
    assert len(data) == 1
    assert data.columns["n"].tolist() == [1]
    given = from_frames("x", [lone, h2({"energy": 0.0})], atomic_energies={"H": -1.0})
    assert given.atomic_energies == {"H": -1.0}
    with pytest.raises(ValueError, match="every frame is an isolated atom"):
        from_frames("x", [lone])
    with pytest.raises(ValueError, match="isolated H has two energies"):
        from_frames("x", [lone, Atoms("H", info={"energy": -13.0, "config_type": word}), h2({"energy": 0.0})])


# ---------------------------------------------------------------- files
def test_relative_paths_patterns_and_folders(tmp_path, monkeypatch):
    xyz(tmp_path / "b.xyz", "energy=2")
    xyz(tmp_path / "a.xyz", "energy=1")
    (tmp_path / "README.md").write_text("no data")
    monkeypatch.chdir(tmp_path)
    assert path("b.xyz").labels.energy.tolist() == [2.0]
    for name in ("*.xyz", ".", ["a.xyz", "b.xyz"]):
        assert path(name).labels.energy.tolist() == [1.0, 2.0]
    assert path("b.xyz").name == "b"
    assert path("*.xyz").name == tmp_path.name


def test_nothing_there_is_a_sentence(tmp_path):
    xyz(tmp_path / "train.xyz", "energy=2")
    with pytest.raises(FileNotFoundError, match=r"has \['train.xyz'\]; did you mean 'train.xyz'"):
        path(str(tmp_path / "trian.xyz"))
    with pytest.raises(FileNotFoundError, match=r"no data file matches .*has \['train.xyz'\]"):
        path(str(tmp_path / "*.extxyz"))
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        path(str(tmp_path / "no" / "a.xyz"))
    (tmp_path / "bad.xyz").write_text("2\nProperties=species:S:1\nH\n")
    with pytest.raises(ValueError, match=r"ASE cannot read .*bad.xyz"):
        path(str(tmp_path / "bad.xyz"))


def test_other_formats(tmp_path):
    atoms = h2(energy=-1.0, forces=FORCES)
    write(tmp_path / "a.traj", [atoms, atoms])
    text = Path(xyz(tmp_path / "z.xyz", "energy=-1")).read_bytes()
    (tmp_path / "a.xyz.gz").write_bytes(gzip.compress(text))
    (tmp_path / "a.xyz.xz").write_bytes(lzma.compress(text))
    with connect(tmp_path / "a.db") as database:
        database.write(atoms, family="x")
    for name in ("a.traj", "a.xyz.gz", "a.xyz.xz", "a.db"):
        data = path(str(tmp_path / name))
        assert data.name == "a"
        assert data.labels.energy[0] == -1.0
        np.testing.assert_array_equal(data.labels.forces[0], FORCES)
    assert data.columns["family"].tolist() == ["x"]


def test_named_tests_are_groups(tmp_path):
    train = xyz(tmp_path / "train.xyz", "energy=1 group=old", "energy=2 group=old")
    hot, scan = xyz(tmp_path / "hot.xyz", "energy=3"), xyz(tmp_path / "scan.xyz", "energy=4", forces=False)
    data = path(train, tests={"600K": hot, "dihedral": scan}, level="PBE")
    assert data.columns["group"].tolist() == ["train", "train", "600K", "dihedral"]
    assert data.labels.forces[3] is None
    assert data.card["train"] == "train"
    assert data.card["level"] == "PBE"
    assert data.card["groups"] == {"train": 2, "600K": 1, "dihedral": 1}
    with pytest.raises(ValueError, match=r"hot.xyz' is in two groups, 'train' and '600K'"):
        path(str(tmp_path), tests={"600K": hot})
    with pytest.raises(ValueError, match="cannot be named 'train'"):
        path(train, tests={"train": hot})
    with pytest.raises(ValueError, match="not both"):
        path(train, tests={"600K": hot}, group_key="x")


def test_a_key_may_name_the_groups(tmp_path):
    file = xyz(tmp_path / "a.xyz", "energy=1 temperature=300", "energy=2 temperature=600")
    data = path(file, group_key="temperature", train="300")
    assert data.columns["group"].tolist() == ["300", "600"]
    assert data.card["train"] == "300"
    assert data.card["level"] == "unknown"
    with pytest.raises(ValueError, match=r"no frame has group_key 'temprature'.*did you mean 'temperature'"):
        path(file, group_key="temprature")
    with pytest.raises(ValueError, match=r"no group '30' to train on.*did you mean '300'"):
        path(file, group_key="temperature", train="30")


def test_energies_of_isolated_atoms(tmp_path):
    file = xyz(tmp_path / "a.xyz", "energy=1")
    lone = tmp_path / "atoms.xyz"
    lone.write_text('1\nProperties=species:S:1:pos:R:3 energy=-13.6 pbc="F F F"\nH 0 0 0\n')
    assert path(file, isolated_atoms=str(lone)).atomic_energies == {"H": -13.6}
    assert path(file, isolated_atoms={"H": -1}).atomic_energies == {"H": -1.0}
    with pytest.raises(ValueError, match="frame 0 has 2 atoms; isolated atoms come one a frame"):
        path(file, isolated_atoms=file)


# ---------------------------------------------------------------- MD17's arrays
@pytest.mark.parametrize(
    ("units", "energy", "force"),
    [("eV", 1.0, 1.0), ("kcal/mol", kcal / mol, kcal / mol), ("Hartree", Hartree, Hartree / Bohr)],
)
@pytest.mark.parametrize("names", ["nuclear_charges coords energies forces", "z R E F"])
def test_npz_is_converted(units, energy, force, names, tmp_path):
    arrays = ([1, 1], np.ones((3, 2, 3)) * [[[0.0], [1.0]]], np.array([1.0, 2.0, 3.0]), [FORCES] * 3)
    index = {"old_indices": np.array([7, 8, 9])}
    np.savez(tmp_path / "a.npz", **dict(zip(names.split(), arrays, strict=True)), **index)
    data = path(str(tmp_path / "a.npz"), units=units)
    np.testing.assert_allclose(data.labels.energy, energy * arrays[2])
    np.testing.assert_allclose(data.labels.forces[2], force * FORCES)
    assert data.columns["old_indices"].tolist() == [7, 8, 9]
    assert data.elements == ["H"]


def test_npz_is_refused_with_a_sentence(tmp_path):
    file = str(tmp_path / "a.npz")
    np.savez(file, z=[1, 1], R=np.ones((3, 2, 3)), E=np.zeros(2))
    with pytest.raises(ValueError, match=r"do not tell units; .* \['eV', 'kcal/mol', 'Hartree'\]"):
        path(file)
    with pytest.raises(ValueError, match="did you mean 'kcal/mol'"):
        path(file, units="kcal")
    with pytest.raises(ValueError, match=r"3 frames, but 'E' has shape \(2,\)"):
        path(file, units="eV")
    np.savez(file, charges=[1, 1], R=np.ones((3, 2, 3)))
    with pytest.raises(ValueError, match=r"none of \['nuclear_charges'.*among its arrays \['R', 'charges'\]"):
        path(file, units="eV")
    (tmp_path / "cut.npz").write_bytes(Path(file).read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cut.npz is no \.npz archive"):
        path(str(tmp_path / "cut.npz"), units="eV")


# ---------------------------------------------------------------- units
@pytest.mark.parametrize(
    ("units", "energy", "length"), [("kcal/mol", kcal / mol, 1.0), ("Hartree", Hartree, Bohr)]
)
@pytest.mark.parametrize("suffix", ["xyz", "db", "traj"])
def test_units_hold_for_every_label(units, energy, length, suffix, tmp_path):
    lone = Atoms("H", info={"energy": -0.5, "config_type": "isolated_atom"})
    frames = [h2(energy=-1.0, forces=FORCES, stress=SIGMA, periodic=True)]
    write(tmp_path / f"a.{suffix}", frames + ([lone] if suffix == "xyz" else []))
    for lazy in (False, True):
        data = path(str(tmp_path / f"a.{suffix}"), units=units, lazy=lazy)
        np.testing.assert_allclose(data.labels.energy, [-energy])
        np.testing.assert_allclose(data.labels.forces[0], FORCES * energy / length)
        np.testing.assert_allclose(data.labels.stress[0], SIGMA * energy / length**3)
        np.testing.assert_allclose(data.frames[0].positions[1], [0, 0, 0.75])
        assert data.card["converted_from"] == units
        assert data.atomic_energies == ({"H": -0.5 * energy} if suffix == "xyz" else None)


def test_units_of_virials_and_isolated_atoms(tmp_path):
    square = " ".join(str(x) for x in SQUARE.ravel())
    cell = 'Lattice="2 0 0 0 2 0 0 0 2" pbc="T T T"'
    file = tmp_path / "a.xyz"
    file.write_text(f'1\nenergy=1 energy_kinetic=2 T=3 virial="{square}" {cell}\nH 0 0 0\n')
    lone = tmp_path / "atoms.xyz"
    lone.write_text("1\nenergy=-0.5\nH 0 0 0\n")
    data = path(str(file), units="Hartree", isolated_atoms=str(lone))
    np.testing.assert_allclose(data.labels.stress[0], -SIGMA / 8 * Hartree)  # a virial over Å³
    assert data.atomic_energies == {"H": -0.5 * Hartree}
    assert data.columns["energy_kinetic"].tolist() == [2 * Hartree]
    assert data.columns["T"].tolist() == [3]
    assert path(str(file), units="Hartree", isolated_atoms={"H": -1}).atomic_energies == {"H": -1}


# ---------------------------------------------------------------- VASP
@pytest.fixture
def vasp(tmp_path):
    """Three runs as VASP leaves them, from ASE's own test data: one packed, one in xml."""
    ase = pytest.importorskip("ase.test", reason="this ASE has no test data")
    examples = Path(ase.__file__).parent / "testdata" / "vasp"
    if not (examples / "OUTCAR_example_1").exists():
        pytest.skip("this ASE has no VASP files among its test data")
    outcar, xml = (examples / n for n in ("OUTCAR_example_1", "vasprun_pstress.xml"))
    for run in "abc":
        (tmp_path / "runs" / run).mkdir(parents=True)
    (tmp_path / "runs" / "a" / "OUTCAR").write_bytes(outcar.read_bytes())
    (tmp_path / "runs" / "b" / "OUTCAR.gz").write_bytes(gzip.compress(outcar.read_bytes()))
    (tmp_path / "runs" / "c" / "vasprun.xml").write_bytes(xml.read_bytes())
    return tmp_path / "runs"


def test_vasp_runs_in_a_tree(vasp):
    data = path(f"{vasp}/**/OUTCAR*", tests={"pressed": f"{vasp}/**/vasprun.xml"})
    text = (vasp / "a" / "OUTCAR").read_text()
    assert data.name == "runs"
    assert data.columns["group"].tolist() == ["train", "train", "pressed"]
    extrapolated = float(text.rpartition("energy(sigma->0) =")[2].split()[0])
    assert data.labels.energy[:2].tolist() == [extrapolated] * 2
    assert data.labels.forces[0].shape == (18, 3)
    assert data.labels.forces[2].shape == (2, 3)
    np.testing.assert_array_equal(data.labels.forces[0], data.labels.forces[1])


def test_vasp_stress_has_the_sign_and_units_of_ase(vasp):
    text = (vasp / "a" / "OUTCAR").read_text()
    kilobar = np.array([float(x) for x in text.rpartition("in kB")[2].split()[:6]])  # xx yy zz xy yz zx
    stress = path(str(vasp / "a" / "OUTCAR")).labels.stress[0]
    np.testing.assert_allclose(stress, -kilobar[[0, 1, 2, 4, 5, 3]] * 0.1 * GPa, atol=1e-12)


def test_vasp_free_energy_may_be_chosen(vasp):
    text = (vasp / "a" / "OUTCAR").read_text()
    free = float(text.rpartition("free  energy   TOTEN  =")[2].split()[0])
    assert path(str(vasp / "a"), energy_key="free_energy").labels.energy.tolist() == [free]


def test_vasp_runs_that_stopped_are_refused(vasp):
    with pytest.raises(ValueError, match=r"units='Hartree' is for .*ASE reads others in eV"):
        path(str(vasp / "a" / "OUTCAR"), units="Hartree")
    (vasp / "a" / "OUTCAR").write_text((vasp / "a" / "OUTCAR").read_text()[:3000])
    with pytest.raises(ValueError, match=r"ASE cannot read .*OUTCAR.*Incomplete"):
        path(str(vasp / "a" / "OUTCAR"))


# ---------------------------------------------------------------- files that are broken
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'.*a.xyz' is empty"),
        ("1\nenergy=1\nH 0 0 0\n2\nenergy=2\nH 0 0 0\n", "frame 1, the last, is cut off after 3 of 4 lines"),
        ("1\nenergy=1\nH 0 0 0\n2\nener", "frame 1, the last, is cut off after 2 of 4 lines"),
        ("1\nenergy=1\nH 0 0 0\n2\nenergy=2\nH 0 0 0\nH 0 0", "frame 1, the last, may be cut off"),
        ("1\nenergy=1\nH 0 0 0\nH 0 0 1\n", "frame 1 must begin with a number of atoms, not 'H 0 0 1'"),
        ("1\nenergy=1\nH 0 0 0\n\n1\nenergy=1\nH 0 0 0\n", "an empty line after frame 0, and text behind it"),
        ("1\nenergy=1\nH 0 0 0\n1\nvirial=3\nH 0 0 0\n", "the comment of frame 1: Got info item virial"),
        ("1\nenergy=1\nXy 0 0 0\n1\nenergy=1\nH 0 0 0\n", "ASE cannot read frame 0 of .*Xy"),
        ("1\nat rest\nH 0 0 0\nVEC1 1 0 0\n", "frame 0 has its cell in lines VEC1"),
    ],
)
def test_broken_files_are_refused_by_the_frame(text, sentence, tmp_path):
    (tmp_path / "a.xyz").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        path(str(tmp_path / "a.xyz"))


def test_other_broken_files(tmp_path):
    (tmp_path / "a.foo").write_text("hello\n")
    with pytest.raises(ValueError, match=r"'.*a.foo' is of no known format .* known are .xyz, .*OUTCAR"):
        path(str(tmp_path / "a.foo"))
    (tmp_path / "a.xyz.gz").write_bytes(gzip.compress(b"1\nenergy=1\nH 0 0 0\n")[:-9])
    with pytest.raises(ValueError, match=r"ASE cannot read .*a.xyz.gz.*ended before"):
        path(str(tmp_path / "a.xyz.gz"))
    with closing(sqlite3.connect(tmp_path / "other.db")) as database:
        database.execute("CREATE TABLE mine (x)")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(ValueError, match=r"is no ASE database: its tables are \['mine'\]"):
        path(str(tmp_path / "other.db"))
    assert (tmp_path / "other.db").read_bytes() == before


# ---------------------------------------------------------------- public data
def test_acetylacetone(shared_data):
    folder = shared_data / "acac"
    tests = {name: str(folder / f"test_{name}.xyz") for name in ("H_transfer", "dihedral")}
    atoms = str(folder / "isolated_atoms.xyz")
    data = path(str(folder / "train_300K.xyz"), tests=tests, isolated_atoms=atoms)
    assert data.card["groups"] == {"train": 500, "H_transfer": 15, "dihedral": 45}
    assert data.atomic_energies["H"] == pytest.approx(-13.568422178)
    assert [f is None for f in data.labels.forces] == [False] * 500 + [True] * 60
    assert np.isnan(data.columns["dihedral_angle"][500])


def test_revised_md17(shared_data):
    data = path(str(shared_data / "rmd17" / "rmd17_ethanol_train_01.npz"), units="kcal/mol")
    assert len(data) == 1000
    assert data.labels.energy[0] == pytest.approx(-97079.92222179 * kcal / mol)
    assert data.frames[0].get_chemical_formula() == "C2H6O"


# ---------------------------------------------------------------- references
def test_structures_bring_names_and_known_numbers(tmp_path):
    frames = [bulk("Cu", cubic=True), bulk("Cu", "bcc", a=2.87, cubic=True)]
    frames[0].info |= {"name": "fcc", "C11": 176.0, "energy": -3.5, "source": "measured"}
    write(tmp_path / "known.xyz", frames)
    data = xyz(tmp_path / "data.xyz", "energy=-1.5")
    known = path(data, structures=str(tmp_path / "known.xyz"), truth="emt").reference
    assert list(known.structures) == ["fcc", "Cu2"]
    assert known.values == {"fcc": {"C11": 176.0, "energy": -3.5}, "Cu2": {}}
    assert known.truth == {"emt": {}}
    assert path(data).reference is None


def test_references_that_make_no_sense_are_refused(tmp_path):
    data, twice = xyz(tmp_path / "data.xyz", "energy=-1.5"), tmp_path / "twice.xyz"
    write(twice, [bulk("Cu"), bulk("Cu")])
    with pytest.raises(ValueError, match="several structures named 'Cu'"):
        path(data, structures=str(twice))
    with pytest.raises(FileNotFoundError, match="no file of structures"):
        path(data, structures="nowhere.xyz")
    with pytest.raises(ValueError, match="truth needs structures"):
        path(data, truth="emt")
