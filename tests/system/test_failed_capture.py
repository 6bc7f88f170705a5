"""State of torch after a capture that failed."""

from __future__ import annotations

import pytest
import torch

from mlffbench.system.cuda_graph import WARM_UP, CapturedFunction
from mlffbench.system.failed_capture import first_reason, recover


def test_the_reason_is_the_error_from_which_others_followed():
    error = RuntimeError("the capture was invalid")
    error.__context__ = ValueError("a sum was read\nand more")
    assert first_reason(error) == "ValueError: a sum was read"
    assert first_reason(RuntimeError()) == "RuntimeError"


class Generator:
    """A CUDA generator, as far as it is used."""

    def __init__(self, state: object = "first") -> None:
        self.state = state

    def get_state(self) -> object:
        return self.state

    def set_state(self, state: object) -> None:
        self.state = state

    def graphsafe_get_state(self) -> object:
        return self

    def graphsafe_set_state(self, other: object) -> None:
        self.other = other


@pytest.mark.parametrize(("fails", "expected"), [(False, ["end", "release"]), (True, ["end"])])
def test_memory_is_released_only_if_torch_has_not_ended_the_capture(monkeypatch, fails, expected):
    calls = []

    def end(index: int, handle: object) -> None:
        calls.append("end")
        if fails:
            raise RuntimeError("not currently recording")

    default = Generator()
    monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", end, raising=False)
    release = lambda index, handle: calls.append("release")
    monkeypatch.setattr(torch._C, "_cuda_releasePool", release, raising=False)
    monkeypatch.setattr(torch.cuda, "default_generators", (default,))
    monkeypatch.setattr(torch, "Generator", lambda device: Generator(None))
    recover(torch.device("cuda", 0), (0, 1))
    assert calls == expected
    assert default.other is not default
    assert default.other.state == "first"


@pytest.mark.gpu
def test_captures_random_numbers_and_memory_work_after_a_failure():
    device = torch.device("cuda")
    x = torch.arange(4.0, device=device)
    fails = CapturedFunction(lambda x: x[x > 1].sum(), device, "sum")
    works = CapturedFunction(lambda x: (2 * x).sum(), device, "double", fails.pool)
    with pytest.warns(UserWarning, match="sum is not captured"):
        assert [fails(x).item() for _ in range(WARM_UP + 2)] == [5.0] * (WARM_UP + 2)
    torch.cuda.empty_cache()
    assert torch.rand(3, device=device).isfinite().all()
    assert [works(x).item() for _ in range(WARM_UP + 2)] == [12.0] * (WARM_UP + 2)
    assert works.status == "yes"
