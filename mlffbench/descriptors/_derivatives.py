"""SOAP vectors with their derivatives by the positions, a few frames at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from ase import Atoms

from mlffbench.descriptors._power_spectrum import (
    Basis,
    density,
    prefactor,
    radial_terms,
    solid_harmonics,
    spectra,
)
from mlffbench.graph import Graph, build

__all__ = ["Block", "Derivatives", "derivatives"]

ATOMS = 250  # described at a time
PAIRS = 1_500  # at a time: what is made of them on the way stays in a cache of the processor
Places = list[tuple[int, int]]


@dataclass(frozen=True)
class Block:
    """∂p_i/∂r_j through the images of neighbours j of one element, at the only features they can change.

    Attributes
    ----------
    source, target : (p,) int, the centre i and the neighbour j
    columns : (k,) int, the features
    rows : (p, 3, k), 1/Å; strided so that pairs lie side by side
    """

    source: torch.Tensor
    target: torch.Tensor
    columns: torch.Tensor
    rows: torch.Tensor


@dataclass(frozen=True)
class Derivatives:
    """The SOAP vectors of a frame's atoms, (n_atoms, n_features), and how they change with its positions.

    A centre moves with its atom: what a block says of (i, j), the pair (i, i) has with the opposite sign.
    """

    values: torch.Tensor
    blocks: tuple[Block, ...]

    def dense(self) -> torch.Tensor:
        """∂p_i/∂r_j of every pair of atoms, (n_centres, n_atoms, 3, n_features)."""
        n, width = self.values.shape
        total = self.values.new_zeros(n * n, 3, width)
        for block in self.blocks:
            rows = self.values.new_zeros(len(block.source), 3, width)
            rows.index_copy_(2, block.columns, block.rows.contiguous())
            total.index_add_(0, block.source * n + block.target, rows)
            total.index_add_(0, block.source * (n + 1), rows, alpha=-1)
        return total.view(n, n, 3, width)


def derivatives(frames: Sequence[Atoms], basis: Basis, device: str = "cpu") -> Iterator[Derivatives]:
    """The vectors and derivatives of every frame."""
    for part in _parts(frames):
        batch = build(part, basis.radius, device=device)
        c, vectors = density(batch, basis), batch.vectors
        channel = basis.channels(batch.numbers[batch.target])
        blocks = [
            _block(batch, vectors, c, torch.nonzero(channel == z).flatten(), z, basis)
            for z in range(len(basis.numbers))
        ]
        yield from _by_frame(blocks, spectra(c, basis), [len(a) for a in part])


def _parts(frames: Sequence[Atoms]) -> Iterator[list[Atoms]]:
    """Consecutive frames, of no more than `ATOMS` atoms together unless one alone has more."""
    part: list[Atoms] = []
    for atoms in frames:
        if part and sum(map(len, part)) + len(atoms) > ATOMS:
            yield part
            part = []
        part.append(atoms)
    if part:
        yield part


def _by_frame(blocks: Sequence[Block], values: torch.Tensor, sizes: list[int]) -> Iterator[Derivatives]:
    """Pairs come frame after frame, so that a frame's share of a block is a view."""
    ends = torch.tensor([0, *sizes]).cumsum(0)
    cuts = [torch.searchsorted(b.source.contiguous(), ends.to(b.source.device)).tolist() for b in blocks]
    for i, (start, end) in enumerate(pairwise(ends.tolist())):
        here = [slice(*cut[i : i + 2]) for cut in cuts]
        parts = (
            Block(b.source[s] - start, b.target[s] - start, b.columns, b.rows[s])
            for b, s in zip(blocks, here, strict=True)
        )
        yield Derivatives(values[start:end], tuple(parts))


def _block(
    batch: Graph, vectors: torch.Tensor, c: torch.Tensor, pairs: torch.Tensor, z: int, basis: Basis
) -> Block:
    """∂p_nn'l/∂r_ij = π√(8/(2l+1)) Σ_m (∂c_nlm c_n'lm + c_nlm ∂c_n'lm) of neighbours of one element."""
    columns, places = _columns(basis, z)
    rows = c.new_empty(3, len(columns), len(pairs))
    for some, out in zip(pairs.split(PAIRS), rows.split(PAIRS, dim=2), strict=True):
        _write(out, vectors[some], c.index_select(0, batch.source[some]), z, places, basis)
    return Block(batch.source[pairs], batch.target[pairs], columns.to(c.device), rows.permute(2, 0, 1))


def _write(
    out: torch.Tensor, r: torch.Tensor, around: torch.Tensor, z: int, places: Places, basis: Basis
) -> None:
    """The rows (3, k, p) of neighbours at r (p, 3) of centres with densities `around` (p, n_channels, lm).

    With ∂c_nlm = f_nl ∇Y_lm + 2r f′_nl Y_lm (f of R², solid harmonics) the sum over m comes first, and what
    is left is the product of few numbers. The pairs are the last index throughout, so that processors
    compute several at once.
    """
    value, slope = (t.permute(2, 1, 0).contiguous() for t in radial_terms(r, basis))  # (l, n_max, p)
    harmonics = solid_harmonics(r, basis.l_max)
    turned = (harmonics @ basis.harmonic_gradient.to(r)).unflatten(1, (3, -1))
    turned = torch.cat([turned, harmonics[:, None]], dim=1)  # (p, 4, lm)
    twice = 2 * r.T[:, None]
    for l, part in enumerate(basis.degrees):
        summed = (turned[..., part] * prefactor(l)) @ around[..., part].mT  # Σ_m, (p, 4, n_channels)
        summed = summed.permute(1, 2, 0).contiguous()
        across, along = summed[:3], twice * summed[3]
        for other, start in places:
            channels = slice(other * basis.n_max, (other + 1) * basis.n_max)
            angular = across[:, channels], along[:, channels]
            _fill(out, start, l, (value[l], slope[l]), angular, z - other)


def _columns(basis: Basis, z: int) -> tuple[torch.Tensor, Places]:
    """Features with a channel of element z; each other element, and where its share of them begins."""
    n, l, k = basis.n_max, basis.l_max + 1, len(basis.numbers)
    kept, places, start, here = [], [], 0, 0
    for a in range(k):
        for b in range(a, k):
            width = l * (n * n if a < b else n * (n + 1) // 2)
            if z in (a, b):
                kept.append(torch.arange(start, start + width))
                places.append((b if a == z else a, here))
                here += width
            start += width
    return torch.cat(kept), places


def _fill(
    rows: torch.Tensor,
    start: int,
    l: int,
    radial: tuple[torch.Tensor, torch.Tensor],
    angular: tuple[torch.Tensor, ...],
    order: int,
) -> None:
    """Radial (n_max, p) times angular (3, n_max', p), at the features (n, n') of this l.

    `order` is negative where the neighbour's element comes first, 0 where both are the same.
    """
    n = len(radial[0])
    value, slope = (t[:, None] for t in radial)
    across, along = (t[:, None] for t in angular)
    if order == 0:
        full = (value * across).addcmul_(slope, along)
        i, j = torch.triu_indices(n, n, device=rows.device)
        both = (full.flatten(1, 2).index_select(1, k) for k in (i * n + j, j * n + i))
        torch.add(*both, out=rows[:, start + l * len(i) : start + (l + 1) * len(i)])
        return
    out = rows[:, start + l * n * n : start + (l + 1) * n * n].unflatten(1, (n, n))
    out = out if order < 0 else out.transpose(1, 2)
    torch.mul(value, across, out=out)
    out.addcmul_(slope, along)
