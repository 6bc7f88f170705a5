"""Checks of invariance under translation, permutation of atoms and rotation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation

from mlffbench.testing.compare import close, forces_of, moved
from mlffbench.testing.examples import Fitted

__all__ = ["permutation_permutes_the_forces", "rotation_rotates_the_forces", "translation_changes_nothing"]


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
