"""Calculators and structures of several tests of labelling calculators."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from ase import Atoms

from mlffbench import registry

SYSTEM_PYTHON = Path("/usr/bin/python3")
FOLDER = Path(registry.__file__).parents[1] / "labelling" / "calculators"


def make(name: str, **params):
    """Calculator of a name; the test is skipped without its package."""
    package = {"stillinger_weber": "matscipy"}.get(name, name)
    if name in ("tblite", "pyscf", "gpaw", "stillinger_weber") and find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    return registry.load("calculators", name)(**params)


def shaken(atoms: Atoms, stdev: float = 0.1) -> Atoms:
    """Displace the atoms in place and return them."""
    atoms.rattle(stdev, seed=1)
    return atoms


LOAD = """
import importlib.util, json, sys
def load(path):
    spec = importlib.util.spec_from_file_location("plain", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (name,) = module.__all__
    return getattr(module, name)
"""


def elsewhere(code: str, *arguments: str) -> str:
    """Last line that the system's Python prints; the test is skipped where it has no ASE."""
    if (
        not SYSTEM_PYTHON.exists()
        or subprocess.run([SYSTEM_PYTHON, "-c", "import ase"], capture_output=True).returncode
    ):
        pytest.skip(f"no ASE under {SYSTEM_PYTHON}")
    command = [SYSTEM_PYTHON, "-W", "ignore", "-c", LOAD + code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]
