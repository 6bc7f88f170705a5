"""Paths and small datasets that several test files share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from example_strangers import Stranger

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers share two cores
# modules of this folder that suites of the tests name, ASE's calculators, the recipe of silicon's interpreter
TRUSTED = "helpers,slow,example_chain,example_classical,example_datasets,broken_models,planted_mistakes"
os.environ["MLFFBENCH_TRUST"] = f"{TRUSTED},ase.calculators.lj,/usr/bin/python3"

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def trust(monkeypatch) -> str:
    """What the tests trust; what one of them adds is forgotten after it."""
    monkeypatch.setenv("MLFFBENCH_TRUST", os.environ["MLFFBENCH_TRUST"])
    return os.environ["MLFFBENCH_TRUST"]


@pytest.fixture
def trust_nothing(monkeypatch) -> None:
    """The setting of a user who trusts nobody's code."""
    monkeypatch.delenv("MLFFBENCH_TRUST")


@pytest.fixture
def stranger(tmp_path, monkeypatch, trust_nothing) -> Iterator[Stranger]:
    """A stranger's module that can be imported; it is not trusted, and nothing else is."""
    folder = tmp_path / "strangers"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
    monkeypatch.delitem(sys.modules, Stranger.name, raising=False)
    yield Stranger(folder)
    sys.modules.pop(Stranger.name, None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The local mirror of the public reference data."""
    folder = Path(os.environ.get("MLFFBENCH_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "MANIFEST.json").exists():
        pytest.skip(f"no reference data in {folder}; point MLFFBENCH_DATA to a mirror")
    return folder


@pytest.fixture(scope="session")
def honest_results(tmp_path_factory) -> Path:
    """Results folder of a small suite that ran; tests change copies of it."""
    from example_submission import run_small_suite

    return run_small_suite(tmp_path_factory.mktemp("submission") / "small")
