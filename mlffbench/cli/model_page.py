"""Facts of a kept model on the screen, and the lines that use it."""

from __future__ import annotations

from typing import Any

from mlffbench.cli.console import console, file_size, table

__all__ = ["print_model"]

SHOWN = {"forces": "forces", "energy_per_atom": "energy", "stress": "stress"}


def print_model(facts: dict[str, Any]) -> None:
    """Print facts and lines of code, which are not wrapped."""
    screen = console()
    errors = [f"{SHOWN[e['quantity']]} {e['rmse']:.4g} {e['unit']}" for e in facts["errors"]
              if e["quantity"] in SHOWN]  # fmt: skip
    group = facts["errors"][0]["group"] if facts["errors"] else ""
    level = f", {facts['level']}" if facts["level"] not in (None, "unknown") else ""
    rows = [
        ["model", f"{facts['path']}, {file_size(facts['bytes'])}"],
        ["method", facts["method"] if facts["method"] == facts["estimator"] else
         f"{facts['method']} ({facts['estimator']})"],
        ["fitted to", f"{facts['training_frames'] or '?'} frames of {facts['problem']}, seed "
         f"{facts['seed']}{level}"],
        ["elements", ", ".join(facts["elements"] or ["?"])],
        [f"RMSE on {group}" if group else "RMSE", ", ".join(errors) or "–"],
        ["settings", ", ".join(f"{k}={v!r}" for k, v in facts["settings"].items()) or "–"],
    ]  # fmt: skip
    built = table(["", ""], rows, words=2)
    built.show_header = False
    screen.print(built)
    screen.print("\nUse it from ASE:\n")
    for line in facts["usage"]:
        screen.print(line, highlight=False, soft_wrap=True)
    file = facts["copy"] or facts["path"]
    screen.print("\nor run it:\n")
    for line in (
        f"mlffbench predict {file} structures.extxyz -o predicted.extxyz",
        f"mlffbench property dynamics --model {file} structure.xyz --temperature 300 --steps 1000",
    ):
        screen.print(line, highlight=False, soft_wrap=True)
    if facts["copy"]:
        screen.print(f"\nwrote {facts['copy']}", highlight=False, soft_wrap=True)
