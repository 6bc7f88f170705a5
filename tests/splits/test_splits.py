"""Every split: decided by its seed, plain JSON, no frame on both sides."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import example_splits
import numpy as np
import pytest
from example_splits import EVERY, crystals, digests

from mlffbench import registry


def test_every_split_is_decided_by_its_seed_also_in_another_process(tmp_path):
    here = digests(tmp_path)
    code = f"import json, example_splits; print(json.dumps(example_splits.digests({str(tmp_path)!r})))"
    folder = Path(example_splits.__file__).parent
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder
    )
    assert json.loads(there.stdout) == here
    assert {name for name, (a, b) in here.items() if a == b} == {"manifest"}


@pytest.mark.parametrize("name", [n for n in registry.names("splits") if n != "manifest"])
def test_every_split_is_plain_json_and_names_no_frame_on_both_sides(name):
    data = crystals()
    split = registry.load("splits", name)(data, **EVERY[name])
    assert json.loads(json.dumps(split.notes)) == split.notes
    tested = np.concatenate(list(split.tests.values()))
    assert not set(split.train) & set(tested)
    assert len(np.unique(tested)) == len(tested)
    assert max(*split.train, *tested) < len(data)
