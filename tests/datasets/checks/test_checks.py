"""Checks of data: mistakes planted in public data are found by name, and public data are left in peace."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.units import Bohr, GPa, Hartree, kcal, mol

from mlffbench import registry
from mlffbench.data import Dataset, Labels, LazySequence
from mlffbench.datasets.checks import admit, checkup
from mlffbench.datasets.checks.common import checkup as checkup_module
from mlffbench.datasets.checks.common.all_electron_energies import all_electron_energy
from mlffbench.datasets.checks.common.bond_stiffness import relative_stiffness
from mlffbench.datasets.checks.common.energy_force_consistency import force_slope, stress_slope
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.datasets.path import path

KCAL = mol / kcal  # kcal/mol in 1 eV
HARTREE = 1 / Hartree
PER_BOHR = Bohr / Hartree  # Hartree/bohr in 1 eV/Å
X = np.array([1.0, 0.0, 0.0])


def check(name: str, dataset: Dataset):
    return registry.load("checks", name)(dataset)


# ---------------------------------------------------------------- public data
@cache
def xyz(folder: Path, train: str, atoms: str, **tests: str) -> Dataset:
    files = {name: str(folder / file) for name, file in tests.items()}
    return path(str(folder / train), tests=files or None, isolated_atoms=str(folder / atoms))


def acac(data: Path) -> Dataset:
    tests = {"H_transfer": "test_H_transfer.xyz", "dihedral": "test_dihedral.xyz"}
    return xyz(data / "acac", "train_300K.xyz", "isolated_atoms.xyz", **tests)


def ethanol(data: Path) -> Dataset:
    tests = {n: f"test_{n}.xyz" for n in ("H_removal", "norm_mode_874", "norm_mode_3005", "dimers")}
    whole = xyz(data / "ethanol_botnet", "train.xyz", "isolated_atoms.xyz", **tests)
    return part(whole, [*range(0, 1000, 4), *range(1000, len(whole))])


def threebpa(data: Path) -> Dataset:
    return xyz(data / "3bpa", "train_mixedT.xyz", "iso_atoms.xyz")


def rmd17(data: Path, molecule: str) -> Dataset:
    return path(str(data / "rmd17" / f"rmd17_{molecule}_train_01.npz"), units="kcal/mol")


@cache
def mlearn(data: Path, element: str) -> Dataset:
    """Stresses were measured to be in kbar, VASP's sign and order; see `test_labels_of_public_data_fit`."""
    rows = json.loads((data / "mlearn" / element / "training.json").read_text())
    frames = [
        Atoms(
            [site["label"] for site in row["structure"]["sites"]],
            positions=[site["xyz"] for site in row["structure"]["sites"]],
            cell=row["structure"]["lattice"]["matrix"],
            pbc=True,
        )
        for row in rows
    ]
    labels = Labels(
        np.array([row["outputs"]["energy"] for row in rows]),
        [row["outputs"]["forces"] for row in rows],
        [-0.1 * GPa * np.array(row["outputs"]["virial_stress"])[[0, 1, 2, 4, 5, 3]] for row in rows],
    )
    groups = {"group": np.array([row["group"] for row in rows])}
    return Dataset(f"mlearn_{element}", frames, labels, groups)


@cache
def silicon(data: Path) -> Dataset:
    """All strained cells, and every other frame of the rest."""
    whole = mlearn(data, "Si")
    return part(whole, [i for i, g in enumerate(whole.columns["group"]) if g == "Elastic" or i % 2])


def part(dataset: Dataset, picks) -> Dataset:
    picks = np.asarray(picks)
    frames = [dataset.frames[i] for i in picks]
    columns = {k: v[picks] for k, v in dataset.columns.items()}
    return replace(dataset, frames=frames, labels=dataset.labels[picks], columns=columns)


PUBLIC = {  # what is found in them, and true
    "acac": (acac, set()),
    "ethanol": (ethanol, {"duplicates"}),  # the equilibrium, in both normal modes
    "3bpa": (threebpa, set()),
    "rmd17_aspirin": (lambda data: part(rmd17(data, "aspirin"), range(300)), set()),
    "rmd17_ethanol": (lambda data: part(rmd17(data, "ethanol"), range(300)), set()),
    "rmd17_malonaldehyde": (lambda data: part(rmd17(data, "malonaldehyde"), range(300)), set()),
    "mlearn_Si": (
        lambda data: mlearn(data, "Si"),
        {"duplicates"},
    ),  # the same unstrained and equally strained cells
    "mlearn_Ge": (lambda data: part(mlearn(data, "Ge"), range(0, 228, 2)), {"duplicates"}),
    "malonaldehyde": (lambda _: malonaldehyde(), {"duplicates"}),  # a symmetric path of proton transfer
    "lennard_jones": (lambda _: lennard_jones(), set()),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_data_raise_no_false_alarm(name, shared_data):
    make, expected = PUBLIC[name]
    found = checkup(make(shared_data))
    assert not [f for f in found if f.certain]
    assert {f.check for f in found} == expected, found


def test_labels_of_public_data_fit(shared_data):
    """Energies against the work of forces and stresses: 1 but for what is not harmonic."""
    assert force_slope(acac(shared_data)).value == pytest.approx(1, abs=0.1)
    assert force_slope(silicon(shared_data)).value == pytest.approx(1, abs=0.1)
    assert stress_slope(silicon(shared_data)).value == pytest.approx(1, abs=0.01)
    assert relative_stiffness(silicon(shared_data)) == pytest.approx(1, abs=0.3)
    assert relative_stiffness(acac(shared_data)) == pytest.approx(1.4, abs=0.3)


# ---------------------------------------------------------------- plants
def scaled(dataset: Dataset, energy=1.0, forces=1.0, stress=1.0) -> Dataset:
    labels = dataset.labels
    times = lambda values, c: values and [None if v is None else c * v for v in values]
    return replace(
        dataset,
        labels=Labels(energy * labels.energy, times(labels.forces, forces), times(labels.stress, stress)),
    )


def energies(dataset: Dataset, where, change) -> Dataset:
    values = dataset.labels.energy.copy()
    values[where] = change(values[where])
    return replace(dataset, labels=Labels(values, dataset.labels.forces, dataset.labels.stress))


def forces(dataset: Dataset, where, change) -> Dataset:
    values = list(dataset.labels.forces)
    for i in where:
        values[i] = change(values[i])
    return replace(dataset, labels=Labels(dataset.labels.energy, values, dataset.labels.stress))


def stresses(dataset: Dataset, change) -> Dataset:
    values = [change(s, a) for s, a in zip(dataset.labels.stress, dataset.frames, strict=True)]
    return replace(dataset, labels=Labels(dataset.labels.energy, dataset.labels.forces, values))


def frames(dataset: Dataset, **change) -> Dataset:
    return replace(dataset, frames=[changed(a, **change) for a in dataset.frames])


def changed(atoms: Atoms, length=1.0, cell=None, pbc=None) -> Atoms:
    box = length * np.asarray(atoms.cell if cell is None else cell)
    return Atoms(atoms.numbers, length * atoms.positions, cell=box, pbc=atoms.pbc if pbc is None else pbc)


QUARTER = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])


def repeated(dataset: Dataset, first: int) -> Dataset:
    """The first few once more, at the end, turned about and renumbered."""
    n = len(dataset)
    longer = part(dataset, [*range(n), *range(first)])
    copies = [Atoms(a.numbers[::-1], a.positions[::-1] @ QUARTER + 1.0) for a in longer.frames[n:]]
    longer = forces(longer, range(n, n + first), lambda f: f[::-1] @ QUARTER)
    return replace(longer, frames=[*dataset.frames, *copies])


def turned(dataset: Dataset) -> Dataset:
    return forces(dataset, range(500), lambda f: f @ QUARTER)


def atomised(dataset: Dataset, where) -> Dataset:
    atoms = sum(dataset.atomic_energies[s] for s in dataset.frames[0].symbols)
    return energies(dataset, where, lambda e: e - atoms)


EVERY, SOME, ODD = slice(None), slice(0, 5), slice(1, None, 2)
MOLECULE = {  # what is planted in AcAc: how, the check that finds it, what it says, whether it refuses
    "energies in kcal/mol": (
        lambda d: scaled(d, KCAL),
        "force_units",
        "the energies look like kcal/mol: ",
        True,
    ),
    "total energies in kcal/mol": (lambda d: scaled(d, KCAL), "energy_units", "look like kcal/mol", True),
    "forces in kcal/mol/Å": (
        lambda d: scaled(d, 1, KCAL),
        "force_units",
        "^the forces look like kcal/mol/Å",
        True,
    ),
    "both in kcal/mol": (
        lambda d: scaled(d, KCAL, KCAL),
        "force_units",
        "energies look like kcal/mol and the forces look like kcal/mol/Å",
        False,
    ),
    "total energies of both": (lambda d: scaled(d, KCAL, KCAL), "energy_units", "look like kcal/mol", True),
    "both in kJ/mol": (lambda d: scaled(d, 4.184 * KCAL, 4.184 * KCAL), "energy_units", "like kJ/mol", True),
    "atomic units": (
        lambda d: scaled(d, HARTREE, PER_BOHR),
        "force_units",
        "energies look like Hartree and the forces look like Hartree/bohr",
        True,
    ),
    "total energies in Hartree": (
        lambda d: scaled(d, HARTREE, PER_BOHR),
        "energy_units",
        "like Hartree",
        True,
    ),
    "Rydberg units": (
        lambda d: scaled(d, 2 * HARTREE, 2 * PER_BOHR),
        "force_units",
        "like Rydberg/bohr",
        True,
    ),
    "forces in Hartree/bohr": (
        lambda d: scaled(d, 1, PER_BOHR),
        "force_units",
        "^the forces look like Hartree/bohr",
        True,
    ),
    "forces in no known unit": (lambda d: scaled(d, 1, 5), "force_units", "do not fit together.* 0.2", True),
    "forces in eV/bohr": (lambda d: scaled(d, 1, Bohr), "force_units", "^the forces look like eV/bohr", True),
    "gradients": (lambda d: scaled(d, 1, -1), "force_sign", "wrong sign", True),
    "gradients in kcal/mol/Å": (lambda d: scaled(d, 1, -KCAL), "force_units", "look like kcal/mol/Å", True),
    "net force": (
        lambda d: forces(d, range(500), lambda f: f + 0.05 * X),
        "net_force",
        "0.75 eV/Å",
        False,
    ),
    "turned forces": (turned, "net_torque", "orientation", False),
    "duplicates": (lambda d: repeated(d, 3), "duplicates", "3 of 563 frames repeat others; leave", False),
    "duplicates that disagree": (
        lambda d: energies(repeated(d, 3), slice(560, None), lambda e: e + 30),
        "duplicates",
        "energies differ by up to 2 eV an atom",
        False,
    ),
    "energy outlier": (
        lambda d: energies(d, [7], lambda e: e + 20),
        "outliers",
        "^the energies of 1 of 560 frames",
        False,
    ),
    "low outlier": (
        lambda d: energies(d, [7], lambda e: e - 5),
        "outliers",
        "^the energies of 1 of 560 frames",
        False,
    ),
    "force outlier": (lambda d: forces(d, [7], lambda f: 30 * f), "outliers", "^the forces of 1 of ", False),
    "NaN energy": (
        lambda d: energies(d, [7], lambda e: np.nan),
        "not_finite",
        "energies of 1 of 560",
        True,
    ),
    "infinite forces": (lambda d: forces(d, [7], lambda f: f + np.inf), "not_finite", "forces of 1 ", True),
    "forces of other frames": (
        lambda d: forces(d, [7], lambda f: f[1:]),
        "shapes",
        "15 atoms and 14 forces",
        True,
    ),
    "zeros for missing forces": (
        lambda d: forces(d, [5, 6], lambda f: 0 * f),
        "zeros",
        "forces of 2 ",
        False,
    ),
    "zeros for missing energies": (
        lambda d: energies(d, [5], lambda e: 0 * e),
        "zeros",
        "energies of 1 ",
        False,
    ),
    "pbc without cell": (
        lambda d: frames(d, cell=np.zeros((3, 3)), pbc=True),
        "cell",
        "without a cell",
        True,
    ),
    "tight box without pbc": (lambda d: frames(d, cell=7 * np.eye(3)), "cell", "fill their cell", False),
    "positions in bohr": (lambda d: frames(d, length=1 / Bohr), "contacts", "look like bohr", True),
    "positions in nm": (lambda d: frames(d, length=0.1), "contacts", "look like nm", True),
    "some atomised": (
        lambda d: atomised(d, SOME),
        "energy_reference",
        "atomised in 5 and total in 555",
        True,
    ),
    "some atomised, atoms unknown": (
        lambda d: replace(atomised(d, SOME), atomic_energies=None),
        "energy_reference",
        "atomised in 5 and total in 555",
        True,
    ),
    "all atomised, atoms total": (
        lambda d: atomised(d, EVERY),
        "energy_reference",
        "are atomised, -4.8",
        True,
    ),
    "atoms in Hartree": (
        lambda d: replace(d, atomic_energies={s: e * HARTREE for s, e in d.atomic_energies.items()}),
        "energy_reference",
        "no binding energy",
        False,
    ),
    "another level in half": (
        lambda d: energies(d, ODD, lambda e: 1.002 * e + 3),
        "mixed_levels",
        r"energies of \d+ of \d+ frames compared are 15.\d+ eV",
        False,
    ),
    "another level in a tenth": (
        lambda d: energies(d, slice(1, None, 10), lambda e: e - 8),
        "mixed_levels",
        r"are (7\.9|8)\S* eV below",
        False,
    ),
    "a column of levels": (
        lambda d: replace(d, columns={**d.columns, "functional": np.array(["PBE", "B3LYP"] * (len(d) // 2))}),
        "mixed_levels",
        r"'functional' has several values, B3LYP \(280\), PBE \(280\)",
        False,
    ),
}
SOLID = {  # likewise in mlearn's silicon
    "energies in kcal/mol": (
        lambda d: scaled(d, KCAL),
        "force_units",
        "^the energies look like kcal/mol: ",
        True,
    ),
    "forces in Hartree/bohr": (
        lambda d: scaled(d, 1, PER_BOHR),
        "force_units",
        "^the forces look like Hartree/bohr",
        True,
    ),
    "all in kcal/mol": (lambda d: scaled(d, KCAL, KCAL, KCAL), "force_units", "forces look like kcal", False),
    "gradients": (lambda d: scaled(d, 1, -1), "force_sign", "wrong sign", True),
    "stress with flipped sign": (lambda d: scaled(d, stress=-1), "stress_sign", "wrong sign", True),
    "stress in GPa": (lambda d: scaled(d, stress=1 / GPa), "stress_units", "like GPa: it is 160", True),
    "stress in kbar": (
        lambda d: scaled(d, stress=-10 / GPa),
        "stress_units",
        "like kbar or a virial in eV: it is 160",
        True,
    ),
    "sign of a stress in kbar": (lambda d: scaled(d, stress=-10 / GPa), "stress_sign", "wrong sign", True),
    "virial": (lambda d: stresses(d, lambda s, a: s * a.get_volume()), "stress_units", "virial in eV", True),
    "VASP's order": (
        lambda d: stresses(d, lambda s, a: s[[0, 1, 2, 5, 3, 4]]),
        "stress_order",
        "look like xy yz xz",
        True,
    ),
    "zeros for missing stresses": (
        lambda d: scaled(d, stress=0),
        "zeros",
        r"stresses of (\d+) of \1 ",
        False,
    ),
    "crystals without pbc": (
        lambda d: frames(d, pbc=False),
        "cell",
        "fill their cell but have no pbc",
        False,
    ),
    "stress without pbc": (lambda d: frames(d, pbc=(True, True, False)), "cell", "have a stress", False),
    "positions in nm": (lambda d: frames(d, length=0.1), "contacts", "look like nm", True),
    "positions in bohr": (lambda d: frames(d, length=1 / Bohr), "contacts", "look like bohr", True),
    "another level in half": (
        lambda d: energies(d, ODD, lambda e: e + 30),
        "mixed_levels",
        "are 30 eV",
        False,
    ),
    "force outlier": (lambda d: forces(d, [7], lambda f: 30 * f), "outliers", "^the forces of 1 of ", False),
}


def found_by(name, planted, says, refuses):
    matching = [f for f in check(name, planted) if re.search(says, f.message)]
    assert [(f.check, f.certain) for f in matching] == [(name, refuses)]


@pytest.mark.parametrize("mistake", MOLECULE)
def test_a_mistake_planted_in_acetylacetone_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = MOLECULE[mistake]  # nothing is found before: see above
    found_by(name, plant(acac(shared_data)), says, refuses)


@pytest.mark.parametrize("mistake", SOLID)
def test_a_mistake_planted_in_silicon_is_found_by_name(mistake, shared_data):
    plant, name, says, refuses = SOLID[mistake]
    assert not check(name, silicon(shared_data))
    found_by(name, plant(silicon(shared_data)), says, refuses)


def test_wrong_energies_are_not_laid_at_the_door_of_the_stress(shared_data):
    planted = scaled(silicon(shared_data), energy=HARTREE, forces=PER_BOHR)
    assert check("force_units", planted)
    assert not check("stress_units", planted)


def test_wrong_positions_are_not_laid_at_the_door_of_the_labels(shared_data):
    certain = [f.check for f in checkup(frames(silicon(shared_data), length=1 / Bohr)) if f.certain]
    assert certain == ["contacts"]


# ---------------------------------------------------------------- exact truths
def springs(k=30.0, n=40) -> Dataset:
    """A harmonic C–H pair, stretched and turned at random: E = ½ k (r − 1.1)²."""
    rng = np.random.default_rng(0)
    length = rng.permutation(np.linspace(1.0, 1.2, n))
    way = rng.normal(size=(n, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    pull = (-k * (length - 1.1))[:, None] * way
    atoms = [Atoms("CH", [np.zeros(3), r * w]) for r, w in zip(length, way, strict=True)]
    return Dataset("springs", atoms, Labels(0.5 * k * (length - 1.1) ** 2, np.stack([-pull, pull], axis=1)))


def test_a_spring_has_slope_one_and_its_stiffness():
    data = springs()
    assert force_slope(data).value == pytest.approx(1.0, abs=1e-9)
    expected = 40 / (0.76 + 0.31) ** 2  # covalent radii of C and H
    assert relative_stiffness(data) == pytest.approx(30 / expected, abs=1e-9)


def strained(sign=1.0) -> Dataset:
    """Sheared and stretched cells with E/V₀ = ½ Σ C ε², ε the logarithmic strain; and the stress dE/dε /V."""
    from scipy.linalg import expm

    rng = np.random.default_rng(1)
    cell = bulk("Al", cubic=True)
    atoms, energy, stress = [], [], []
    for _ in range(40):
        e = rng.normal(scale=0.01, size=6)
        full = np.array([[e[0], e[5] / 2, e[4] / 2], [e[5] / 2, e[1], e[3] / 2], [e[4] / 2, e[3] / 2, e[2]]])
        moved = cell.copy()
        moved.set_cell(cell.cell @ expm(full), scale_atoms=True)
        atoms.append(moved)
        energy.append(0.5 * cell.get_volume() * 0.5 * np.sum(e**2))
        stress.append(sign * 0.5 * e * cell.get_volume() / moved.get_volume())
    return Dataset("strained", atoms, Labels(np.array(energy), None, stress))


def test_a_harmonic_crystal_has_stress_slope_one():
    assert stress_slope(strained()).value == pytest.approx(1.0, abs=0.01)
    assert stress_slope(strained(-1)).value == pytest.approx(-1.0, abs=0.01)
    assert not check("stress_order", strained())


def test_total_energies_of_atoms_are_those_of_dft():
    for symbol, energy in malonaldehyde().atomic_energies.items():
        off = {"H": 0.1, "C": 0.01, "O": 0.01}[symbol]
        assert all_electron_energy(Atoms(symbol).numbers) == pytest.approx(energy, rel=off)


# ---------------------------------------------------------------- structures alone
def alone(*atoms: Atoms) -> Dataset:
    return Dataset("alone", atoms, Labels(-np.arange(1.0, len(atoms) + 1)))


def test_structures_are_refused_or_warned_of():
    water = Atoms("OHH", [(0, 0, 0), (0.96, 0, 0), (-0.24, 0.93, 0)])
    flat = Atoms("H2", [(0, 0, 0), (0.75, 0, 0)], cell=[(5, 0, 0), (5, 0, 0), (0, 0, 5)], pbc=True)
    slab = Atoms("Al", cell=[(2.8, 0, 0), (0, 2.8, 0), (0, 0, 0)], pbc=(True, True, False))
    same_place = Atoms("H3", [(0, 0, 0), (0, 0, 0), (0.8, 0, 0)])
    across = Atoms("H2", [(0, 0, 0), (0, 0, 2.98)], cell=[3, 3, 3], pbc=True)
    close = Atoms("CH4", [(0, 0, 0), (0.2, 0, 0), (-1.1, 0, 0), (0, 1.1, 0), (0, -1.1, 0)])
    assert [f.frames for f in check("cell", alone(water, flat, slab)) if f.certain] == [(1,)]
    assert [(f.frames, f.certain) for f in check("contacts", alone(water, same_place, across, close))] == [
        ((1, 2), True),
        ((3,), False),
    ]
    nan = Atoms("H2", [(0, 0, 0), (np.nan, 0, 0)])
    assert [(f.frames, f.certain) for f in check("not_finite", alone(water, nan))] == [((1,), True)]
    assert [f.frames for f in check("shapes", alone(water, Atoms()))] == [(1,)]
    boxed = Atoms(water, cell=[20, 20, 20])
    periodic = Atoms(boxed, pbc=True)
    assert not check("cell", alone(boxed, water))
    assert [f.frames for f in check("cell", alone(boxed, boxed, periodic))] == [(2,)]


@pytest.mark.parametrize("name", registry.names("checks"))
def test_a_check_survives_broken_and_tiny_data(name):
    broken = Atoms("H2", [(0, 0, 0), (np.nan, 0, 0)], cell=[np.inf, 0, 0], pbc=True)
    for data in (alone(broken, Atoms()), alone(Atoms("He")), alone(), springs(n=3)):
        assert all(f.check == name for f in check(name, data))


# ---------------------------------------------------------------- all together
def test_refusals_come_first_and_checks_may_be_skipped():
    data = scaled(energies(repeated(springs(), 1), [7], lambda e: np.nan), forces=-1)
    found = checkup(data)
    assert [(f.check, f.certain, f.frames) for f in found] == [
        ("force_sign", True, ()),
        ("not_finite", True, (7,)),
        ("duplicates", False, (40,)),
    ]
    assert found[1].message.endswith("(frame 7)")
    assert [f.check for f in checkup(data, skip=["force_sign", "duplicates"])] == ["not_finite"]
    with pytest.raises(LookupError, match=r"no check 'force_sing'.*did you mean 'force_sign'"):
        checkup(data, skip=["force_sing"])


def test_large_data_are_sampled_and_say_so(monkeypatch):
    monkeypatch.setattr(checkup_module, "MOST", 100)
    data = energies(springs(n=850), [777], lambda e: np.nan)
    data = forces(data, range(0, 850, 2), lambda f: f + 0.1 * X)
    found = {f.check: f for f in checkup(data)}
    assert found["not_finite"].frames == (777,)
    net = found["net_force"]
    assert net.message.startswith("the forces of 50 of 100 frames")  # not of the one without an energy
    assert "(from a sample of 101 of 850 frames)" in net.message
    assert len(net.frames) == 50
    assert all(i % 2 == 0 for i in net.frames)
    assert max(net.frames) > 800
    assert checkup(data) == checkup(data)


def test_lazy_data_are_read_once():
    data, reads = springs(), []

    def read(i):
        reads.append(i)
        return data.frames[i]

    lazy = replace(data, frames=LazySequence(read, np.arange(len(data))))
    assert checkup(scaled(lazy, forces=-1))[0].check == "force_sign"
    assert sorted(reads) == list(range(len(data)))


def test_admit_warns_refuses_and_allows():
    data = springs()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert admit(data) is data
    pushed = forces(data, [3, 4], lambda f: f + 0.1 * X)
    with pytest.warns(UserWarning, match=r"springs: \(net_force\) .* 2 of 40 .*\(frames 3, 4\)"):
        assert admit(pushed) is pushed
    assert admit(pushed, allow=["net_force"]) is pushed
    flipped = scaled(data, forces=-1)
    with pytest.raises(ValueError, match=r"springs cannot .*\(force_sign\).* allow \['force_sign'\]"):
        admit(flipped)
    assert admit(flipped, allow=["force_sign"]) is flipped
    with pytest.raises(LookupError, match="did you mean 'net_force'"):
        admit(data, allow=["net_forces"])
