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

__all__ = [
    "COULOMB",
    "UNIT",
    "Basis",
    "Batch",
    "SharedHydrogens",
    "Terms",
    "angle",
    "basis",
    "energies",
    "images",
    "length",
]

COULOMB = units.Hartree * units.Bohr  # e²/4πε0, eV Å
UNIT = 3.0  # Å, of the distances in the Lennard-Jones columns
TINY = 1e-12

Basis = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # images, equilibrium values -> columns φ_m


@dataclass(frozen=True)
class Terms:
    """Terms of one kind (bonds, angles, ...) in a batch.

    Attributes
    ----------
    atoms : (t, m) int, indices in the batch's graph
    shifts : (t, m, 3) their cells
    state : (t,) int, the bonding state
    index : (t,) int, the row of coefficients
    equilibrium : (t,) equilibrium values of bonds (Å) and angles (rad)
    scale : (t,) 1, or the factor of a 1-4 pair
    """

    atoms: torch.Tensor
    shifts: torch.Tensor
    state: torch.Tensor
    index: torch.Tensor
    equilibrium: torch.Tensor
    scale: torch.Tensor


@dataclass(frozen=True)
class SharedHydrogens:
    """Shared hydrogens of every state: H, its partner in this state, its other partner; padded."""

    atoms: torch.Tensor  # (n_states, k, 3)
    shifts: torch.Tensor  # (n_states, k, 3, 3)
    radii: torch.Tensor  # (n_states, k, 2) sums of covalent radii, Å
    present: torch.Tensor  # (n_states, k) 1, or 0 for padding
    width: float

    def weights(self, x: torch.Tensor) -> torch.Tensor:
        """Weights of the states: Π_H f(r_here/R_here − r_there/R_there), f from 1 at −width to 0 at width.

        The weights of a frame's states add to 1.
        """
        r = torch.linalg.vector_norm(x[:, :, 1:] - x[:, :, :1], dim=-1) / self.radii
        share = quintic((r[..., 0] - r[..., 1]) / (2 * self.width) + 0.5)
        return torch.where(self.present > 0, share, 1.0).prod(dim=1)


@dataclass(frozen=True)
class Batch:
    """A graph of frames with all their terms; `frame` (n_states,) is the frame of each bonding state."""

    graph: Graph
    frame: torch.Tensor
    shared: SharedHydrogens
    terms: Mapping[str, Terms]


def images(graph: Graph, atoms: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """Positions of the atoms' periodic images, (..., 3) Å."""
    cells = graph.cells[graph.frame[atoms]]
    return graph.positions[atoms] + torch.einsum("...i,...ij->...j", shifts, cells)


def energies(batch: Batch, tables: Mapping[str, torch.Tensor], forms: Mapping[str, Basis]) -> Callable:
    """Function from a graph to the energies of its frames, (n_frames,) eV, for `graph.with_forces`."""

    def energy(graph: Graph) -> torch.Tensor:
        states = graph.positions.new_zeros(len(batch.frame))
        present = {kind: terms for kind, terms in batch.terms.items() if len(terms.state)}
        for kind, terms in present.items():
            x = images(graph, terms.atoms, terms.shifts)
            values = (forms[kind](x, terms.equilibrium) * tables[kind][terms.index]).sum(1) * terms.scale
            states = states.index_add(0, terms.state, values)
        shared = batch.shared
        weights = shared.weights(images(graph, shared.atoms, shared.shifts))
        return states.new_zeros(graph.n_frames).index_add(0, batch.frame, weights * states)

    return energy


def basis(cutoff: float, periodicities: Sequence[int]) -> dict[str, Basis]:
    """Functions φ of every kind of term: images (t, m, 3) and equilibrium values (t,) -> (t, columns)."""
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
    x: torch.Tensor, equilibrium: torch.Tensor, coordinate: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Columns u², u, 1 with u = q − q_eq: k (q − q0)² has the coefficients (k, −2kd, kd²), d = q0 − q_eq."""
    u = coordinate(x) - equilibrium
    return torch.stack([u**2, u, torch.ones_like(u)], dim=1)


def length(x: torch.Tensor) -> torch.Tensor:
    """Distance of x1 from x0, Å."""
    return torch.linalg.vector_norm(x[:, 1] - x[:, 0], dim=1)


def angle(x: torch.Tensor) -> torch.Tensor:
    """Angle between x0 − x1 and x2 − x1, radians; differentiable up to π."""
    a, b = x[:, 0] - x[:, 1], x[:, 2] - x[:, 1]
    sine = torch.linalg.vector_norm(torch.linalg.cross(a, b, dim=1), dim=1)
    return torch.atan2(sine, (a * b).sum(1))


def cosine(x: torch.Tensor) -> torch.Tensor:
    """Cosine of the torsion angle φ about x1–x2: 1 for cis, −1 for trans."""
    first, axis, last = x[:, 1] - x[:, 0], x[:, 2] - x[:, 1], x[:, 3] - x[:, 2]
    m, n = torch.linalg.cross(first, axis, dim=1), torch.linalg.cross(axis, last, dim=1)
    return (m * n).sum(1) / torch.sqrt((m * m).sum(1) * (n * n).sum(1) + TINY)


def cosines(x: torch.Tensor, equilibrium: torch.Tensor, periodicities: tuple[int, ...]) -> torch.Tensor:
    """Columns ½ cos nφ, as Chebyshev polynomials of cos φ."""
    c = cosine(x)
    chebyshev = [torch.ones_like(c), c]
    for _ in range(max(periodicities) - 1):
        chebyshev.append(2 * c * chebyshev[-1] - chebyshev[-2])
    return torch.stack([chebyshev[n] / 2 for n in periodicities], dim=1)


def improper(x: torch.Tensor, equilibrium: torch.Tensor) -> torch.Tensor:
    """Column ½ (1 − cos 2φ) = sin² φ of a centre x0, averaged over the six orders of its three neighbours."""
    orders = [[a, b, 0, c] for a, b, c in permutations((1, 2, 3))]
    squares = cosine(x[:, orders].flatten(0, 1)).square().reshape(-1, 6)
    return 1 - squares.mean(1, keepdim=True)


def lennard_jones(x: torch.Tensor, equilibrium: torch.Tensor, cutoff: float) -> torch.Tensor:
    """Columns ρ⁻¹², −2ρ⁻⁶, ρ = r/3 Å; the switch from 0.8 to 1 cutoff has two continuous derivatives."""
    r = length(x)
    switch = switched_off(r / cutoff)
    sixth = (UNIT / r) ** 6
    return torch.stack([sixth**2 * switch, -2 * sixth * switch], dim=1)


def coulomb(x: torch.Tensor, equilibrium: torch.Tensor, cutoff: float) -> torch.Tensor:
    """Column e²/4πε0 (1/r − 1/r_c + (r − r_c)/r_c²): energy and force vanish at the cutoff r_c."""
    r = length(x)
    return (COULOMB * (1 / r - 1 / cutoff + (r - cutoff) / cutoff**2))[:, None]


def constant(x: torch.Tensor, equilibrium: torch.Tensor) -> torch.Tensor:
    """Column of ones: the energy of an atom by its type."""
    return torch.ones_like(x[:, 0, :1])
