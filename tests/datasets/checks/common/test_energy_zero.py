"""Zero of the energies: atomised, total, mixed or foreign ones are told apart."""

from __future__ import annotations

from dataclasses import replace

from planted_mistakes import EVERY, HARTREE, SOME, acac, atomised

from mlffbench.datasets.checks.common.energy_zero import energy_zero


def test_total_energies_with_the_energies_of_their_atoms_are_consistent(shared_data):
    zero = energy_zero(acac(shared_data))
    assert zero.is_consistent
    assert (len(zero.atomised), len(zero.total)) == (0, len(acac(shared_data)))
    assert -6.5 < zero.binding < -3.5


def test_atomised_frames_among_total_ones_are_named(shared_data):
    data = atomised(acac(shared_data), SOME)
    for planted in (data, replace(data, atomic_energies=None)):
        zero = energy_zero(planted)
        assert zero.is_mixed
        assert not zero.is_consistent
        assert zero.atomised.tolist() == list(range(5))


def test_energies_of_other_atoms_are_foreign(shared_data):
    data = acac(shared_data)
    assert energy_zero(atomised(data, EVERY)).is_atomised
    foreign = replace(data, atomic_energies={s: e * HARTREE for s, e in data.atomic_energies.items()})
    assert energy_zero(foreign).is_foreign
