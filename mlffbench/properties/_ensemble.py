"""Ensemble of structures that move together: the arrays of all their atoms, and both integrators."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms, units

__all__ = ["Ensemble", "Integrator", "Langevin", "VelocityVerlet", "energy_of_constraints"]

Forces = Callable[[], np.ndarray]  # of the present positions, (n, 3) eV/Å


class Ensemble:
    """Positions and momenta of all atoms, one structure after the other.

    The arrays of the structures are views of these: who moves one moves the other.

    Parameters
    ----------
    frames : list of Atoms
        Structures with momenta; their constraints hold.
    """

    def __init__(self, frames: Sequence[Atoms]) -> None:
        self.frames = list(frames)
        self.ends = np.cumsum([len(atoms) for atoms in frames])
        self.parts = [slice(end - len(atoms), end) for atoms, end in zip(frames, self.ends, strict=True)]
        self.positions = np.concatenate([atoms.positions for atoms in frames])
        self.momenta = np.concatenate([atoms.get_momenta() for atoms in frames])
        self.masses = np.concatenate([atoms.get_masses() for atoms in frames])[:, None]
        for atoms, part in zip(self.frames, self.parts, strict=True):
            atoms.arrays |= {"positions": self.positions[part], "momenta": self.momenta[part]}
        self.constrained = [(a, p) for a, p in zip(self.frames, self.parts, strict=True) if a.constraints]

    @property
    def kinetic(self) -> np.ndarray:
        """Kinetic energy of each structure, (n_frames,) eV."""
        energies = 0.5 * (self.momenta**2 / self.masses).sum(axis=1)
        return np.add.reduceat(energies, [part.start for part in self.parts])

    def move(self, positions: np.ndarray) -> None:
        """Set the positions; constraints hold."""
        before = [self.positions[part].copy() for _, part in self.constrained]
        self.positions[:] = positions
        for (atoms, part), old in zip(self.constrained, before, strict=True):
            self.positions[part] = old
            atoms.set_positions(positions[part])

    def push(self, momenta: np.ndarray) -> None:
        """Set the momenta; constraints hold."""
        self.momenta[:] = momenta
        for atoms, part in self.constrained:
            atoms.set_momenta(momenta[part])

    def constrain(self, forces: np.ndarray) -> np.ndarray:
        """Forces with those of constraints that are a potential (`Atoms.get_forces(md=True)`)."""
        for atoms, part in self.constrained:
            for constraint in atoms.constraints:
                if hasattr(constraint, "redistribute_forces_md"):
                    constraint.redistribute_forces_md(atoms, forces[part])
                if hasattr(constraint, "adjust_potential_energy"):
                    constraint.adjust_forces(atoms, forces[part])
        return forces

    def redistribute(self, random: np.ndarray) -> np.ndarray:
        """Random numbers of atoms, redistributed within rigid linear triatomic molecules."""
        for atoms, part in self.constrained:
            for constraint in atoms.constraints:
                if hasattr(constraint, "redistribute_forces_md"):
                    constraint.redistribute_forces_md(atoms, random[part], rand=True)
        return random


class VelocityVerlet:
    """Velocity Verlet; `timestep` in ASE's unit."""

    def __init__(self, timestep: float) -> None:
        self.timestep = timestep

    def random(self, states: Sequence[np.random.RandomState], sizes: Sequence[int], steps: int) -> np.ndarray:
        """Zeros in the shape of `Langevin.random`."""
        return np.broadcast_to(0.0, (steps, 2, sum(sizes), 3))

    def step(self, ensemble: Ensemble, forces: np.ndarray, random: np.ndarray, after: Forces) -> np.ndarray:
        """Move by one step; return the forces there."""
        dt, start = self.timestep, ensemble.positions.copy()
        momenta = ensemble.momenta + 0.5 * dt * forces
        ensemble.move(start + dt * momenta / ensemble.masses)
        for _, part in ensemble.constrained:  # RATTLE's first part
            moved = ensemble.positions[part] - start[part]
            momenta[part] = moved * ensemble.masses[part] / dt
        ensemble.momenta[:] = momenta
        forces = after()
        ensemble.push(momenta + 0.5 * dt * forces)
        return forces


class Langevin:
    """Langevin dynamics, eq. 23 of E. Vanden-Eijnden and G. Ciccotti, Chem. Phys. Lett. 429, 310 (2006).

    Operations and random numbers have the order of `ase.md.langevin.Langevin` without `fixcm`, so that equal
    seeds give equal trajectories. `timestep` and `friction` are in ASE's units, `temperature` in K.
    """

    def __init__(self, timestep: float, temperature: float, friction: float) -> None:
        self.timestep, self.friction = timestep, friction
        self.energy = units.kB * temperature

    def random(self, states: Sequence[np.random.RandomState], sizes: Sequence[int], steps: int) -> np.ndarray:
        """Normal random numbers (steps, 2, n, 3), those of each structure from its own stream."""
        drawn = [rng.standard_normal((steps, 2, n, 3)) for rng, n in zip(states, sizes, strict=True)]
        return np.concatenate(drawn, axis=2)

    def step(self, ensemble: Ensemble, forces: np.ndarray, random: np.ndarray, after: Forces) -> np.ndarray:
        """Move by one step with normal random numbers (2, n, 3); return the forces there."""
        dt, fr, m = self.timestep, self.friction, ensemble.masses
        sigma = np.sqrt(2 * self.energy * fr / m)
        c1, c2 = dt / 2 - dt * dt * fr / 8, dt * fr / 2 - dt * dt * fr * fr / 8
        c3, c5 = np.sqrt(dt) * sigma / 2 - dt**1.5 * fr * sigma / 8, dt**1.5 * sigma / (2 * np.sqrt(3))
        xi, eta = (ensemble.redistribute(part) for part in random)
        shift, kick = c5 * eta, c3 * xi - fr / 2 * c5 * eta
        v = ensemble.momenta / m
        v += c1 * forces / m - c2 * v + kick
        start = ensemble.positions.copy()
        ensemble.move(start + dt * v + shift)
        v = (ensemble.positions - start - shift) / dt  # after constraints
        forces = after()
        v += c1 * forces / m - c2 * v + kick
        ensemble.push(v * m)
        return forces


Integrator = VelocityVerlet | Langevin


def energy_of_constraints(atoms: Atoms) -> float:
    """Energy, eV, of those constraints that are a potential."""
    terms = [
        c.adjust_potential_energy(atoms) for c in atoms.constraints if hasattr(c, "adjust_potential_energy")
    ]
    return float(sum(terms))
