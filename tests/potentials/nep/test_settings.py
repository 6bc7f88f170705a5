"""nep.in: what torchnep reads of a training."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from mlffbench.estimators import NEP
from mlffbench.potentials.nep.settings import LAST_RATE, Settings


def settings(**changes):
    model = NEP()
    return replace(Settings(**{f.name: getattr(model, f.name) for f in fields(Settings)}), **changes)


def lines(known, epochs=10):
    return dict(line.split(" ", 1) for line in known.text(["Si", "O"], epochs).splitlines())


def test_the_file_has_elements_shapes_and_weights():
    known = lines(settings(cutoff=7.0, angular_cutoff=4.0, energy_weight=3.0, five_body=True))
    assert known["type"] == "2 Si O"
    assert known["cutoff"] == "7.0 4.0"
    assert known["l_max"] == "4 2 1"
    assert float(known["lambda_e"]) == 3.0
    assert "zbl" not in known
    assert lines(settings(zbl=2.0))["zbl"] == "2.0"


def test_the_learning_rate_falls_to_a_hundredth_within_each_stage():
    known = lines(settings(stage_two=None), epochs=8)
    assert "stage2" not in known
    assert float(known["scheduler_factor"]) ** 8 == pytest.approx(LAST_RATE)
    known = lines(settings(stage_two=0.75), epochs=8)
    assert known["start_stage2"] == "7"
    assert float(known["scheduler_factor"]) ** 6 == pytest.approx(LAST_RATE)
    assert float(known["stage2_scheduler_factor"]) ** 2 == pytest.approx(LAST_RATE)


@pytest.mark.parametrize(("share", "epochs", "first"), [(0.0, 4, 2), (1.0, 4, 4), (0.5, 1, None)])
def test_each_stage_has_an_epoch(share, epochs, first):
    known = settings(stage_two=share, stage_two_energy_weight=7.0)
    assert known.first_of_stage_two(epochs) == first
    if first:
        assert known.weights(first, epochs)[0] == 7.0 != known.weights(first - 1, epochs)[0]
