"""mace-torch is used without side effects on the process."""

from __future__ import annotations

import os
from typing import Any

import torch
from example_mace import small
from example_water import springs

KEY = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


def test_importing_and_fitting_leave_the_process_as_it_was() -> None:
    import e3nn

    def state() -> list[Any]:
        return [
            torch.get_default_dtype(), os.environ.get(KEY), e3nn.get_optimization_defaults(),
            torch.get_float32_matmul_precision(),
        ]  # fmt: skip

    before, rng = state(), torch.random.get_rng_state()
    frames, labels = springs(4)
    small(max_epochs=1, matmul_precision="medium").fit(frames, labels).predict(frames)
    assert state() == before
    assert torch.equal(rng, torch.random.get_rng_state())
