"""Access to mace-torch; the only file that imports it."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from types import ModuleType
from typing import Any

import torch

__all__ = ["Library", "lammps_module", "mace", "script", "session"]


@dataclass(frozen=True)
class Library:
    """The modules, classes and functions of mace-torch, and of its e3nn, that are used here."""

    modules: ModuleType
    blocks: ModuleType
    e3nn: ModuleType
    AtomicNumberTable: Callable[..., Any]
    Irreps: Any
    wigner_3j: Callable[..., torch.Tensor]
    get_params_options: Callable[..., dict[str, Any]]
    extract_config: Callable[..., dict[str, Any]]
    remove_head: Callable[..., Any]
    load_foundation: Callable[..., Any]
    calculator: Callable[..., Any]
    to_cuequivariance: Callable[..., torch.nn.Module]
    from_cuequivariance: Callable[..., torch.nn.Module]


@cache
def mace() -> Library:
    """Import mace-torch, which takes seconds; environment, warnings and logging stay as they were.

    It goes before e3nn, whose constants else fail to load.
    """
    with _quiet_import():
        import mace.modules
        import mace.modules.blocks
        from mace.calculators import MACECalculator
        from mace.cli.convert_cueq_e3nn import run as from_cuequivariance
        from mace.cli.convert_e3nn_cueq import run as to_cuequivariance
        from mace.tools import AtomicNumberTable
        from mace.tools.finetuning_utils import load_foundations_elements
        from mace.tools.scripts_utils import extract_config_mace_model, get_params_options, remove_pt_head

        import e3nn  # isort: skip
    return Library(
        modules=mace.modules,
        blocks=mace.modules.blocks,
        e3nn=e3nn,
        AtomicNumberTable=AtomicNumberTable,
        Irreps=e3nn.o3.Irreps,
        wigner_3j=e3nn.o3.wigner_3j,
        get_params_options=get_params_options,
        extract_config=extract_config_mace_model,
        remove_head=remove_pt_head,
        load_foundation=load_foundations_elements,
        calculator=MACECalculator,
        to_cuequivariance=to_cuequivariance,
        from_cuequivariance=from_cuequivariance,
    )


def lammps_module(module: torch.nn.Module) -> torch.nn.Module:
    """mace-torch's wrapper of a model, with the inputs and outputs that LAMMPS's pair_style has."""
    with _quiet_import():
        from mace.calculators import LAMMPS_MACE
    return LAMMPS_MACE(module)


def script(module: torch.nn.Module) -> Any:
    """TorchScript of a module, by e3nn."""
    mace()
    from e3nn.util import jit

    return jit.compile(module)


@contextmanager
def session(dtype: torch.dtype) -> Iterator[None]:
    """Run the block under torch's default `dtype`; every global that mace-torch or we set is put back."""
    with warnings.catch_warnings(), _silent_logging():
        warnings.simplefilter("ignore")
        e3nn = mace().e3nn
        default, optimization = torch.get_default_dtype(), e3nn.get_optimization_defaults()
        try:
            # compiling e3nn's code takes longer than it saves in a run of minutes
            e3nn.set_optimization_defaults(jit_script_fx=False)
            torch.set_default_dtype(dtype)
            yield
        finally:
            torch.set_default_dtype(default)
            e3nn.set_optimization_defaults(**optimization)


@contextmanager
def _quiet_import() -> Iterator[None]:
    """Import parts of mace-torch in the block, which print, warn, log and set variables."""
    with _unchanged_environment(), _silent_logging(), warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _unchanged_environment(key: str = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD") -> Iterator[None]:
    """Restore an environment variable after the block: importing mace-torch sets it."""
    before = os.environ.get(key)
    try:
        yield
    finally:
        os.environ.pop(key, None)
        if before is not None:
            os.environ[key] = before


@contextmanager
def _silent_logging() -> Iterator[None]:
    """Silence the root logger: mace logs through it, which would configure it for the whole process."""
    root, handler, level = logging.getLogger(), logging.NullHandler(), logging.root.manager.disable
    root.addHandler(handler)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(level)
        root.removeHandler(handler)
