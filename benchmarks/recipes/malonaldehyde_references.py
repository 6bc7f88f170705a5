"""DFT references of the malonaldehyde set, at the settings of its labels.

    python benchmarks/recipes/malonaldehyde_references.py WORK

writes ``WORK/malonaldehyde_references.json`` anew after every item: the chelated enol at rest, the saddle of
its proton transfer, other conformers, and harmonic wavenumbers. Every single point is appended to
``WORK/points.jsonl`` as soon as it is computed, so that an interrupted run continues. About 90 points of 15 s
each on one slow core, twice that without the recipe's ``environment``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.constraints import FixConstraint
from ase.optimize import BFGS

from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.labelling.recipe import read_recipe
from mlffbench.properties.hessian import hessian
from mlffbench.properties.relaxation import relaxed
from mlffbench.properties.vibrations import vibrations
from mlffbench.registry import load

RECIPE = read_recipe(Path(__file__).with_name("malonaldehyde.yaml"))
SWAP = (4, 3, 2, 1, 0, 5, 8, 7, 6)  # exchanges the ends of the molecule
SAME = tuple(range(9))
PLANAR = [((1, 1, 1), SAME), ((1, 1, -1), SAME)]  # mirrors of x, y, z and the order of the atoms
C2V = [*PLANAR, ((-1, 1, 1), SWAP), ((-1, 1, -1), SWAP)]
IMAGES = list(product(product((1, -1), repeat=3), (SAME, SWAP)))  # operations that keep every energy
DISPLACEMENT = 0.01  # Å
SOFTEST = 0.2  # eV/Å², of the guessed Hessian of a relaxation


class Points(Calculator):
    """The labelling calculator with its single points on disk, valid for mirror images, too."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.known = [{k: np.array(v) for k, v in json.loads(line).items()} for line in lines]

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        if not self._take_known():
            self.known.append(self._compute())
            self._take_known()

    def _take_known(self) -> bool:
        """Take the results of a known point that is an image of this structure; False without one."""
        for signs, order in IMAGES:
            image = self.atoms.positions[list(order)] * signs
            for point in self.known:
                if np.abs(point["positions"] - image).max() < 1e-8:
                    forces = (point["forces"] * signs)[list(order)]  # SWAP is its own inverse
                    self.results.update(energy=float(point["energy"]), forces=forces)
                    return True
        return False

    def _compute(self) -> dict[str, Any]:
        spec = RECIPE.label_with.calculator
        atoms = Atoms(self.atoms.symbols, self.atoms.positions)
        atoms.calc = load("calculators", spec.name)(**spec.params)
        forces, energy = atoms.get_forces(), atoms.get_potential_energy()
        point = {"positions": atoms.positions, "energy": energy, "forces": forces}
        with self.file.open("a") as out:
            out.write(json.dumps({k: np.asarray(v).tolist() for k, v in point.items()}) + "\n")
        force = np.linalg.norm(forces, axis=1).max()
        print(len(self.known) + 1, f"{energy:.6f} eV, largest force {force:.4f} eV/Å", flush=True)
        return point


class Symmetric(FixConstraint):
    """Positions and forces averaged over the operations of a point group, about the origin."""

    def __init__(self, operations: list[Any]) -> None:
        self.operations = operations

    def adjust_positions(self, atoms: Atoms, new: np.ndarray) -> None:
        new[:] = self._mean(new)

    def adjust_forces(self, atoms: Atoms, forces: np.ndarray) -> None:
        forces[:] = self._mean(forces)

    def _mean(self, vectors: np.ndarray) -> np.ndarray:
        return np.mean([vectors[list(order)] * signs for signs, order in self.operations], axis=0)


# ---------------------------------------------------------------- structures
def cheap() -> Any:
    """The recipe's sampling calculator, for guesses of structures and Hessians."""
    return load("calculators", RECIPE.sample_with.name)(**RECIPE.sample_with.params)


def coolest() -> Atoms:
    """Frame of the proton transfer with the lowest energy, planar in xy."""
    data = malonaldehyde()
    path = np.flatnonzero(data.columns["group"] == "proton_transfer")
    frame = data.frames[path[np.argmin(data.labels.energy[path])]]
    return Atoms(frame.symbols, frame.positions)


def exchanged(atoms: Atoms) -> Atoms:
    """Mirror image with exchanged ends: the same structure with the hydroxyl at the other end."""
    image = atoms.copy()
    image.positions = atoms.positions[list(SWAP)] * (-1, 1, 1)
    image.calc = atoms.calc
    return image


def halfway(minimum: Atoms) -> Atoms:
    """Mean of the enol and of its image after the proton transfer."""
    atoms = minimum.copy()
    atoms.rotate(atoms.positions[4] - atoms.positions[0], "x")  # the oxygens
    atoms.positions[:, 0] -= atoms.positions[:, 0].mean()
    atoms.set_constraint(Symmetric(C2V))
    atoms.set_positions(atoms.positions)
    return atoms


def open_enol(minimum: Atoms) -> Atoms:
    """Enol with the hydroxyl rotated about C–O, away from the other oxygen."""
    atoms = minimum.copy()
    atoms.set_dihedral(2, 3, 4, 5, 180, indices=[5])
    return atoms


def s_trans_enol(minimum: Atoms) -> Atoms:
    """Enol with the aldehyde group rotated about the single bond between the carbons."""
    atoms = minimum.copy()
    atoms.set_dihedral(3, 2, 1, 0, 180, indices=[0, 6])
    return atoms


def dialdehyde(minimum: Atoms) -> Atoms:
    """Keto form: the hydroxyl's hydrogen on the middle carbon, both oxygens pointing outwards."""
    atoms = minimum.copy()
    atoms.set_constraint()
    atoms.positions[[5, 7]] = np.array([[0, -0.4, 1], [0, -0.4, -1]]) + atoms.positions[2]
    atoms.set_dihedral(3, 2, 1, 0, 130, indices=[0, 6])
    atoms.set_dihedral(1, 2, 3, 4, 230, indices=[4, 8])
    return atoms


CONFORMERS = {"open_enol": open_enol, "s_trans_enol": s_trans_enol, "keto_dialdehyde": dialdehyde}


# ---------------------------------------------------------------- references
def stationary_point(points: Points, atoms: Atoms, fmax: float) -> Atoms:
    """Relax to a stationary point by BFGS, from the cheap calculator's Hessian with positive curvatures."""
    atoms = atoms.copy()
    values, vectors = np.linalg.eigh(hessian(cheap(), atoms).symmetric)
    atoms.calc = points
    with BFGS(atoms, logfile=None) as optimizer:
        optimizer.H0 = (vectors * np.maximum(np.abs(values), SOFTEST)) @ vectors.T
        if not optimizer.run(fmax=fmax, steps=60):
            raise ValueError(f"{atoms.symbols} is not at rest after 60 steps")
    return atoms


def at_rest(atoms: Atoms) -> dict[str, Any]:
    """Energy, largest force and positions of a stationary point."""
    return {
        "energy_eV": atoms.get_potential_energy(),
        "largest_force_eV_per_A": float(
            np.linalg.norm(atoms.get_forces(apply_constraint=False), axis=1).max()
        ),
        "symbols": atoms.get_chemical_symbols(),
        "positions_A": atoms.positions.tolist(),
    }


def modes(points: Points, atoms: Atoms) -> dict[str, Any]:
    """Harmonic wavenumbers, and the asymmetry of the Hessian."""
    spectrum = vibrations(points, atoms, DISPLACEMENT)
    return {
        "wavenumbers_per_cm": spectrum.wavenumbers.tolist(),
        "hessian_asymmetry": spectrum.asymmetry,
        "displacement_A": DISPLACEMENT,
    }


def references(points: Points) -> Iterator[dict[str, Any]]:
    """Yield the references computed so far, after every item."""
    start = coolest()
    start.set_constraint(Symmetric(PLANAR))
    start.set_positions(start.positions)
    minimum = stationary_point(points, start, fmax=0.005)
    if minimum.get_distance(0, 5) < minimum.get_distance(4, 5):
        minimum = exchanged(minimum)  # atom 4 is the hydroxyl's, as in the recipe
    computed = {"minimum": at_rest(minimum)}
    yield computed
    saddle = stationary_point(points, halfway(minimum), fmax=0.005)
    computed["transfer_saddle"] = at_rest(saddle)
    energy = minimum.get_potential_energy()
    computed["transfer_saddle"]["barrier_eV"] = saddle.get_potential_energy() - energy
    yield computed
    computed["conformers"] = {}
    for name, build in CONFORMERS.items():
        conformer = stationary_point(points, relaxed(cheap(), build(minimum), fmax=0.002), fmax=0.02)
        above = conformer.get_potential_energy() - energy
        computed["conformers"][name] = {**at_rest(conformer), "above_minimum_eV": above}
        yield computed
    for name, atoms in {"minimum": minimum, "transfer_saddle": saddle}.items():
        computed[name].update(modes(points, atoms))
        yield computed


def main(work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    for computed in references(Points(work / "points.jsonl")):
        text = json.dumps({"references": computed}, indent=1)
        (work / "malonaldehyde_references.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
