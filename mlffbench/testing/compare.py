"""How the checks compare, and how they change frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from ase import Atoms

from mlffbench.data import Labels

__all__ = ["close", "forces_of", "moved", "raises", "same", "strained"]


def close(got: object, expected: object, tolerance: float, what: str) -> None:
    """Largest absolute difference."""
    error = float(np.abs(np.asarray(got) - np.asarray(expected)).max(initial=0.0))
    assert error <= tolerance, f"{what}: off by {error:.3g} (tolerance {tolerance:.0e})"


def same(got: Labels, expected: Labels, tolerance: float, what: str) -> None:
    """Energies and, where there are any, forces and stress; what one side lacks the other must lack."""
    close(got.energy, expected.energy, tolerance, f"energies {what}")
    for k, forces in enumerate(expected.forces or ()):
        if forces is not None:
            close(forces_of(got, k), forces, tolerance, f"forces of frame {k} {what}")
    for k in range(len(expected)):
        stresses = [None if side.stress is None else side.stress[k] for side in (got, expected)]
        assert (stresses[0] is None) == (stresses[1] is None), f"only one stress of frame {k} {what}"
        if stresses[0] is not None:
            close(stresses[0], stresses[1], tolerance, f"stress of frame {k} {what}")


def forces_of(labels: Labels, k: int = 0) -> np.ndarray:
    assert labels.forces is not None, "no forces"
    forces = labels.forces[k]
    assert forces is not None, f"no forces for frame {k}"
    return forces


@contextmanager
def raises(kind: type[Exception], pattern: str = "") -> Iterator[list[str]]:
    """The message, after the block."""
    messages: list[str] = []
    try:
        yield messages
    except kind as error:
        messages.append(str(error))
    assert messages, f"{kind.__name__} was not raised"
    assert re.search(pattern, messages[0]), f"the message {messages[0]!r} does not match {pattern!r}"


def moved(atoms: Atoms, displacement: np.ndarray) -> Atoms:
    other = atoms.copy()
    other.positions += displacement
    return other


def strained(atoms: Atoms, strain: np.ndarray) -> Atoms:
    other = atoms.copy()
    other.set_cell(other.cell @ (np.eye(3) + strain), scale_atoms=True)
    return other
