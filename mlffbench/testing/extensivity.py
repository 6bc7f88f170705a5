"""Checks that energies are additive and that predictions do not depend on other frames of the batch."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from mlffbench.testing.compare import close, forces_of, moved, raises, same
from mlffbench.testing.examples import Fitted

__all__ = [
    "a_single_atom_has_no_force",
    "a_supercell_is_n_cells",
    "molecules_and_crystals_may_be_mixed",
    "one_by_one_is_the_batch",
    "sizes_may_be_mixed",
    "two_far_copies_are_twice_one",
]

SMALL = 8  # atoms of a cell whose supercell of eight cells is still quick


def two_far_copies_are_twice_one(example: Fitted) -> None:
    """Compare two copies 60 Å apart with twice one; a model of one molecule must refuse them."""
    atoms = example.frames[0]
    far = moved(atoms, np.array([60.0, 0.0, 0.0]))
    pair = atoms.repeat((2, 1, 1)) if atoms.pbc.any() else atoms + far
    if _refused_by_a_model_of_one_molecule(example, pair):
        return
    one, two = example.model.predict([atoms]), example.model.predict([pair])
    close(two.energy, 2 * one.energy, 1e-5, "energy of two copies against twice one")
    if one.forces is not None:
        close(forces_of(two), np.vstack([forces_of(one)] * 2), 1e-5, "forces of two copies")


def a_supercell_is_n_cells(example: Fitted) -> None:
    """Compare a supercell of eight cells with the cell: eight times the energy, equal forces and stress."""
    if "extensive" not in example.model.supports:
        return
    for atoms in [a for a in example.frames if a.pbc.all() and len(a) <= SMALL][:2]:
        one, all_ = (example.model.predict([a]) for a in (atoms, atoms.repeat(2)))
        close(all_.energy, 8 * one.energy, 1e-5, "energy of eight cells against eight times one")
        if one.forces is not None:
            close(forces_of(all_), np.vstack([forces_of(one)] * 8), 1e-5, "forces in eight cells")
        if one.stress is not None:
            assert all_.stress is not None, "a stress of the cell, but none of the supercell"
            close(all_.stress[0], one.stress[0], 1e-6, "stress of eight cells against that of one")


def one_by_one_is_the_batch(example: Fitted) -> None:
    """Compare predictions of single frames with those of all frames together."""
    _alone_as_in_the_batch(example, example.frames)


def sizes_may_be_mixed(example: Fitted) -> None:
    """Compare predictions in a batch of a frame, a part of it and a lone atom."""
    if "extensive" in example.model.supports:
        atoms = example.frames[0]
        _alone_as_in_the_batch(example, [atoms, atoms[: len(atoms) // 2 + 1], _lone(atoms.symbols[0]), atoms])


def molecules_and_crystals_may_be_mixed(example: Fitted) -> None:
    """Compare predictions of a periodic and a free frame in one batch; only the periodic one has a stress."""
    if {"extensive", "periodic"} <= set(example.model.supports):
        atoms = example.frames[0]
        free, periodic = atoms.copy(), atoms.copy()
        free.pbc, free.cell = False, None
        if not atoms.pbc.any():
            periodic.center(vacuum=4.0)
            periodic.pbc = True
        for frames in ([free, periodic, free], [periodic, free]):
            _alone_as_in_the_batch(example, frames)
            if "stress" in example.model.properties:
                stress = example.model.predict(frames).stress or [None] * len(frames)
                has_stress = [s is not None for s in stress]
                assert has_stress == [bool(a.pbc.all()) for a in frames], f"stress of frames: {has_stress}"


def _alone_as_in_the_batch(example: Fitted, frames: list[Atoms]) -> None:
    """Assert that each frame has the same predictions alone as in the batch."""
    batch = example.model.predict(frames)
    for k, atoms in enumerate(frames):
        same(example.model.predict([atoms]), batch[k], 1e-6, f"of frame {k} alone against in the batch")


def a_single_atom_has_no_force(example: Fitted) -> None:
    """Predict lone atoms of all elements; a model of one molecule must refuse them."""
    atoms = [_lone(symbol) for symbol in example.model.elements_]
    if _refused_by_a_model_of_one_molecule(example, atoms[0]):
        return
    labels = example.model.predict(atoms)
    assert np.isfinite(labels.energy).all(), "the energy of a lone atom is not finite"
    if labels.forces is not None:
        for k in range(len(atoms)):
            close(forces_of(labels, k), 0.0, 1e-8, "the force on a lone atom")


def _lone(symbol: str) -> Atoms:
    """A lone atom."""
    return Atoms(symbol, positions=[[0.1, 0.2, 0.3]])


def _refused_by_a_model_of_one_molecule(example: Fitted, atoms: Atoms) -> bool:
    """True for a model of one molecule, which must refuse the atoms."""
    if "extensive" in example.model.supports:
        return False
    with raises(ValueError, r"\w+ \w+"):
        example.model.predict([atoms])
    return True
