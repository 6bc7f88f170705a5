"""Checks of invariance under translation, permutation of atoms and rotation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation
from sklearn.base import clone

from mlffbench.testing.compare import close, forces_of, moved, same
from mlffbench.testing.examples import FEW, Fitted

__all__ = [
    "order_of_training_atoms_changes_nothing",
    "order_of_training_frames_changes_nothing",
    "other_cell_vectors_change_nothing",
    "permutation_permutes_the_forces",
    "rotation_rotates_the_forces",
    "translation_changes_nothing",
]


def translation_changes_nothing(example: Fitted) -> None:
    """Compare energies and forces after a translation."""
    _check_invariance(example, [moved(a, np.array([1.3, -0.7, 4.1])) for a in example.frames[:3]])


def permutation_permutes_the_forces(example: Fitted) -> None:
    """Compare energies and forces after reordering the atoms.

    A model of one molecule may refuse another order.
    """
    rng = np.random.default_rng(1)
    orders = [rng.permutation(len(a)) for a in example.frames[:3]]
    shuffled = [a[o] for a, o in zip(example.frames, orders, strict=False)]
    try:
        _check_invariance(example, shuffled, lambda f, k: f[orders[k]])
    except ValueError:
        if "extensive" in example.model.supports:
            raise


def rotation_rotates_the_forces(example: Fitted) -> None:
    """Compare energies and rotated forces after a rotation."""
    matrix = Rotation.random(rng=np.random.default_rng(2)).as_matrix()
    _check_invariance(example, [_rotated(a, matrix) for a in example.frames[:3]], lambda f, _: f @ matrix.T)


def order_of_training_atoms_changes_nothing(example: Fitted) -> None:
    """Compare a fit to a few frames with one to the same frames whose atoms stand in other orders.

    A model may refuse frames in several orders with a sentence. The predictions are of the other frames.
    """
    labels, rng = example.labels[:FEW], np.random.default_rng(3)
    given = example.refitted(labels, needed=True)
    orders = [rng.permutation(len(a)) for a in given.frames]
    forces = labels.forces and tuple(
        f if f is None else f[o] for f, o in zip(labels.forces, orders, strict=True)
    )
    shuffled = [a[o] for a, o in zip(given.frames, orders, strict=True)]
    try:
        model = clone(example.model).fit(shuffled, replace(labels, forces=forces))
    except ValueError as error:
        if "order" not in str(error):
            raise
        return
    known = set(given.model.elements_)
    others = [a for a in example.frames[FEW:] if set(a.symbols) <= known]
    tolerance = 1e-3  # an iterative fit ends where rounding lets it
    same(model.predict(others), given.model.predict(others), tolerance, "after a fit to reordered atoms")


def order_of_training_frames_changes_nothing(example: Fitted) -> None:
    """Compare a fit to a few frames with one to the same frames in the reverse order."""
    few = example.few
    model = clone(example.model).fit(few.frames[::-1], few.labels[::-1])
    same(model.predict(few.frames), few.model.predict(few.frames), 1e-6, "after a fit to reversed frames")


def other_cell_vectors_change_nothing(example: Fitted) -> None:
    """Compare energies, forces and stresses after the choice of other vectors for the same lattice.

    The first choice is left-handed, the second skewed.
    """
    frames = [a for a in example.frames if a.pbc.all()][:3]
    if not frames:
        return
    before = example.model.predict(frames)
    for vectors in ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], [[1, 0, 0], [1, 1, 0], [0, -1, 1]]):
        after = example.model.predict([_with_vectors(a, np.array(vectors)) for a in frames])
        same(after, before, 1e-5, f"with the cell vectors {vectors}")


def _with_vectors(atoms: Atoms, vectors: np.ndarray) -> Atoms:
    """A copy whose cell vectors are integer combinations of the old ones."""
    other = atoms.copy()
    other.set_cell(vectors @ atoms.cell.array)
    return other


def _check_invariance(
    example: Fitted, changed: list[Atoms], expected: Callable[[np.ndarray, int], np.ndarray] = lambda f, _: f
) -> None:
    """Assert unchanged energies, and forces `expected(forces, k)` of frame k."""
    before, after = (example.model.predict(x) for x in (example.frames[: len(changed)], changed))
    close(after.energy, before.energy, 1e-6, "energies after the change")
    for k in range(len(changed)):
        if before.forces is not None and after.forces is not None:
            close(forces_of(after, k), expected(forces_of(before, k), k), 1e-5, f"forces of frame {k}")


def _rotated(atoms: Atoms, matrix: np.ndarray) -> Atoms:
    """A copy with cell and positions rotated."""
    rotated = atoms.copy()
    rotated.set_cell(np.asarray(atoms.cell) @ matrix.T)
    rotated.positions = atoms.positions @ matrix.T
    return rotated
