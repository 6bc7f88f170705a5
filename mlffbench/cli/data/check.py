"""Command ``mlffbench data check``: mistakes in a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mlffbench.cli.console import console, print_json, refusals
from mlffbench.cli.data.arguments import (
    DatasetText,
    EnergyKey,
    ForcesKey,
    Json,
    Params,
    StressKey,
    Units,
    dataset_spec,
    load,
)
from mlffbench.cli.progress_bars import bars
from mlffbench.datasets.formats.label_names import read_labels

if TYPE_CHECKING:
    from mlffbench.data import Finding

__all__ = ["check"]


def check(
    dataset: DatasetText,
    param: Params = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    stress_key: StressKey = None,
    units: Units = None,
    skip: Annotated[list[str] | None, typer.Option(help="A check to leave out; may be repeated.")] = None,
    json_: Json = False,
) -> None:
    """Look for mistakes: units, signs, shapes, duplicates ...; exit code 1 if the data cannot be used."""
    keys = {"energy_key": energy_key, "forces_key": forces_key, "stress_key": stress_key, "units": units}
    with refusals():
        from dataclasses import asdict

        from mlffbench.datasets.checks import checkup

        done = _checks(skip or ())
        with bars():
            data = load(dataset_spec(dataset, param, **keys))
            findings = checkup(data, skip=tuple(skip or ()))
        refused = [f for f in findings if f.certain]
        if json_:
            facts = {"dataset": data.name, "digest": data.digest, "n_frames": len(data), "checks": done}
            facts["labels"] = dict(data.card.get("labels", {}))
            counts = {"n_refusals": len(refused), "n_warnings": len(findings) - len(refused)}
            print_json({**facts, **counts, "findings": [asdict(f) for f in findings]})
        else:
            _print(f"{data.name}, {len(data)} frames{read_labels(data)}", findings, done)
    if refused:
        raise typer.Exit(1)


def _checks(skip: Sequence[str]) -> list[str]:
    """Names of the checks to run."""
    from mlffbench import registry

    known = registry.names("checks")
    for name in skip:
        if name not in known:
            raise LookupError(f"no check {name!r}{registry.suggest(name, known)}")
    return [name for name in known if name not in skip]


def _print(title: str, findings: Sequence[Finding], done: Sequence[str]) -> None:
    """Print refusals, then warnings."""
    from rich.padding import Padding
    from rich.text import Text

    screen = console()
    if not findings:
        screen.print(Text(f"{title}: no mistakes found by {len(done)} checks: {', '.join(done)}"))
        return
    screen.print(Text(title))
    for certain, word, style in ((True, "refused", "bold red"), (False, "warnings", "bold yellow")):
        group = [f for f in findings if f.certain is certain]
        if group:
            screen.print(Text(word, style=style))
        for finding in group:
            screen.print(Padding(Text(f"{finding.check}: {finding.message}"), (0, 0, 0, 2)))
