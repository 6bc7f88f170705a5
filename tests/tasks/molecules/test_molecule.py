"""All properties of a molecule: the truth scores 0, another potential scores its difference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from example_chain import Chain
from example_molecule import OTHER, TRUE, Toy, dataset, missing, rows, scores

from mlffbench.data import Curve, Reference, Split

ZERO = {"Å": 5e-3, "degrees": 0.3, "1/cm": 1.0, "meV": 0.5, "eV": 5e-3, "": 1e-9}  # what relaxations leave


@pytest.mark.parametrize("truth", [True, False], ids=["calculator", "values"])
def test_the_truth_has_no_errors(truth: bool) -> None:
    data, split = dataset(truth)
    found = rows(Toy(), data, split)
    for score in scores(found).values():
        assert 0 <= score.value <= ZERO[score.unit], score
    assert len(scores(found)) == (26 if truth else 22)
    expected = (
        {}
        if truth
        else {"barrier": "a relaxed scan needs the exact potential as its reference, not stored values"}
    )
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


def test_what_is_not_known_is_skipped_with_its_reason() -> None:
    data, split = dataset()
    (row,) = rows(Toy(), replace(data, reference=None), split)
    assert row.message == "chain has no reference structures"
    alone = replace(data, reference=Reference({"minimum": data.reference.structures["minimum"]}))
    few = {"include": ["profiles", "conformers"]}
    reasons = missing(rows(Toy(), alone, Split(split.train, {"other": np.array([5])}), **few))
    assert reasons["profile"] == "the split has no test group 'proton_transfer'"
    assert reasons["relative energy"] == "chain has no reference conformers"
    unknown = replace(data, reference=Reference(data.reference.structures))
    reasons = missing(rows(Toy(), unknown, split, include=["vibrations", "reaction_path", "conformers"]))
    assert reasons == {
        "wavenumbers": "the dataset has no reference wavenumbers",
        "barrier": "the dataset has no energy of the saddle point",
        "relative energy": "the dataset has no energies of conformers",
    }
    with pytest.raises(LookupError, match=r"no property of molecules 'torsions'.*did you mean 'torsion'"):
        rows(Toy(), data, split, include=["torsions"])
