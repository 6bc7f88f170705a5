"""Properties of crystals by mlffbench, by matcalc and by phonopy alone, in turn, in one process.

It runs in matcalc's environment, where ours is imported from its folder: ASE, phonopy, NumPy and the
calculators are the same. A property is a function of a calculator and a crystal that is not at rest; it is
timed and returns a function that gives its numbers afterwards.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import BaseCalculator
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from ase.units import GPa

Settings = dict[str, Any]
Numbers = Callable[[], dict[str, Any]]
Property = Callable[[BaseCalculator, Atoms, Settings], Numbers]

STARTS: dict[str, Callable[[], Atoms]] = {  # two per cent too wide
    "copper, EMT": lambda: bulk("Cu", a=3.66),
    "silicon, Stillinger-Weber": lambda: bulk("Si", a=5.54),
    "argon, Lennard-Jones": lambda: bulk("Ar", "fcc", a=5.36),
}


def main(order: Settings) -> dict[str, Any]:
    """Numbers, seconds and calls of each crystal of ``order["meshes"]``, each property and each side."""
    sys.path.insert(0, order["mlffbench"])
    warnings.simplefilter("ignore")  # matcalc's about zero stresses, phonopy's about acoustic modes
    return {
        crystal: {
            name: _in_turn(sides, crystal, order | {"mesh": mesh, "rounds": order["rounds"][name]})
            for name, sides in SIDES.items()
        }
        for crystal, mesh in order["meshes"].items()
    }


def _in_turn(
    sides: Mapping[str, tuple[Property, Settings]], crystal: str, settings: Settings
) -> dict[str, Any]:
    """Run the sides in a random order in every round, after a warm-up round."""
    draw = np.random.default_rng(0)
    runs: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(1 + settings["rounds"]):
        for side in draw.permutation(list(sides)):
            property_, changes = sides[side]
            runs[side].append(_run(property_, crystal, settings | changes))
    return {side: _summary(timed[1:]) for side, timed in runs.items()}


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The last run with the medians of the seconds, and the wall seconds of every round."""
    middle = {key: median(run[key] for run in runs) for key in runs[0] if key.endswith("seconds")}
    return runs[-1] | middle | {"by_round": [run["seconds"] for run in runs]}


def _run(timed: Property, crystal: str, settings: Settings) -> dict[str, Any]:
    """Wall, processor and calculator seconds, the calculator's calls and their atoms, and the numbers."""
    calculator, atoms = _calculator(crystal), STARTS[crystal]()
    calls = _watched(calculator)
    gc.collect()  # garbage of another side
    start, cpu = perf_counter(), process_time()
    numbers = timed(calculator, atoms, settings)
    seconds, cpu_seconds = perf_counter() - start, process_time() - cpu
    sizes, inside = zip(*calls, strict=True)
    return {
        "seconds": seconds, "cpu_seconds": cpu_seconds, "calculator_seconds": sum(inside),
        "calls": len(calls), "atoms": sum(sizes), "numbers": numbers(),
    }  # fmt: skip


def _calculator(crystal: str) -> BaseCalculator:
    if crystal == "copper, EMT":
        from ase.calculators.emt import EMT

        return EMT()
    if crystal == "argon, Lennard-Jones":
        from ase.calculators.lj import LennardJones

        return LennardJones(epsilon=0.0104, sigma=3.4, rc=10.2, smooth=True)
    from matscipy.calculators.manybody import Manybody
    from matscipy.calculators.manybody.explicit_forms import stillinger_weber as forms

    return Manybody(**forms.StillingerWeber(forms.Stillinger_Weber_PRB_31_5262_Si))


def _watched(calculator: BaseCalculator) -> list[tuple[int, float]]:
    """List that receives the number of atoms and the seconds of every calculation from now on."""
    calls: list[tuple[int, float]] = []
    calculate = calculator.calculate

    def watched(atoms: Any = None, *args: Any, **keywords: Any) -> None:
        start = perf_counter()
        calculate(atoms, *args, **keywords)
        calls.append((len(atoms), perf_counter() - start))

    calculator.calculate = watched
    return calls


# ---------------------------------------------------------------- mlffbench
def our_lattice(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    from mlffbench.properties.relaxation import relaxed

    rest = relaxed(calculator, atoms, cell=True, fmax=settings["fmax"])
    return lambda: {"a": rest.cell.lengths()[0], "energy": rest.get_potential_energy() / len(rest)}


def our_eos(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    from mlffbench.properties.equation_of_state import equation_of_state

    n, span = settings["n_volumes"], settings["span"]
    curve = equation_of_state(calculator, atoms, span=span, n_volumes=n, fmax=settings["fmax"])
    return lambda: {"volume": curve.volume, "energy": curve.energy, "bulk_modulus": curve.bulk_modulus}


def our_elastic(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    from mlffbench.properties.elastic import elastic_constants

    elastic = elastic_constants(calculator, atoms, strain=settings["strain"], fmax=settings["fmax"])
    return lambda: _cubic(elastic.C)


def our_phonons(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    from mlffbench.properties.phonons import phonons
    from mlffbench.properties.relaxation import relaxed

    rest = relaxed(calculator, atoms, cell=True, fmax=settings["fmax"])
    keywords = {name: settings[name] for name in ("min_length", "displacement", "mesh")}
    spectrum = phonons(calculator, rest, n_path=len(settings["points"]), **keywords)

    def numbers() -> dict[str, Any]:
        np.testing.assert_allclose(spectrum.primitive.cell, rest.cell, atol=1e-6)  # the points' cell
        np.testing.assert_allclose(spectrum.path, settings["points"], atol=1e-6)
        return {"bands": spectrum.bands.tolist(), "max_frequency": float(spectrum.frequencies.max())}

    return numbers


# ---------------------------------------------------------------- matcalc
def _relaxing(settings: Settings) -> dict[str, Any]:
    return {"fmax": settings["fmax"], "relax_calc_kwargs": {"optimizer": settings["optimizer"]}}


def matcalc_lattice(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    from matcalc import RelaxCalc

    work = RelaxCalc(calculator, fmax=settings["fmax"], optimizer=settings["optimizer"])
    result = work.calc(atoms)
    return lambda: {"a": result["a"], "energy": result["energy"] / len(atoms)}


def matcalc_eos(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    """matcalc's strain is that of lengths; the cell keeps its shape, as on our side."""
    from matcalc import EOSCalc
    from pymatgen.analysis.eos import BirchMurnaghan

    strain, n = (1 + settings["span"]) ** (1 / 3) - 1, settings["n_volumes"]
    work = EOSCalc(
        calculator, max_abs_strain=strain, n_points=n, allow_shape_change=False, **_relaxing(settings)
    )
    result = work.calc(atoms)

    def numbers() -> dict[str, Any]:
        fit = BirchMurnaghan(**result["eos"])  # EOSCalc returns only the bulk modulus of its fit
        fit.fit()
        per_atom = {"volume": fit.v0 / len(atoms), "energy": fit.e0 / len(atoms)}
        return {**per_atom, "bulk_modulus": result["bulk_modulus_bm"]}

    return numbers


def matcalc_elastic(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    """matcalc's shear strain is half the engineering one; with clamped ions silicon's C44 is 117 GPa."""
    from matcalc import ElasticityCalc

    normal, shear = settings["strain"], settings["strain"] / 2
    work = ElasticityCalc(
        calculator, norm_strains=(-normal, normal), shear_strains=(-shear, shear),
        relax_deformed_structures=True, **_relaxing(settings),
    )  # fmt: skip
    result = work.calc(atoms)
    return lambda: _cubic(np.array(result["elastic_tensor"].voigt) / GPa)


def matcalc_phonons(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    """matcalc's mesh is fixed; the thermal properties, which it always computes, at one temperature only."""
    from matcalc import PhononCalc

    work = PhononCalc(
        calculator, atom_disp=settings["displacement"], supercell_matrix=np.diag(_repeats(atoms, settings)),
        t_min=300, t_max=300, t_step=10, write_phonon=False, **_relaxing(settings),
    )  # fmt: skip
    result = work.calc(atoms)

    def numbers() -> dict[str, Any]:
        phonon = result["phonon"]
        np.testing.assert_equal(phonon.mesh.mesh_numbers, settings["mesh"])
        phonon.run_qpoints(settings["points"])
        bands = phonon.get_qpoints_dict()["frequencies"]
        return {"bands": bands.tolist(), "max_frequency": float(result["frequencies"].max())}

    return numbers


# ---------------------------------------------------------------- phonopy alone
def phonopy_phonons(calculator: BaseCalculator, atoms: Atoms, settings: Settings) -> Numbers:
    """phonopy as in its documentation, after a relaxation as in ASE's documentation."""
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    atoms.calc = calculator
    BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=settings["fmax"])
    unit = PhonopyAtoms(atoms.symbols, cell=atoms.cell, scaled_positions=atoms.get_scaled_positions())
    phonon = Phonopy(unit, np.diag(_repeats(atoms, settings)), primitive_matrix="P")
    phonon.generate_displacements(distance=settings["displacement"])
    forces = []
    for cell in phonon.supercells_with_displacements:
        displaced = Atoms(cell.symbols, cell=cell.cell, scaled_positions=cell.scaled_positions, pbc=True)
        displaced.calc = calculator
        forces.append(displaced.get_forces())
    phonon.forces = forces
    phonon.produce_force_constants()
    phonon.symmetrize_force_constants()
    phonon.run_qpoints(settings["points"])
    phonon.run_mesh([settings["mesh"]] * 3, is_gamma_center=True)
    bands, mesh = phonon.get_qpoints_dict()["frequencies"], phonon.get_mesh_dict()["frequencies"]
    return lambda: {"bands": bands.tolist(), "max_frequency": float(mesh.max())}


# ---------------------------------------------------------------- all
def _cubic(c: np.ndarray) -> dict[str, float]:
    """C11, C12 and C44, GPa: means over the components that are equal by symmetry."""
    of = lambda rows, columns: float(np.mean([c[i, j] for i, j in zip(rows, columns, strict=True)]))
    return {"C11": of((0, 1, 2), (0, 1, 2)), "C12": of((0, 0, 1), (1, 2, 2)), "C44": of((3, 4, 5), (3, 4, 5))}


def _repeats(atoms: Atoms, settings: Settings) -> np.ndarray:
    """Repetitions as on our side: the fewest that make the supercell `min_length` wide between its faces."""
    widths = 1 / np.linalg.norm(atoms.cell.reciprocal(), axis=1)
    return np.ceil(settings["min_length"] / widths - 1e-6).astype(int)


FIRE = {"optimizer": "FIRE"}  # matcalc's default
SIDES: dict[str, dict[str, tuple[Property, Settings]]] = {
    "lattice": {
        "ours": (our_lattice, {}), "matcalc": (matcalc_lattice, {}), "matcalc, FIRE": (matcalc_lattice, FIRE),
    },
    "equation of state": {
        "ours": (our_eos, {}), "matcalc": (matcalc_eos, {}), "matcalc, FIRE": (matcalc_eos, FIRE),
    },
    "elastic constants": {
        "ours": (our_elastic, {}), "matcalc": (matcalc_elastic, {}), "matcalc, FIRE": (matcalc_elastic, FIRE),
    },
    "phonons": {
        "ours": (our_phonons, {}), "matcalc": (matcalc_phonons, {}), "phonopy": (phonopy_phonons, {}),
    },
}  # fmt: skip
