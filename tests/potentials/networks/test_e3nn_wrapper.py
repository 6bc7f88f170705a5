"""e3nn is used without side effects on the process."""

from __future__ import annotations

import subprocess
import sys

GLOBALS = """
import os, sys, torch, warnings
from mlffbench.potentials.networks import e3nn_wrapper
state = lambda: (dict(os.environ), torch.get_default_dtype(), list(warnings.filters),
                 set(torch.serialization.get_safe_globals()), torch.random.get_rng_state().tolist())
before = state()
e3nn_wrapper.coefficients(1, 1, 2), e3nn_wrapper.harmonics(2, torch.ones(1, 3))
e3nn_wrapper.irreps((1, -1), (1, -1))
assert "e3nn" in sys.modules and "mace" not in sys.modules
after = state()
assert after == before
"""


def test_importing_e3nn_leaves_the_process_as_it_was() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", GLOBALS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
