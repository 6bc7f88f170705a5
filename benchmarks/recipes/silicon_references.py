"""DFT references of the silicon set, at the settings of its labels: run under the Python that has GPAW.

    /usr/bin/python3 benchmarks/recipes/silicon_references.py WORK

writes ``WORK/silicon_references.json``, which the recipe adds to the card. Every single point is appended to
``WORK/points.jsonl`` as soon as it is computed, so that an interrupted run continues. Energies are free
energies (eV), stresses include the Pulay correction.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.eos import EquationOfState
from ase.optimize import BFGS
from ase.stress import voigt_6_to_full_3x3_strain
from ase.units import GPa

HERE = Path(__file__).parent
MESHES = {"diamond": (3, 3, 3), "beta_tin": (4, 4, 4), "vacancy": (1, 3, 3)}  # the last: 3×1×1 cells
SETTINGS = {"nbands": "125%", "eigensolver": "rmm-diis", "mixer": (0.5, 5, 1.0)}  # with gpaw.py's defaults
RATIO = 0.552  # c/a of beta-tin silicon
FMAX = 0.02  # eV/Å


def calculator(kpts: tuple[int, int, int], **more: Any) -> Any:
    """The labelling calculator, loaded as a file: this Python need not have mlffbench's packages."""
    file = HERE.parents[1] / "mlffbench" / "labelling" / "calculators" / "gpaw.py"
    spec = spec_from_file_location("labels_gpaw", file)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.GPAW(kpts=kpts, **{**SETTINGS, **more})


class Points:
    """Single points by name, each on disk as soon as it is computed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.known = {p["name"]: p for p in map(json.loads, lines)}

    def __call__(self, name: str, atoms: Atoms, kpts: tuple[int, int, int]) -> dict[str, Any]:
        if name not in self.known:
            atoms = atoms.copy()
            atoms.calc = calculator(kpts)
            point = {
                "name": name,
                "energy": atoms.get_potential_energy(force_consistent=True),
                "forces": atoms.get_forces().tolist(),
                "stress": atoms.get_stress().tolist(),
            }
            self._store(point)
        return self.known[name]

    def _store(self, point: dict[str, Any]) -> None:
        self.known[point["name"]] = point
        with self.file.open("a") as out:
            out.write(json.dumps(point) + "\n")
        print(point["name"], f"{point['energy']:.6f} eV", flush=True)

    def relaxed(self, name: str, atoms: Atoms, kpts: tuple[int, int, int]) -> dict[str, Any]:
        """A point with the ions relaxed in a fixed cell."""
        if name not in self.known:
            atoms = atoms.copy()
            atoms.calc = calculator(kpts)
            BFGS(atoms, logfile=None).run(fmax=FMAX, steps=60)
            energy = atoms.get_potential_energy(force_consistent=True)
            arrays = {
                "forces": atoms.get_forces(),
                "stress": atoms.get_stress(),
                "positions": atoms.positions,
            }
            self._store({"name": name, "energy": energy, **{k: v.tolist() for k, v in arrays.items()}})
        return self.known[name]


# ---------------------------------------------------------------- structures
def diamond(a: float) -> Atoms:
    return bulk("Si", "diamond", a=a, cubic=True)


def beta_tin(volume: float) -> Atoms:
    """Beta-tin silicon, eight atoms, 1×1×2 of the tetragonal cell; `volume` in Å³ per atom."""
    a = (4 * volume / RATIO) ** (1 / 3)
    scaled = [(0, 0, 0), (0.5, 0.5, 0.5), (0, 0.5, 0.25), (0.5, 0, 0.75)]
    return Atoms("Si4", scaled_positions=scaled, cell=[a, a, RATIO * a], pbc=True).repeat((1, 1, 2))


def strained(atoms: Atoms, voigt: int, amount: float) -> Atoms:
    """Copy under one engineering strain, in Voigt order xx yy zz yz xz xy."""
    out = atoms.copy()
    out.set_cell(atoms.cell @ voigt_6_to_full_3x3_strain(amount * np.eye(6)[voigt]), scale_atoms=True)
    return out


# ---------------------------------------------------------------- references
def equation_of_state(points: Points, phase: str, build: Callable[[float], Atoms], sizes: np.ndarray) -> dict:
    """Birch–Murnaghan fit to energies of the perfect crystal; `sizes` are the arguments of `build`."""
    cells = [build(s) for s in sizes]
    volumes = [c.get_volume() / len(c) for c in cells]
    energies = [
        points(f"eos {phase} {s:.4f}", c, MESHES[phase])["energy"] / len(c)
        for s, c in zip(sizes, cells, strict=True)
    ]
    v0, e0, bulk_modulus = EquationOfState(volumes, energies, eos="birchmurnaghan").fit()
    return {
        "volume_A3_per_atom": v0,
        "energy_eV_per_atom": e0,
        "bulk_modulus_GPa": bulk_modulus / GPa,
        "volumes_A3_per_atom": volumes,
        "energies_eV_per_atom": energies,
    }


def elastic(points: Points, a: float) -> dict[str, float]:
    """C = Δσ/Δε by central differences of the stress, in GPa; C44 also with relaxed ions."""
    cell, mesh = diamond(a), MESHES["diamond"]

    def slope(kind: str, run: Callable[..., dict[str, Any]], voigt: int, size: float) -> np.ndarray:
        ends = [
            np.array(run(f"{kind} strain {voigt} {e:+}", strained(cell, voigt, e), mesh)["stress"])
            for e in (size, -size)
        ]
        return (ends[0] - ends[1]) / (2 * size * GPa)

    axial = slope("clamped", points, 0, 0.005)
    clamped = slope("clamped", points, 3, 0.01)
    relaxed = slope("relaxed", points.relaxed, 3, 0.01)
    return {"C11": axial[0], "C12": axial[1], "C44": relaxed[3], "C44_clamped_ion": clamped[3]}


def vacancy(points: Points, a: float) -> dict[str, Any]:
    """E_f = E(23 atoms) − 23/24 E(24 atoms), unrelaxed, with the cell and k points of the labels."""
    perfect = diamond(a).repeat((3, 1, 1))
    defect = perfect.copy()
    del defect[0]
    bulk_energy = points("vacancy perfect", perfect, MESHES["vacancy"])["energy"]
    defect_energy = points("vacancy unrelaxed", defect, MESHES["vacancy"])["energy"]
    return {
        "unrelaxed_formation_energy_eV": defect_energy - 23 / 24 * bulk_energy,
        "n_atoms": 23,
        "cell": "3×1×1 of the cubic cell, atom 0 removed",
    }


def checks(points: Points, a: float, volume: float) -> dict[str, Any]:
    """Compare forces and stresses with central differences of the energy."""
    rng = np.random.default_rng(7)
    compared = {}
    for phase, cell in {"diamond": diamond(a), "beta_tin": beta_tin(volume)}.items():
        deformation = rng.uniform(-0.02, 0.02, (3, 3))
        cell.set_cell(cell.cell @ (np.eye(3) + (deformation + deformation.T) / 2), scale_atoms=True)
        cell.positions += rng.normal(scale=0.05, size=cell.positions.shape)
        voigts = range(6) if phase == "diamond" else (0, 3)
        compared[phase] = _against_differences(points, phase, cell, voigts)
    return compared


def _against_differences(points: Points, phase: str, cell: Atoms, voigts: Any) -> dict[str, Any]:
    mesh, step, shift = MESHES[phase], 0.004, 0.02
    energy = lambda name, atoms: points(f"check {phase} {name}", atoms, mesh)["energy"]
    here = points(f"check {phase}", cell, mesh)
    differences = {
        v: (
            energy(f"strain {v} +", strained(cell, v, step))
            - energy(f"strain {v} -", strained(cell, v, -step))
        )
        / (2 * step * cell.get_volume() * GPa)
        for v in voigts
    }
    moved = []
    for sign in (1, -1):
        atoms = cell.copy()
        atoms.positions[0, 0] += sign * shift
        moved.append(energy(f"shift {sign:+}", atoms))
    return {
        "stress_GPa": {v: here["stress"][v] / GPa for v in voigts},
        "stress_by_differences_GPa": differences,
        "force_eV_per_A": here["forces"][0][0],
        "force_by_differences_eV_per_A": -(moved[0] - moved[1]) / (2 * shift),
    }


def main(work: Path) -> None:
    work.mkdir(parents=True, exist_ok=True)
    points = Points(work / "points.jsonl")
    dia = equation_of_state(points, "diamond", diamond, 5.47 * np.linspace(0.95, 1.05, 9))
    a = (8 * dia["volume_A3_per_atom"]) ** (1 / 3)
    dia["lattice_constant_A"] = a
    tin = equation_of_state(points, "beta_tin", beta_tin, np.linspace(12.5, 17.5, 6))
    tin["c_over_a"] = RATIO
    references = {
        "diamond": dia,
        "beta_tin": tin,
        "beta_tin_minus_diamond_eV_per_atom": tin["energy_eV_per_atom"] - dia["energy_eV_per_atom"],
        "elastic_constants_GPa": elastic(points, a),
        "vacancy": vacancy(points, a),
        "checks": checks(points, a, tin["volume_A3_per_atom"]),
    }
    text = json.dumps({"references": references}, indent=1)
    (work / "silicon_references.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
