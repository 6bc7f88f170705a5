"""Completion of names in the shell; nothing heavy is imported while the user waits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer

__all__ = [
    "complete_calculators",
    "complete_datasets",
    "complete_estimators",
    "complete_kinds",
    "complete_methods",
    "complete_metrics",
    "complete_names",
    "complete_properties",
    "complete_results",
    "complete_suites",
]

DATA = (".xyz", ".extxyz", ".db", ".npz")


def complete_kinds(incomplete: str) -> list[str]:
    """Kinds of names that begin so."""
    from mlffbench.registry.own_names import KINDS

    return _beginning(incomplete, (*KINDS, "properties"))


def complete_methods(ctx: typer.Context, incomplete: str) -> list[str]:
    """Methods of the results folder that was typed before, by the names of its files."""
    folder = Path(str(ctx.params.get("folder") or "."))
    return _beginning(incomplete, {"best", *(f.stem.rpartition("-")[0] for f in folder.glob("*-*.json"))})


def complete_names(incomplete: str) -> list[tuple[str, str]]:
    """Names of all kinds that begin so, each with its kind."""
    from mlffbench import registry

    kinds: dict[str, list[str]] = {}
    for kind in registry.KINDS:
        for name in registry.names(kind):
            kinds.setdefault(name, []).append(kind.removesuffix("s"))
    return [(name, ", ".join(kinds[name])) for name in _beginning(incomplete, kinds)]


def complete_datasets(incomplete: str) -> list[str]:
    """Names of datasets that begin so, then files."""
    return _of_kind("datasets", incomplete) or _files(incomplete, DATA)


def complete_calculators(incomplete: str) -> list[str]:
    """Names of calculators that begin so."""
    return _of_kind("calculators", incomplete)


def complete_metrics(incomplete: str) -> list[str]:
    """Names of metrics that begin so."""
    return _of_kind("metrics", incomplete)


def complete_properties(incomplete: str) -> list[str]:
    """Names of properties that begin so."""
    from mlffbench.cli.property.catalogue import property_names

    return _beginning(incomplete, property_names())


def complete_suites(incomplete: str) -> list[str]:
    """Suite files, data files and folders that begin so."""
    return _files(incomplete, (".yaml", ".yml", *DATA))


def complete_estimators(incomplete: str) -> list[str]:
    """Names of methods that begin so."""
    return _of_kind("estimators", incomplete)


def complete_results(incomplete: str) -> list[str]:
    """Folders that begin so; those with results first."""
    folders = [Path(text) for text in _files(incomplete, ())]
    return [f"{folder}/" for folder in sorted(folders, key=lambda f: not any(f.glob("*.json")))]


def _of_kind(kind: str, incomplete: str) -> list[str]:
    from mlffbench import registry

    return _beginning(incomplete, registry.names(kind))


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return sorted(word for word in words if word.startswith(incomplete))


def _files(incomplete: str, suffixes: tuple[str, ...]) -> list[str]:
    """Folders, and files with one of the suffixes, whose path begins so."""
    folder, _, beginning = incomplete.rpartition("/")
    place = Path(folder or ("/" if incomplete.startswith("/") else "."))
    try:
        inside = sorted(place.iterdir())
    except OSError:
        return []
    shown = [p for p in inside if p.name.startswith(beginning) and not p.name.startswith(".")]
    prefix = incomplete[: len(incomplete) - len(beginning)]
    return [
        f"{prefix}{p.name}" + ("/" if p.is_dir() and suffixes else "")
        for p in shown
        if p.is_dir() or p.suffix in suffixes
    ]
