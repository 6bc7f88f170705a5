"""Help of the commands: an example below each, types in plain words, completion of names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import typer
from typer.models import ArgumentInfo, OptionInfo

from mlffbench.cli import completion

__all__ = ["DATA_EXAMPLES", "EXAMPLES", "MORE", "RESULTS_EXAMPLES", "complete_help"]

MORE = "More: the pages in docs/ of the source; your_data.md is the first to read."
EXAMPLES = {
    "run": "mlffbench run benchmarks/quickstart.yaml --out runs/quickstart",
    "new": "mlffbench new my_data.extxyz --budget 30m > suite.yaml",
    "report": "mlffbench report runs/quickstart",
    "cite": "mlffbench cite runs/quickstart > refs.bib",
    "compare": "mlffbench compare runs/before runs/after --fail-if-worse 5%",
    "reproduce": "mlffbench reproduce benchmarks/reproduce/mlearn.yaml",
    "score": "mlffbench score runs/quickstart --metric max_error",
    "schema": "mlffbench schema > suite.schema.json",
    "list": "mlffbench list estimators",
    "show": "mlffbench show mace",
    "model": "mlffbench model runs/quickstart best -o best.mlff",
    "predict": "mlffbench predict best.mlff new.extxyz -o predicted.extxyz",
    "property": "mlffbench property elastic --model si.mlff si.cif --standard-cell",
    "export": "mlffbench export best.mlff -o best.lammps",
    "submit": "mlffbench submit runs/quickstart --out quickstart.zip",
    "verify": "mlffbench verify quickstart.zip --suite benchmarks/quickstart.yaml",
    "site": "mlffbench site results --out public",
    "label": "mlffbench label benchmarks/recipes/silicon.yaml --dry-run",
}
DATA_EXAMPLES = {
    "list": "mlffbench data list",
    "show": "mlffbench data show malonaldehyde --no-html",
    "fetch": "mlffbench data fetch acac",
    "check": "mlffbench data check my_data.extxyz",
    "split": "mlffbench data split malonaldehyde --split '{random: {train: 0.8}}' --out split.json",
    "audit": "mlffbench data audit malonaldehyde --split '{random: {train: 0.8}}'",
}
RESULTS_EXAMPLES = {
    "list": "mlffbench results runs/quickstart --status failed",
    "export": "mlffbench results export runs/quickstart scores.parquet",
    "sql": 'mlffbench results sql runs/quickstart "SELECT method, avg(value) FROM scores GROUP BY method"',
    "merge": "mlffbench results merge runs/laptop runs/cluster --into runs/all",
    "pack": "mlffbench results pack runs/quickstart --most '5 MB'",
    "gc": "mlffbench results gc runs/quickstart --only logs --yes",
    "tensorboard": "mlffbench results tensorboard runs/quickstart",
    "mlflow": "mlffbench results mlflow runs/quickstart --uri sqlite:///mlflow.db",
}
WORDS = {Path: "PATH", int: "N", float: "X", str: "TEXT", bool: ""}  # a flag takes no value
COMPLETIONS = {  # by the name of the parameter
    "dataset": completion.complete_datasets,
    "folder": completion.complete_results,
    "folders": completion.complete_results,
    "metric": completion.complete_metrics,
    "only": completion.complete_estimators,
    "suite": completion.complete_suites,
}


def complete_help(app: typer.Typer, examples: dict[str, str]) -> None:
    """Give the commands of an application examples, plain types of values and completion of names.

    Parameters
    ----------
    examples : dict of str to str
        Example of each command, by name.
    """
    for command in app.registered_commands:
        if command.callback is not None:
            _describe_values(command.callback)
            name = command.name or command.callback.__name__
            command.epilog = f"Example: {examples[name]}" if name in examples else command.epilog


def _describe_values(command: Callable[..., Any]) -> None:
    """Write the kind of value after each option that does not name it, and complete known names."""
    signature = inspect.signature(command, eval_str=True)
    for parameter in signature.parameters.values():
        kind, *extras = get_args(parameter.annotation) or (parameter.annotation,)
        for info in extras:
            if isinstance(info, OptionInfo) and info.metavar is None:
                info.metavar = WORDS.get(_scalar(kind))
            if isinstance(info, ArgumentInfo) and info.metavar is None:
                info.metavar = parameter.name.upper()
            if isinstance(info, ArgumentInfo | OptionInfo) and info.autocompletion is None:
                info.autocompletion = COMPLETIONS.get(parameter.name)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}


def _scalar(kind: Any) -> Any:
    """Type of one value: ``int`` of ``int | None`` and ``list[int] | None``."""
    kinds = [k for k in get_args(kind) if k is not NoneType] or [kind]
    inner = get_args(kinds[0]) if get_origin(kinds[0]) is list else ()
    return inner[0] if inner else kinds[0]
