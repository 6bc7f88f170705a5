"""Files that ``mlffbench property`` writes: all values as JSON or npz, structures as extended xyz."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.io import write

from mlffbench.cli.console import json_text
from mlffbench.cli.property.answer import plain_value, structures_in
from mlffbench.system.atomic_write import atomic_write

if TYPE_CHECKING:
    from ase import Atoms

    from mlffbench.cli.property.catalogue import Property

__all__ = ["check_output", "write_result"]

SUFFIXES = {".json", ".npz", ".xyz", ".extxyz"}


def check_output(out: Path | None, overwrite: bool, files: Sequence[str]) -> None:
    """Refuse a file of another suffix, or one that exists, before anything is computed."""
    if out is None:
        return
    if out.suffix not in SUFFIXES:
        raise ValueError(f"--out {out}: write .json or .npz for all values, .extxyz for the structures")
    if any(out.exists() and Path(f).exists() and out.samefile(f) for f in files):
        raise ValueError(f"--out {out} is the file of the structures")
    if out.exists() and not overwrite:
        raise ValueError(f"{out} exists; --overwrite replaces it")


def write_result(out: Path, what: Property, result: Any, starts: Sequence[Atoms]) -> None:
    """Write all values, or the structures."""
    if out.suffix == ".json":
        content = json_text(plain_value(result)).encode()
    elif out.suffix == ".npz":
        packed = io.BytesIO()
        np.savez_compressed(packed, **_arrays(plain_value(result)))
        content = packed.getvalue()
    else:
        frames = structures_in(what, result, starts)
        if not frames:
            raise ValueError(f"{what.name} has no structures to write; .json takes its numbers")
        text = io.StringIO()
        write(text, frames, format="extxyz")
        content = text.getvalue().encode()
    with atomic_write(out) as file:
        file.write(content)


def _arrays(values: Any, name: str = "") -> dict[str, Any]:
    """Arrays by name, ``runs.0.energy``; None becomes NaN."""
    if isinstance(values, dict):
        inside = [_arrays(v, f"{name}.{k}" if name else k) for k, v in values.items()]
    elif isinstance(values, list) and values and isinstance(values[0], dict):
        inside = [_arrays(v, f"{name}.{i}" if name else str(i)) for i, v in enumerate(values)]
    else:
        array = np.asarray(np.nan if values is None else values)
        return {} if array.dtype == object else {name or "result": array}
    return {key: array for part in inside for key, array in part.items()}
