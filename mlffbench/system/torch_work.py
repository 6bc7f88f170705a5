"""Operations that torch dispatches during a call, and the arithmetic of its matrix products."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["TorchWork", "torch_work"]


@dataclass(frozen=True)
class TorchWork:
    """Work of one call.

    Attributes
    ----------
    operations : int
        Dispatched operations without views, backward passes included: kernels that are launched, or more.
    flops : int
        Multiplications and additions of its matrix products and convolutions.
    """

    operations: int
    flops: int


def torch_work(function: Callable[[], Any]) -> TorchWork | None:
    """Count the work of a call; None if it dispatches nothing, as without torch.

    A captured function is counted as the plain one. Kernels of other libraries are dispatched as one
    operation or none, and their arithmetic is not seen: both counts are then too small.
    """
    if "torch" not in sys.modules:
        return None
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import FlopCounterMode

    from mlffbench.system.cuda_graph import plainly

    class Counter(TorchDispatchMode):
        operations = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.operations += not func.is_view
            return func(*args, **(kwargs or {}))

    with plainly(), FlopCounterMode(display=False) as flops, Counter() as counter:
        function()
    return TorchWork(counter.operations, flops.get_total_flops()) if counter.operations else None
