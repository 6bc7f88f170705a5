"""The terms of a GAFF-form force field, linear in their coefficients: E = Σ_terms Σ_m coefficient_m φ_m."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import torch
from ase import units

from mlffbench.descriptors.graph import Graph
from mlffbench.descriptors.quintic import quintic, switched_off

__all__ = ["COULOMB", "UNIT", "Batch", "Sharing", "Terms", "basis", "energies"]

COULOMB = units.Hartree * units.Bohr  # e²/4πε0, eV Å
UNIT = 3.0  # Å, of the distances in the Lennard-Jones columns
TINY = 1e-12

Basis = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Terms:
    """All terms of one kind in a batch.

    Attributes
    ----------
    atoms : (t, m) int, numbers in the batch's graph
    shifts : (t, m, 3) their cells
    state : (t,) int
    index : (t,) int, the row of coefficients
    rest : (t,) the value at rest of bonds (Å) and angles (rad)
    scale : (t,) 1, or what a 1-4 pair is scaled by
    """

    atoms: torch.Tensor
    shifts: torch.Tensor
    state: torch.Tensor
    index: torch.Tensor
    rest: torch.Tensor
    scale: torch.Tensor


@dataclass(frozen=True)
class Sharing:
    """Undecided hydrogens of every state: H, its partner here, its other partner; `present` is 0 to pad."""

    atoms: torch.Tensor  # (n_states, k, 3)
    shifts: torch.Tensor  # (n_states, k, 3, 3)
    radii: torch.Tensor  # (n_states, k, 2) sums of covalent radii, Å
    present: torch.Tensor  # (n_states, k)
    width: float

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Π_H f(r_here/R_here − r_there/R_there), with f from 1 at −width to 0 at width; they add to 1."""
        r = torch.linalg.vector_norm(x[:, :, 1:] - x[:, :, :1], dim=-1) / self.radii
        share = quintic((r[..., 0] - r[..., 1]) / (2 * self.width) + 0.5)
        return torch.where(self.present > 0, share, 1.0).prod(dim=1)


@dataclass(frozen=True)
class Batch:
    """Frames with all their terms; `frame` (n_states,) is the frame of each bonding state."""

    graph: Graph
    frame: torch.Tensor
    sharing: Sharing
    terms: Mapping[str, Terms]


def images(graph: Graph, atoms: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """Where the atoms' images are, (..., 3)."""
    cells = graph.cells[graph.frame[atoms]]
    return graph.positions[atoms] + torch.einsum("...i,...ij->...j", shifts, cells)


def energies(batch: Batch, tables: Mapping[str, torch.Tensor], forms: Mapping[str, Basis]) -> Callable:
    """Graph -> (n_frames,) energies, as `graph.with_forces` wants it."""

    def energy(graph: Graph) -> torch.Tensor:
        states = graph.positions.new_zeros(len(batch.frame))
        present = {kind: terms for kind, terms in batch.terms.items() if len(terms.state)}
        for kind, terms in present.items():
            x = images(graph, terms.atoms, terms.shifts)
            values = (forms[kind](x, terms.rest) * tables[kind][terms.index]).sum(1) * terms.scale
            states = states.index_add(0, terms.state, values)
        sharing = batch.sharing
        weights = sharing.weights(images(graph, sharing.atoms, sharing.shifts))
        return states.new_zeros(graph.n_frames).index_add(0, batch.frame, weights * states)

    return energy


def basis(cutoff: float, periodicities: Sequence[int]) -> dict[str, Basis]:
    """φ of every kind of term: (t, m, 3) images and values at rest -> (t, columns)."""
    return {
        "bonds": partial(harmonic, coordinate=length),
        "angles": partial(harmonic, coordinate=angle),
        "torsions": partial(cosines, periodicities=tuple(periodicities)),
        "impropers": improper,
        "vdw": partial(lennard_jones, cutoff=cutoff),
        "charges": partial(coulomb, cutoff=cutoff),
        "offsets": constant,
    }


def harmonic(
    x: torch.Tensor, rest: torch.Tensor, coordinate: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """u², u, 1 with u = q − rest: k (q − q0)² is (k, −2kd, kd²) on them, d = q0 − rest."""
    u = coordinate(x) - rest
    return torch.stack([u**2, u, torch.ones_like(u)], dim=1)


def length(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.vector_norm(x[:, 1] - x[:, 0], dim=1)


def angle(x: torch.Tensor) -> torch.Tensor:
    """Between x0 − x1 and x2 − x1, radians; well-behaved up to π."""
    a, b = x[:, 0] - x[:, 1], x[:, 2] - x[:, 1]
    sine = torch.linalg.vector_norm(torch.linalg.cross(a, b, dim=1), dim=1)
    return torch.atan2(sine, (a * b).sum(1))


def cosine(x: torch.Tensor) -> torch.Tensor:
    """cos φ of the torsion about x1–x2: 1 for cis, −1 for trans."""
    first, axis, last = x[:, 1] - x[:, 0], x[:, 2] - x[:, 1], x[:, 3] - x[:, 2]
    m, n = torch.linalg.cross(first, axis, dim=1), torch.linalg.cross(axis, last, dim=1)
    return (m * n).sum(1) / torch.sqrt((m * m).sum(1) * (n * n).sum(1) + TINY)


def cosines(x: torch.Tensor, rest: torch.Tensor, periodicities: tuple[int, ...]) -> torch.Tensor:
    """½ cos nφ, by Chebyshev polynomials of cos φ."""
    c = cosine(x)
    chebyshev = [torch.ones_like(c), c]
    for _ in range(max(periodicities) - 1):
        chebyshev.append(2 * c * chebyshev[-1] - chebyshev[-2])
    return torch.stack([chebyshev[n] / 2 for n in periodicities], dim=1)


def improper(x: torch.Tensor, rest: torch.Tensor) -> torch.Tensor:
    """½ (1 − cos 2φ) = sin² φ of a centre x0 and its neighbours, the mean over their six orders."""
    orders = [[a, b, 0, c] for a, b, c in permutations((1, 2, 3))]
    squares = cosine(x[:, orders].flatten(0, 1)).square().reshape(-1, 6)
    return 1 - squares.mean(1, keepdim=True)


def lennard_jones(x: torch.Tensor, rest: torch.Tensor, cutoff: float) -> torch.Tensor:
    """ρ⁻¹², −2ρ⁻⁶ with ρ = r/3 Å, switched off between 0.8 and 1 cutoff with two continuous derivatives."""
    r = length(x)
    switch = switched_off(r / cutoff)
    sixth = (UNIT / r) ** 6
    return torch.stack([sixth**2 * switch, -2 * sixth * switch], dim=1)


def coulomb(x: torch.Tensor, rest: torch.Tensor, cutoff: float) -> torch.Tensor:
    """1/r shifted so that energy and force vanish at the cutoff."""
    r = length(x)
    return (COULOMB * (1 / r - 1 / cutoff + (r - cutoff) / cutoff**2))[:, None]


def constant(x: torch.Tensor, rest: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(x[:, 0, :1])
