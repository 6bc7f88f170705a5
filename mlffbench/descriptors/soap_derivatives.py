"""SOAP vectors with their derivatives by the positions, a few frames at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from ase import Atoms

from mlffbench.descriptors.graph import Graph, build
from mlffbench.descriptors.neighbour_density import density
from mlffbench.descriptors.power_spectrum import (
    Basis,
    prefactor,
    radial_terms,
    solid_harmonics,
    spectra,
    tables,
)

__all__ = ["Block", "Derivatives", "derivatives"]

ATOMS = 180  # at a time: arrays of at most some 30 MB, whose memory the allocator reuses


@dataclass(frozen=True)
class Block:
    """∂p_i/∂r_j by neighbours j of one element, at the features that depend on this element.

    Attributes
    ----------
    source, target : (p,) tensors of int, the centre i and the neighbour j
    columns : (k,) tensor of int, the features
    rows : (p, 3, k) tensor, 1/Å; pairs are contiguous in memory
    """

    source: torch.Tensor
    target: torch.Tensor
    columns: torch.Tensor
    rows: torch.Tensor


@dataclass(frozen=True)
class Derivatives:
    """SOAP vectors of a frame's atoms, (n_atoms, n_features), and their derivatives by its positions.

    A centre moves with its atom: the derivative of a pair (i, j) also enters (i, i) with the opposite sign.
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
    """Yield the vectors and derivatives of every frame."""
    for part in _parts(frames):
        batch = build(part, basis.radius, device=device)
        c = density(batch, basis)
        yield from _by_frame(_blocks(batch, c, basis), spectra(c, basis), [len(a) for a in part])


def _parts(frames: Sequence[Atoms]) -> Iterator[list[Atoms]]:
    """Yield consecutive frames of at most `ATOMS` atoms together, or a larger frame alone."""
    part: list[Atoms] = []
    for atoms in frames:
        if part and sum(map(len, part)) + len(atoms) > ATOMS:
            yield part
            part = []
        part.append(atoms)
    if part:
        yield part


def _by_frame(blocks: Sequence[Block], values: torch.Tensor, sizes: list[int]) -> Iterator[Derivatives]:
    """Yield each frame's share of the blocks, a view since pairs are sorted by frame."""
    ends = torch.tensor([0, *sizes]).cumsum(0)
    cuts = [torch.searchsorted(b.source.contiguous(), ends.to(b.source.device)).tolist() for b in blocks]
    for i, (start, end) in enumerate(pairwise(ends.tolist())):
        here = [slice(*cut[i : i + 2]) for cut in cuts]
        parts = (
            Block(b.source[s] - start, b.target[s] - start, b.columns, b.rows[s])
            for b, s in zip(blocks, here, strict=True)
        )
        yield Derivatives(values[start:end], tuple(parts))


def _blocks(batch: Graph, c: torch.Tensor, basis: Basis) -> list[Block]:
    """∂p_nn'l/∂r_ij = π√(8/(2l+1)) Σ_m (∂c_nlm c_n'lm + c_nlm ∂c_n'lm), an element of neighbours at a time.

    With ∂c_nlm = f_nl ∇Y_lm + 2r f′_nl Y_lm (f of R², solid harmonics) the sum over m comes first; products
    of few numbers remain. There the pairs are the last index, so that processors compute several at once.
    """
    channel = basis.channels(batch.numbers[batch.target])
    order = torch.argsort(channel, stable=True)
    counts = torch.bincount(channel, minlength=len(basis.numbers)).tolist()
    r = batch.vectors[order]
    radial = [t.permute(1, 2, 0).contiguous() for t in radial_terms(r, basis)]  # (l, n_max, p)
    angular = _angular(r, batch, order, c, basis)
    blocks, first = [], 0
    for z, count in enumerate(counts):
        here = order[first : first + count]
        value, slope, across, along = (t[..., first : first + count] for t in (*radial, *angular))
        columns, rows = _rows((value, slope), (across, along), z, basis)
        blocks.append(Block(batch.source[here], batch.target[here], columns, rows))
        first += count
    return blocks


def _angular(
    r: torch.Tensor, batch: Graph, order: torch.Tensor, c: torch.Tensor, basis: Basis
) -> tuple[torch.Tensor, torch.Tensor]:
    """Σ_m ∇Y_lm c_n'lm and 2r Σ_m Y_lm c_n'lm of the pairs in `order`, both (3, l, n_channels, p).

    The neighbours of a centre, padded to the same number, meet its density in one product of matrices.
    """
    slot, width = _slots(batch)
    slot = slot[order]
    harmonics = solid_harmonics(r, basis)
    padded = r.new_zeros(len(c) * width, 4, harmonics.shape[1])
    padded[slot, :3] = (harmonics @ tables(basis, r).gradient).unflatten(1, (3, -1))
    padded[slot, 3] = harmonics
    padded = padded.view(len(c), 4 * width, harmonics.shape[1])
    summed = r.new_empty(4, basis.l_max + 1, basis.n_channels, len(r))
    for l, part in enumerate(basis.degrees):
        products = padded[..., part] @ (prefactor(l) * c[:, l, :, : 2 * l + 1].mT)
        summed[:, l] = products.view(-1, 4, basis.n_channels).index_select(0, slot).permute(1, 2, 0)
    return summed[:3], 2 * r.T[:, None, None] * summed[3]


def _slots(graph: Graph) -> tuple[torch.Tensor, int]:
    """Index of every pair when each atom has room for `width` neighbours, and that width."""
    counts = torch.bincount(graph.source, minlength=len(graph.numbers))
    width = int(counts.max()) if len(graph.source) else 0
    starts = torch.arange(len(counts), device=counts.device) * width - (counts.cumsum(0) - counts)
    return starts[graph.source] + torch.arange(len(graph.source), device=counts.device), width


def _rows(
    radial: tuple[torch.Tensor, torch.Tensor],
    angular: tuple[torch.Tensor, torch.Tensor],
    z: int,
    basis: Basis,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features with a channel of element z, (k,), and the rows of its neighbours, (p, 3, k)."""
    n, l, elements = basis.n_max, basis.l_max + 1, range(len(basis.numbers))
    pairs = [(a, b) for a in elements for b in elements[a:]]
    widths = [l * (n * n if a < b else n * (n + 1) // 2) for a, b in pairs]
    selected = [z in pair for pair in pairs]
    every = torch.arange(sum(widths), device=radial[0].device).split(widths)
    columns = torch.cat([c for c, keep in zip(every, selected, strict=True) if keep])
    rows = radial[0].new_empty(3, len(columns), radial[0].shape[-1])
    parts = rows.split([w for w, keep in zip(widths, selected, strict=True) if keep], dim=1)
    for (a, b), out in zip([pair for pair in pairs if z in pair], parts, strict=True):
        other = b if a == z else a
        across, along = (t[:, :, other * n : (other + 1) * n] for t in angular)
        if a == b:
            _fill_symmetric(out.unflatten(1, (l, -1)), radial, (across, along))
        else:
            full = out.unflatten(1, (l, n, n))
            _fill(full if a == z else full.transpose(2, 3), radial, (across, along))
    return columns, rows.permute(2, 0, 1)


def _fill(out: torch.Tensor, radial: tuple[torch.Tensor, ...], angular: tuple[torch.Tensor, ...]) -> None:
    """Multiply radial (l, n, p) with angular (3, l, n', p) factors into (3, l, n, n', p)."""
    (value, slope), (across, along) = (t[:, :, None] for t in radial), (t[:, :, None] for t in angular)
    torch.mul(value, across, out=out)
    out.addcmul_(slope, along)


def _fill_symmetric(
    out: torch.Tensor, radial: tuple[torch.Tensor, ...], angular: tuple[torch.Tensor, ...]
) -> None:
    """Add the product of `_fill` to its transpose of n and n', at n ≤ n' only: (3, l, n(n+1)/2, p)."""
    (value, slope), (across, along) = radial, angular
    n, first = value.shape[1], 0
    for i in range(n):
        row = out[:, :, first : first + n - i]
        torch.mul(value[:, i : i + 1], across[:, :, i:], out=row)
        row.addcmul_(slope[:, i : i + 1], along[:, :, i:])
        row.addcmul_(value[:, i:], across[:, :, i : i + 1])
        row.addcmul_(slope[:, i:], along[:, :, i : i + 1])
        first += n - i
