"""Words for stages."""

from __future__ import annotations

import re
from pathlib import Path

import mlffbench
from mlffbench.cli.stage_words import WORDS, stage_words


def test_counts_and_numbers_follow_the_words():
    assert (
        stage_words("epoch", 1200, 2000, {"loss": 0.012345}) == "training, epoch 1,200 of 2,000, loss 0.0123"
    )
    assert stage_words("data", 0, None, {}) == "reading the data"
    assert stage_words("fit", 0, None, {}) == "fitting"
    assert stage_words("fit to 50 frames, draw 1", 0, 3, {}) == "fit to 50 frames, draw 1 0 of 3"


def test_every_stage_of_the_package_has_words():
    package = Path(mlffbench.__file__).parent
    rooms = ("estimators", "harness", "potentials", "properties", "tasks")
    sources = [source for room in rooms for source in (package / room).rglob("*.py")]
    stages = {
        stage for source in sources for stage in re.findall(r'\breport\("([^"]+)", [^"]', source.read_text())
    }
    assert len(stages) > 10
    assert stages <= set(WORDS), stages - set(WORDS)
