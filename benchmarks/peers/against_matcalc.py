"""Lattice, equation of state, elastic constants and phonons of three crystals by us, matcalc and phonopy.

    python benchmarks/peers/against_matcalc.py [--quick]

Copper by ASE's EMT, silicon by the Stillinger–Weber potential, argon by Lennard-Jones, each from a primitive
cell two per cent too wide: a property includes its relaxation. All sides run in turn in one process of
matcalc's environment, with our versions of the shared packages, on one thread. The ratio of two sides is the
geometric mean over crystals and rounds; the two runs of a round lie within seconds of each other. Most of the
time for phonons is phonopy's search for symmetry on every side: there the ratio is near one, and a run varies
by 15 % on a shared machine, hence the many rounds.

Both sides have the same value of every setting that changes the numbers: the largest force left (FMAX: at
1e-3 eV/Å argon's constants are not converged), strains of ±0.5 % with relaxed ions (matcalc's own ±6 % of
shear is not linear, and by default it clamps the ions), nine volumes of ±6 % in one shape, supercells,
displacements and the mesh, which matcalc fixes. Its optimiser is FIRE by default; here it also runs with
ours, BFGS. phonopy alone does the same work as ours, so that claim allows for noise.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import numpy as np
from _peer import Claim, at_most, publish, python_of, run
from ase.build import bulk

OURS = Path(__file__).parents[2]
MATCALC = "matcalc==0.7.0"
SHARED = ("ase", "numpy", "scipy", "spglib", "phonopy", "matscipy")
MESHES = {"copper, EMT": 48, "silicon, Stillinger-Weber": 32, "argon, Lennard-Jones": 33}  # as matcalc has
FMAX = 1e-4  # eV/Å
SETTINGS = {"fmax": FMAX, "optimizer": "BFGS", "n_volumes": 9, "span": 0.06, "strain": 5e-3,
            "min_length": 12.0, "displacement": 0.01}  # fmt: skip
N_PATH = 101
ROUNDS = {"lattice": 5, "equation of state": 5, "elastic constants": 5, "phonons": 21}
NOISE = 1.05

Table = dict[str, dict[str, dict[str, Any]]]  # of crystal, property and side


def main(quick: bool) -> None:
    shared = [f"{name}=={version(name)}" for name in SHARED]
    python = python_of("matcalc", MATCALC, *shared)
    os.environ["RAYON_NUM_THREADS"] = "1"  # of phonopy
    points = bulk("Cu").cell.bandpath(npoints=N_PATH).kpts.tolist()  # of every fcc lattice
    rounds = dict.fromkeys(ROUNDS, 1) if quick else ROUNDS
    order = {**SETTINGS, "meshes": MESHES, "points": points, "rounds": rounds}
    table = run(python, "solids", order | {"mlffbench": str(OURS)}, threads=1)
    peak = table.pop("peak_memory_mb")
    for properties in table.values():
        for sides in properties.values():
            _compare(sides)
    _show(table)
    numbers = {
        "table": table, "meshes": MESHES, "n_path": N_PATH, "rounds": rounds, "threads": 1,
        "peak_memory_mb": peak,
    }  # fmt: skip
    if not quick:
        publish("matcalc", _claims(table), numbers | SETTINGS | {"versions": [MATCALC, *shared]})


def _compare(sides: dict[str, Any]) -> None:
    """Add each other side's largest difference from ours, %, and the ratio of seconds; drop the bands."""
    ours = sides["ours"]
    bands = {name: np.array(side["numbers"].pop("bands", 0.0)) for name, side in sides.items()}
    for name, side in sides.items():
        if name != "ours":
            pairs = ((value, ours["numbers"][key]) for key, value in side["numbers"].items())
            values = [abs(mine / value - 1) for value, mine in pairs]
            frequencies = np.abs(bands[name] - bands["ours"]).max() / max(bands[name].max(), 1e-9)
            side["apart_percent"] = 100 * float(max(*values, frequencies))
            side["ours_over_its_seconds"] = geometric_mean(_ratios(sides, name))


def _show(table: Table) -> None:
    for crystal, properties in table.items():
        for what, sides in properties.items():
            for name, side in sides.items():
                numbers = ", ".join(f"{key} {value:.6g}" for key, value in side["numbers"].items())
                times = " ".join(f"{side[k]:7.3f}" for k in ("seconds", "cpu_seconds", "calculator_seconds"))
                ratio, apart = side.get("ours_over_its_seconds", 1), side.get("apart_percent", 0)
                print(
                    f"{crystal:26} {what:18} {name:14} {times} s, {side['calls']:3} calls, "
                    f"ours {ratio:5.2f} of it, {apart:7.4f} % apart: {numbers}"
                )


def _claims(table: Table) -> list[Claim]:
    claims = []
    for what in next(iter(table.values())):
        crystals = [properties[what] for properties in table.values()]
        for name in [side for side in crystals[0] if side != "ours"]:
            ratio = geometric_mean(r for sides in crystals for r in _ratios(sides, name))
            apart = max(sides[name]["apart_percent"] for sides in crystals)
            noise = NOISE if name == "phonopy" else 1.0
            claims += [
                at_most(f"{what}, the most apart from {name}", apart, 1.0, "%"),
                at_most(f"{what}, seconds, ours over {name}", ratio, noise, "x"),
            ]
    return claims


def _ratios(sides: dict[str, Any], name: str) -> list[float]:
    """Ratio of our seconds to the other side's in every round."""
    return [mine / its for mine, its in zip(sides["ours"]["by_round"], sides[name]["by_round"], strict=True)]


if __name__ == "__main__":
    main("--quick" in sys.argv)
