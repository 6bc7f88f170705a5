"""All checks together: public data raise no false alarm, refusals come first, checks may be left out."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from planted_mistakes import (
    X,
    acac,
    alone,
    check,
    energies,
    ethanol,
    forces,
    mlearn,
    part,
    repeated,
    rmd17,
    scaled,
    springs,
    threebpa,
)

from mlffbench import registry
from mlffbench.data import LazySequence
from mlffbench.datasets.checks import admit, checkup
from mlffbench.datasets.checks.common import checkup as checkup_module
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.datasets.malonaldehyde import malonaldehyde

PUBLIC = {  # what is found in them, and true
    "acac": (acac, set()),
    "ethanol": (ethanol, {"duplicates"}),  # the equilibrium, in both normal modes
    "3bpa": (threebpa, set()),
    "rmd17_aspirin": (lambda data: part(rmd17(data, "aspirin"), range(300)), set()),
    "rmd17_ethanol": (lambda data: part(rmd17(data, "ethanol"), range(300)), set()),
    "rmd17_malonaldehyde": (lambda data: part(rmd17(data, "malonaldehyde"), range(300)), set()),
    "mlearn_Si": (
        lambda data: mlearn(data, "Si"),
        {"duplicates"},
    ),  # the same unstrained and equally strained cells
    "mlearn_Ge": (lambda data: part(mlearn(data, "Ge"), range(0, 228, 2)), {"duplicates"}),
    "malonaldehyde": (lambda _: malonaldehyde(), {"duplicates"}),  # a symmetric path of proton transfer
    "lennard_jones": (lambda _: lennard_jones(), set()),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_data_raise_no_false_alarm(name, shared_data):
    make, expected = PUBLIC[name]
    found = checkup(make(shared_data))
    assert not [f for f in found if f.certain]
    assert {f.check for f in found} == expected, found


@pytest.mark.parametrize("name", registry.names("checks"))
def test_a_check_survives_broken_and_tiny_data(name):
    broken = Atoms("H2", [(0, 0, 0), (np.nan, 0, 0)], cell=[np.inf, 0, 0], pbc=True)
    for data in (alone(broken, Atoms()), alone(Atoms("He")), alone(), springs(n=3)):
        assert all(f.check == name for f in check(name, data))


def test_refusals_come_first_and_checks_may_be_skipped():
    data = scaled(energies(repeated(springs(), 1), [7], lambda e: np.nan), forces=-1)
    found = checkup(data)
    assert [(f.check, f.certain, f.frames) for f in found] == [
        ("force_sign", True, ()),
        ("not_finite", True, (7,)),
        ("duplicates", False, (40,)),
    ]
    assert found[1].message.endswith("(frame 7)")
    assert [f.check for f in checkup(data, skip=["force_sign", "duplicates"])] == ["not_finite"]
    with pytest.raises(LookupError, match=r"no check 'force_sing'.*did you mean 'force_sign'"):
        checkup(data, skip=["force_sing"])


def test_large_data_are_sampled_and_say_so(monkeypatch):
    monkeypatch.setattr(checkup_module, "MOST", 100)
    data = energies(springs(n=850), [777], lambda e: np.nan)
    data = forces(data, range(0, 850, 2), lambda f: f + 0.1 * X)
    found = {f.check: f for f in checkup(data)}
    assert found["not_finite"].frames == (777,)
    net = found["net_force"]
    assert net.message.startswith("the forces of 50 of 100 frames")  # not of the one without an energy
    assert "(from a sample of 101 of 850 frames)" in net.message
    assert len(net.frames) == 50
    assert all(i % 2 == 0 for i in net.frames)
    assert max(net.frames) > 800
    assert checkup(data) == checkup(data)


def test_lazy_data_are_read_once():
    data, reads = springs(), []

    def read(i):
        reads.append(i)
        return data.frames[i]

    lazy = replace(data, frames=LazySequence(read, np.arange(len(data))))
    assert checkup(scaled(lazy, forces=-1))[0].check == "force_sign"
    assert sorted(reads) == list(range(len(data)))


def test_admit_warns_refuses_and_allows():
    data = springs()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert admit(data) is data
    pushed = forces(data, [3, 4], lambda f: f + 0.1 * X)
    with pytest.warns(UserWarning, match=r"springs: \(net_force\) .* 2 of 40 .*\(frames 3, 4\)"):
        assert admit(pushed) is pushed
    assert admit(pushed, allow=["net_force"]) is pushed
    flipped = scaled(data, forces=-1)
    with pytest.raises(ValueError, match=r"springs cannot .*\(force_sign\).* allow \['force_sign'\]"):
        admit(flipped)
    assert admit(flipped, allow=["force_sign"]) is flipped
    with pytest.raises(LookupError, match="did you mean 'net_force'"):
        admit(data, allow=["net_forces"])


@pytest.mark.parametrize(
    "facade", ["datasets.checks import admit, checkup", "datasets.leakage import Audit, audit, leak_free"]
)
def test_facades_are_lazy_and_offer_functions(facade):
    package, _, offered = facade.partition(" import ")
    code = (
        f"import sys, mlffbench.{package} as facade; heavy = {{'numpy', 'ase', 'torch'}} & set(sys.modules); "
        f"from mlffbench.{package} import {offered}; print(heavy, all(map(callable, ({offered}))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["set()", "True"]
