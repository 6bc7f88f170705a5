"""The pieces on molecules: the truth scores 0, another potential scores how it differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from example_chain import Chain, chain

from mlffbench.data import Curve, Dataset, Labels, Missing, Reference, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vibrations import vibrations
from mlffbench.tasks.molecules.molecule import molecules

TRUE = Chain()
FEW = {
    "n_images": 5, "n_points": 50, "longest": 4.5, "permutation": [0, 1, 2, 3], "mirror": True,
    "dihedral": [0, 1, 2, 3],
}  # fmt: skip
ZERO = {"Å": 5e-3, "degrees": 0.3, "1/cm": 1.0, "meV": 0.5, "eV": 5e-3, "": 1e-9}  # what relaxations leave
OTHER = {"bond": 1.45, "v1": -0.25, "v3": 0.5}


class Toy(ForceField):
    """The chain with its own parameters, nothing learned."""

    properties = ("energy", "forces")
    calculator_class = Chain

    def __init__(self, params: dict[str, float] | None = None, atomic_energies: Any = None) -> None:
        self.params = params
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self.chain_ = self.calculator_class(**(self.params or {}))

    def _evaluate(self, inputs: Any) -> Labels:
        energies, forces = zip(*(evaluated(self.chain_, a) for a in inputs), strict=True)
        return Labels(np.array(energies), forces)


class Torn(Chain):
    """2 eV lower where the first bond is longer than 2.5 Å."""

    def energies(self, x: np.ndarray) -> np.ndarray:
        return super().energies(x) - 2.0 * (np.linalg.norm(x[:, 0] - x[:, 1], axis=-1) > 2.5)


class TornToy(Toy):
    calculator_class = Torn


def evaluated(calculator: Chain, atoms: Atoms) -> tuple[float, np.ndarray]:
    copy = atoms.copy()
    copy.calc = calculator
    forces = copy.get_forces()
    return copy.get_potential_energy(), forces


def dataset(truth: bool = True) -> tuple[Dataset, Split]:
    """Two frames to train on, a labelled turn and a labelled half of the way over; what is known of both."""
    gauche = TRUE.gauche()
    angles = np.concatenate([[50, 60], np.arange(0, 181, 15), np.linspace(-gauche, gauche, 7)])
    groups = np.repeat(["train", "dihedral", "proton_transfer"], [2, 13, 7])
    frames = [chain(a) for a in angles]
    energies, forces = zip(*(evaluated(TRUE, a) for a in frames), strict=True)
    structures = {"minimum": chain(gauche), "conformer trans": chain(180)}
    saddles = {"transfer_saddle": chain(0)}
    values: dict[str, dict[str, float]] = {
        n: {"energy": evaluated(TRUE, a)[0]} for n, a in (structures | saddles).items()
    }
    found = vibrations(TRUE, relaxed(TRUE, structures["minimum"], fmax=1e-4)).wavenumbers
    values["minimum"] |= {f"wavenumber_{i + 1}": float(v) for i, v in enumerate(found)}
    spec = {"test_properties_paths:Chain": {}}
    known, potential = ({}, spec) if truth else (values, None)
    reference = Reference(structures, known, "Chain", potential, saddles)
    columns = {"group": groups, "coordinate": angles.astype(float)}
    labels = Labels(np.array(energies), forces)
    data = Dataset("chain", frames, labels, columns, {}, {"C": 0.0, "O": 0.0}, reference)
    tests = {g: np.flatnonzero(groups == g)[::-1] for g in ("dihedral", "proton_transfer")}
    return data, Split(np.flatnonzero(groups == "train"), tests)


def rows(model: ForceField, data: Dataset, split: Split, **options: Any) -> list[Score | Missing | Curve]:
    fitted = model.fit([data.frames[i] for i in split.train], data.labels[split.train])
    pieces = molecules(fitted, data, split, 0, **{**FEW, **options})
    return [row for piece in pieces.values() for row in piece()]


def scores(found: Sequence[Any]) -> dict[tuple[str, str, str], Score]:
    return {(r.test, r.quantity, r.metric): r for r in found if isinstance(r, Score)}


def missing(found: Sequence[Any]) -> dict[str, str]:
    assert all(r.kind == "skipped" for r in found if isinstance(r, Missing))
    return {r.quantity: r.message for r in found if isinstance(r, Missing)}


@pytest.mark.parametrize("truth", [True, False], ids=["calculator", "values"])
def test_the_truth_has_no_errors(truth: bool) -> None:
    data, split = dataset(truth)
    found = rows(Toy(), data, split)
    for score in scores(found).values():
        assert 0 <= score.value <= ZERO[score.unit], score
    assert len(scores(found)) == (26 if truth else 22)
    expected = {} if truth else {"barrier": "relaxed scans need a reference that can be asked"}
    assert missing(found) == expected
    curves = {r.name: r for r in found if isinstance(r, Curve)}
    names = {"dihedral, labelled", "proton_transfer, labelled", "reaction path", "dissociation of O0-C1"}
    assert names | {"dissociation of C1-C2"} | ({"torsion"} if truth else set()) == curves.keys()
    labelled = curves["dihedral, labelled"]
    assert labelled.x == sorted(labelled.x)
    assert labelled.y == pytest.approx(labelled.reference_y)


def test_another_potential_has_the_errors_that_its_parameters_say() -> None:
    data, split = dataset()
    found = scores(rows(Toy(OTHER), data, split))
    other = Chain(**OTHER)
    value = lambda *key: found[key].value
    assert value("minimum", "bond length", "max_error") == pytest.approx(0.05, abs=2e-3)
    assert value("minimum", "geometry", "rmsd") > 0.02
    assert value("minimum", "bond angle", "max_error") > 1
    assert value("minimum", "wavenumbers", "mae") > 5
    assert value("minimum", "wavenumbers", "max_error") > value("minimum", "wavenumbers", "mae")
    grid = np.arange(-180, 180, 15)
    over = lambda c: 1e3 * (c.torsion(0) - c.torsion(c.gauche()))
    above = lambda c: 1e3 * (c.torsion(180) - c.torsion(c.gauche()))
    height = lambda c: 1e3 * np.ptp(c.torsion(grid))
    for key, of in {
        ("torsion", "barrier", "error"): height,
        ("reaction path", "barrier", "error"): over,
        ("conformer trans", "relative energy", "error"): above,
    }.items():
        assert found[key].predicted == pytest.approx(of(other), abs=1)
        assert found[key].reference == pytest.approx(of(TRUE), abs=1)
        assert value(*key) == pytest.approx(abs(of(other) - of(TRUE)), abs=1.5)
    assert value("conformers", "relative energy", "mae") == pytest.approx(above(other) - above(TRUE), abs=1)
    assert value("dihedral", "profile", "rmse") > 10
    assert value("reaction path", "saddle", "rmsd") > 0.02
    assert value("O0-C1", "bond energy", "fall") == 0


def test_a_torn_bond_and_a_wrong_order_show() -> None:
    data, split = dataset()
    torn = scores(rows(TornToy(), data, split, include=["dissociation"], bonds=[[1, 0]]))
    assert torn["C1-O0", "bond energy", "jump"].value == pytest.approx(2.0, abs=0.01)
    assert torn["C1-O0", "bond energy", "error"].value == pytest.approx(2.0, abs=0.01)
    turned = scores(rows(Toy({"v1": 0.2}), data, split, include=["conformers"]))
    assert turned["conformers", "relative energy", "rank_error"].value == 1
    flat = scores(rows(Toy({"v1": -0.8, "v3": 0.0}), data, split, include=["conformers"]))
    assert flat["conformers", "structures", "collapsed"].value == 1  # the only minimum is at 0


def test_the_ends_of_the_labelled_path_are_ends_too() -> None:
    data, split = dataset()
    named = replace(data, card={"molecule": {"permutation": [0, 1, 2, 3], "mirror": True}})
    barriers = [
        scores(rows(Toy(), d, split, include=["reaction_path"], permutation=None, mirror=None))
        for d in (data, named)
    ]
    one, other = (b["reaction path", "barrier", "error"].predicted for b in barriers)
    assert one == pytest.approx(other, abs=0.5)
    assert one == pytest.approx(1e3 * (TRUE.torsion(0) - TRUE.torsion(TRUE.gauche())), abs=0.5)


def test_what_is_not_known_is_skipped_with_its_reason() -> None:
    data, split = dataset()
    alone = replace(data, reference=None)
    reasons = missing(rows(Toy(), alone, Split(split.train, {"other": np.array([5])})))
    assert reasons["geometry"] == "chain has no reference structure of a molecule"
    assert reasons["profile"] == "the split has no test group 'proton_transfer'"
    assert reasons["relative energy"] == "chain has no reference conformers"
    unknown = replace(data, reference=Reference(data.reference.structures))
    reasons = missing(rows(Toy(), unknown, split, include=["frequencies", "reaction_path", "conformers"]))
    assert reasons == {
        "wavenumbers": "the dataset has no reference wavenumbers",
        "barrier": "the dataset has no energy of the saddle point",
        "relative energy": "the dataset has no energies of conformers",
    }
    with pytest.raises(ValueError, match=r"no property of molecules 'torsions'.*did you mean 'torsion'"):
        rows(Toy(), data, split, include=["torsions"])
