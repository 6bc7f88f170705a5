"""Public and exact data for tests of the checks, and the mistakes that are planted in them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.units import Bohr, GPa, Hartree, kcal, mol

from mlffbench import registry
from mlffbench.data import Dataset, Labels
from mlffbench.datasets.path import path

KCAL = mol / kcal  # kcal/mol in 1 eV
HARTREE = 1 / Hartree
PER_BOHR = Bohr / Hartree  # Hartree/bohr in 1 eV/Å
X = np.array([1.0, 0.0, 0.0])
QUARTER = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
EVERY, SOME, ODD = slice(None), slice(0, 5), slice(1, None, 2)


def check(name: str, dataset: Dataset):
    return registry.load("checks", name)(dataset)


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


def found_by(name, planted, says, refuses):
    matching = [f for f in check(name, planted) if re.search(says, f.message)]
    assert [(f.check, f.certain) for f in matching] == [(name, refuses)]


def springs(k=30.0, n=40) -> Dataset:
    """A harmonic C–H pair, stretched and turned at random: E = ½ k (r − 1.1)²."""
    rng = np.random.default_rng(0)
    length = rng.permutation(np.linspace(1.0, 1.2, n))
    way = rng.normal(size=(n, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    pull = (-k * (length - 1.1))[:, None] * way
    atoms = [Atoms("CH", [np.zeros(3), r * w]) for r, w in zip(length, way, strict=True)]
    return Dataset("springs", atoms, Labels(0.5 * k * (length - 1.1) ** 2, np.stack([-pull, pull], axis=1)))


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


def alone(*atoms: Atoms) -> Dataset:
    return Dataset("alone", atoms, Labels(-np.arange(1.0, len(atoms) + 1)))
