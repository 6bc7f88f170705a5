"""Labelling worker process: reads requests as lines of JSON, writes labels as lines of JSON.

Run as a file by any Python that has ASE and the calculator's program; mlffbench need not be installed there.
A request is ``{"calculator": name, "params": {}, "atoms": {...}}``; an answer holds the label, or ``error``
with its kind: ``not converged``, ``not installed``, ``unsupported input``, ``disk full`` or
``internal error``.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculatorError, PropertyNotImplementedError, SCFError
from ase.stress import full_3x3_to_voigt_6_stress

__all__ = ["label"]

MOST_MESSAGE = 2_000  # characters


def label(request):
    """Compute the label of a request, or the reason why it failed.

    Returns
    -------
    dict
        ``energy`` (eV), ``forces`` (eV/Å), ``stress`` (eV/Å³, Voigt) or None, ``seconds``; or ``error`` with
        ``kind`` and ``message``, and ``seconds``.
    """
    start = time.perf_counter()
    try:
        atoms = Atoms(**request["atoms"])
        atoms.calc = _calculator(request["calculator"])(**request["params"])
        answer = _compute(atoms)
    except Exception as error:
        message = f"{type(error).__name__}: {error}"[:MOST_MESSAGE]
        answer = {"error": {"kind": _failure_kind(error), "message": message}}
    return {**answer, "seconds": round(time.perf_counter() - start, 3)}


def _calculator(name):
    """Calculator class or function of ``calculators/<name>.py``, or of anybody's ``package.module:Name``."""
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


def _compute(atoms):
    """Energy, forces and stress; the energy is the force-consistent one where the calculator has two."""
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


def _failure_kind(error):
    if isinstance(error, CalculatorError) or "converge" in str(error).lower():
        return "not converged"
    if isinstance(error, ImportError):
        return "not installed"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk full"
    return (
        "unsupported input" if isinstance(error, (ValueError, TypeError, LookupError)) else "internal error"
    )


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a program prints must not mix with the answers
    for line in sys.stdin:
        answer = json.dumps(label(json.loads(line)))
        answers.write(f"\n{answer}\n")  # on a line of its own, whatever a program has written into the pipe
        answers.flush()


if __name__ == "__main__":
    main()
