"""Systems and batches of growing size that are made of the frames of a dataset."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from mlffbench.data import bare

__all__ = ["batch", "copies_of", "geometric_sizes"]

GAP = 20.0  # Å between copies of a molecule: beyond every cutoff, so the work grows with the atoms alone


def geometric_sizes(most: int, factor: int) -> list[int]:
    """1, factor, factor² ... and `most`, if that is well above the last."""
    sizes = [1]
    while sizes[-1] * factor <= most:
        sizes.append(sizes[-1] * factor)
    return [*sizes, most] if most >= 2 * sizes[-1] else sizes


def copies_of(atoms: Atoms, n: int) -> Atoms:
    """Repeat a crystal, as evenly along its axes as n allows, or set n molecules on a cubic grid."""
    if n < 1:
        raise ValueError(f"a system needs at least one copy, not {n}")
    if atoms.pbc.any():
        return bare(atoms).repeat(_repeats(atoms, n))
    side = int(np.ceil(round(n ** (1 / 3), 9)))
    places = np.stack(np.unravel_index(np.arange(n), (side,) * 3), axis=1)
    pitch = np.ptp(atoms.positions, axis=0).max() + GAP
    positions = (pitch * places[:, None] + atoms.positions).reshape(-1, 3)
    return Atoms(np.tile(atoms.numbers, n), positions)


def _repeats(atoms: Atoms, n: int) -> list[int]:
    """Repeats along each axis: every prime factor of n, the largest first, goes to the shortest one."""
    repeats, lengths = np.ones(3, dtype=int), np.where(atoms.pbc, atoms.cell.lengths(), np.inf)
    for factor in sorted(_prime_factors(n), reverse=True):
        repeats[np.argmin(lengths * repeats)] *= factor
    return [int(number) for number in repeats]


def _prime_factors(n: int) -> list[int]:
    factors, divisor = [], 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            factors.append(divisor)
            n //= divisor
        divisor += 1
    return [*factors, n] if n > 1 else factors


def batch(frames: Sequence[Atoms], n: int) -> list[Atoms]:
    """The first n frames, from the beginning again where there are fewer."""
    return [frames[i % len(frames)] for i in range(n)]
