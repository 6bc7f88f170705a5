"""Paths and small datasets that several test files share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers share two cores

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The local mirror of the public reference data."""
    folder = Path(os.environ.get("MLFFBENCH_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "MANIFEST.json").exists():
        pytest.skip(f"no reference data in {folder}; point MLFFBENCH_DATA to a mirror")
    return folder
