"""One worker: reads orders as lines of JSON, writes labels as lines of JSON.

Run as a file by any Python that has ASE and the program that labels; mlffbench need not be installed there.
An order is ``{"calculator": name, "params": {}, "atoms": {...}}``; an answer holds the label, or ``error``
with its kind: ``not converged``, ``not installed``, ``unsupported input`` or ``error``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculatorError, PropertyNotImplementedError, SCFError
from ase.stress import full_3x3_to_voigt_6_stress

__all__ = ["label"]


def label(order):
    """The label of an order, or what went wrong.

    Returns
    -------
    dict
        ``energy`` (eV), ``forces`` (eV/Å), ``stress`` (eV/Å³, Voigt) or None, ``seconds``; or ``error``.
    """
    start = time.perf_counter()
    try:
        atoms = Atoms(**order["atoms"])
        atoms.calc = _calculator(order["calculator"])(**order["params"])
        found = _labels(atoms)
    except Exception as error:
        found = {"error": {"kind": _kind(error), "message": f"{type(error).__name__}: {error}"}}
    return {**found, "seconds": round(time.perf_counter() - start, 3)}


def _calculator(name):
    """The function of that name beside this file, or anybody's ``package.module:Name``."""
    if ":" in name:
        module, _, attribute = name.partition(":")
        return getattr(import_module(module), attribute)
    file = Path(__file__).parent / "calculators" / f"{name}.py"
    spec = spec_from_file_location(f"mlffbench_calculator_{name}", file)
    if spec is None or spec.loader is None:
        raise LookupError(f"no calculator {name!r}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, module.__all__[0])


def _labels(atoms):
    """Energy, forces and stress; the energy is the one whose derivative the forces are."""
    forces = atoms.get_forces()
    try:
        energy = atoms.get_potential_energy(force_consistent=True)
    except PropertyNotImplementedError:
        energy = atoms.get_potential_energy()
    stress = None
    if atoms.pbc.all():
        try:
            stress = np.asarray(atoms.get_stress(voigt=False))
            stress = full_3x3_to_voigt_6_stress(stress).tolist()
        except (PropertyNotImplementedError, NotImplementedError):
            stress = None
    if not (np.isfinite(energy) and np.isfinite(forces).all()):
        raise SCFError("the energy or a force is not finite")
    return {"energy": float(energy), "forces": np.asarray(forces).tolist(), "stress": stress}


def _kind(error):
    if isinstance(error, CalculatorError) or "converge" in str(error).lower():
        return "not converged"
    if isinstance(error, ImportError):
        return "not installed"
    return "unsupported input" if isinstance(error, (ValueError, TypeError, LookupError)) else "error"


def _receive(orders):
    """Lines of standard input; when it closes, nobody waits for us any more."""
    for line in sys.stdin:
        orders.put(line)
    os._exit(0)


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a program prints must not mix with the answers
    orders: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_receive, args=(orders,), daemon=True).start()
    while True:
        answers.write(json.dumps(label(json.loads(orders.get()))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
