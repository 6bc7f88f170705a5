"""Devices by name."""

from __future__ import annotations

import pytest
import torch

from mlffbench.system.device import checked_device


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="sees no GPU"):
        checked_device("cuda")
