"""Comparisons of labels, and displaced or strained frames, for the checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from ase import Atoms

from mlffbench.data import Labels

__all__ = ["close", "forces_of", "moved", "raises", "same", "strained"]


def close(actual: object, expected: object, tolerance: float, quantity: str) -> None:
    """Assert that the largest absolute difference of a quantity is within the tolerance."""
    error = float(np.abs(np.asarray(actual) - np.asarray(expected)).max(initial=0.0))
    assert error <= tolerance, f"{quantity}: off by {error:.3g} (tolerance {tolerance:.0e})"


def same(actual: Labels, expected: Labels, tolerance: float, when: str) -> None:
    """Assert equal energies, forces and stresses; a stress must be missing on both sides or on none.

    `when` ends the messages: "forces of frame 0 after pickling".
    """
    close(actual.energy, expected.energy, tolerance, f"energies {when}")
    for k, forces in enumerate(expected.forces or ()):
        if forces is not None:
            close(forces_of(actual, k), forces, tolerance, f"forces of frame {k} {when}")
    for k in range(len(expected)):
        stresses = [None if labels.stress is None else labels.stress[k] for labels in (actual, expected)]
        assert (stresses[0] is None) == (stresses[1] is None), f"only one stress of frame {k} {when}"
        if stresses[0] is not None:
            close(stresses[0], stresses[1], tolerance, f"stress of frame {k} {when}")


def forces_of(labels: Labels, k: int = 0) -> np.ndarray:
    """Forces of frame k, which must exist."""
    assert labels.forces is not None, "no forces"
    forces = labels.forces[k]
    assert forces is not None, f"no forces for frame {k}"
    return forces


@contextmanager
def raises(kind: type[Exception], pattern: str = "") -> Iterator[list[str]]:
    """Assert that the block raises; the list holds the message afterwards, which must match the pattern."""
    messages: list[str] = []
    try:
        yield messages
    except kind as error:
        messages.append(str(error))
    assert messages, f"{kind.__name__} was not raised"
    assert re.search(pattern, messages[0]), f"the message {messages[0]!r} does not match {pattern!r}"


def moved(atoms: Atoms, displacement: np.ndarray) -> Atoms:
    """A copy displaced by a vector (3,) or by a vector per atom (n, 3)."""
    other = atoms.copy()
    other.positions += displacement
    return other


def strained(atoms: Atoms, strain: np.ndarray) -> Atoms:
    """A copy under a homogeneous strain (3, 3)."""
    other = atoms.copy()
    other.set_cell(other.cell @ (np.eye(3) + strain), scale_atoms=True)
    return other
