"""Inputs of a custom derivative whose gradients the running backward pass asks for."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["wanted_gradients"]


def wanted_gradients(ctx: Any) -> list[bool]:
    """True for every tensor among the inputs, which come first, whose gradient the backward pass uses.

    ``ctx.needs_input_grad`` is true for weights also where only forces are asked for; their gradients would
    be computed and thrown away. A leaf is always wanted: torch does not tell.
    """
    wanted = []
    for needed, (node, _) in zip(ctx.needs_input_grad, ctx.next_functions, strict=False):
        try:
            wanted.append(needed and torch._C._will_engine_execute_node(node))
        except RuntimeError:
            wanted.append(needed)
    return wanted
