"""Example data of the contract, and refusals of unsupported data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase.calculators.emt import EMT
from broken_models import OneMolecule, SaysMoleculesOnly

from mlffbench import testing


def test_a_model_of_one_molecule_passes_on_it_and_refuses_the_rest(cells):
    molecules = testing.molecules(6)
    assert testing.refusal(OneMolecule, molecules) is None
    example = testing.fitted(OneMolecule, molecules)
    for check in testing.FORCEFIELD_CHECKS:
        check(example)
    assert "describes molecules" in testing.refusal(OneMolecule, cells)
    clusters = [a.copy() for a in cells.frames]
    for atoms in clusters:
        atoms.pbc = False
    assert "describes one molecule: AuCu" in testing.refusal(OneMolecule, replace(cells, frames=clusters))


def test_what_is_not_refused_is_caught(cells):
    with pytest.raises(AssertionError, match="ValueError was not raised"):
        testing.refusal(SaysMoleculesOnly, cells)
    example = testing.fitted(SaysMoleculesOnly, testing.molecules(6))
    for check in (testing.two_far_copies_are_twice_one, testing.a_single_atom_has_no_force):
        with pytest.raises(AssertionError, match="ValueError was not raised"):
            check(example)


def test_the_labels_of_the_examples_are_what_they_say():
    assert len(testing.molecules(7)) == 7
    assert all(np.isfinite(s).all() for s in testing.solids(4).labels.stress)


def test_the_alloys_are_small_mixed_and_truly_periodic():
    cells = testing.alloys()
    assert {len(a) for a in cells.frames} == {1, 2, 4}
    assert len({a.get_chemical_formula() for a in cells.frames}) == len(cells)
    assert {s for a in cells.frames[:2] for s in a.symbols} == {"Ni", "Cu", "Au"}
    assert max(a.cell.lengths().max() for a in cells.frames) < 4.0
    for atoms, energy, forces in zip(cells.frames, cells.labels.energy, cells.labels.forces, strict=True):
        large = atoms.repeat(2)
        large.calc = EMT()
        assert large.get_potential_energy() == pytest.approx(8 * energy)
        np.testing.assert_allclose(large.get_forces(), np.vstack([forces] * 8), atol=1e-9)
    assert testing.alloys().digest == cells.digest
