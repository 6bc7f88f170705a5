"""A chain of four atoms whose torsion energy is known exactly."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from scipy.optimize import minimize_scalar


class Chain(Calculator):
    """Four atoms in a row: Morse potentials of bonds and of second neighbours, V(φ) of the torsion.

    At rest all distances have their own minima at any angle, so the energy there is V(φ) alone.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]
    pairs = np.array([[0, 1], [1, 2], [2, 3], [0, 2], [1, 3]])
    depth = np.array([4.0, 5.0, 4.0, 1.5, 1.5])  # eV
    width = np.array([2.0, 2.0, 2.0, 1.2, 1.2])  # 1/Å

    def __init__(self, bond: float = 1.4, second: float = 2.35, v1: float = -0.2, v3: float = 0.4) -> None:
        super().__init__()
        self.rest = np.array([bond, 1.5, bond, second, second])
        self.v1, self.v3 = v1, v3

    def torsion(self, degrees: Any) -> Any:
        """½ V₁ (1 + cos φ) + ½ V₃ (1 + cos 3φ), eV."""
        phi = np.radians(degrees)
        return (self.v1 * (1 + np.cos(phi)) + self.v3 * (1 + np.cos(3 * phi))) / 2

    def gauche(self) -> float:
        """The angle of the minimum next to 60 degrees."""
        return float(minimize_scalar(self.torsion, bounds=(30, 90), options={"xatol": 1e-9}).x)

    def energies(self, x: np.ndarray) -> np.ndarray:
        """Of structures (n, 4, 3), (n,) eV."""
        r = np.linalg.norm(x[:, self.pairs[:, 0]] - x[:, self.pairs[:, 1]], axis=-1)
        b = np.diff(x, axis=1)
        normals = np.cross(b[:, :2], b[:, 1:])
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        phi = np.degrees(np.arccos(np.clip((normals[:, 0] * normals[:, 1]).sum(axis=-1), -1, 1)))
        morse = self.depth * ((1 - np.exp(-self.width * (r - self.rest))) ** 2 - 1)
        return morse.sum(axis=1) + self.torsion(phi)

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        x, h = self.atoms.positions, 1e-5
        shifts = h * np.eye(12).reshape(12, 4, 3)
        up, down, here = np.split(self.energies(np.concatenate([x + shifts, x - shifts, x[None]])), [12, 24])
        self.results = {"energy": float(here[0]), "forces": (down - up).reshape(4, 3) / (2 * h)}


def chain(angle: float, calculator: Chain | None = None) -> Atoms:
    """The molecule of `Chain` at rest, but for the angle."""
    bond, middle, _, second, _ = (calculator or Chain()).rest
    cosine = (second**2 - bond**2 - middle**2) / (2 * bond * middle)  # of the angle past straight
    sine = np.sqrt(1 - cosine**2)
    phi = np.radians(angle)
    first = [-bond * cosine, bond * sine, 0]
    last = [middle + bond * cosine, bond * sine * np.cos(phi), bond * sine * np.sin(phi)]
    return Atoms("OCCO", [first, [0, 0, 0], [middle, 0, 0], last])
