"""Command ``mlffbench data show``: the card, and one HTML page of histograms."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import console, print_json, refusals, stop, table, tried
from mlffbench.cli.data.arguments import DatasetText, Json, Params, check_suffix, dataset_spec, load
from mlffbench.cli.progress_bars import bars

if TYPE_CHECKING:
    from mlffbench.data import Dataset, Spec

__all__ = ["show"]


def show(
    dataset: DatasetText,
    param: Params = None,
    html: Annotated[Path | None, typer.Option(help="The page to write.", show_default="<name>.html")] = None,
    no_html: Annotated[bool, typer.Option("--no-html", help="Write no page.")] = False,
    json_: Json = False,
) -> None:
    """Print a dataset's card and write a page with its histograms."""
    with refusals():
        check_suffix("--html", html, ".html")
        with bars():
            spec = dataset_spec(dataset, param)
            data = load(spec)
            page = None if no_html else html or _page(data.name, spec)
            facts, text = _facts(data, page is not None)
        path = Path(page or "")
        _, refusal = (None, None) if page is None else tried(path, partial(_write, path, text))
        page = None if refusal else page
        if json_:
            print_json({**facts, "html": None if page is None else str(page)})
        else:
            _print(data, facts, page)
        if refusal:
            stop(refusal)


def _print(data: Dataset, facts: dict[str, Any], page: Path | None) -> None:
    """Print card, groups, findings and the path of the page."""
    screen = console()
    screen.print(str(data), markup=False, highlight=False)
    screen.print()
    screen.print(table(*_groups(facts["groups"])))
    for finding in facts["findings"]:
        word = "refused" if finding["certain"] else "warning"
        screen.print(f"{word}, {finding['check']}: {finding['message']}", markup=False, highlight=False)
    if page is not None:
        screen.print(f"\nwrote {page}", markup=False, highlight=False, soft_wrap=True)


def _facts(data: Dataset, paged: bool) -> tuple[dict[str, Any], str]:
    """Collect facts and findings of a dataset; also render the HTML page if wanted."""
    from dataclasses import asdict

    from mlffbench.datasets.checks import checkup
    from mlffbench.report.datasheet.html import render
    from mlffbench.report.datasheet.subsample import subsample
    from mlffbench.report.datasheet.summary import summary

    findings, subset = checkup(data), subsample(data)
    facts = summary(data, subset)
    text = render(facts, subset, findings) if paged else ""
    return facts | {"findings": [asdict(f) for f in findings]}, text


def _write(page: Path, text: str) -> None:
    from mlffbench.system.atomic_write import atomic_write

    with atomic_write(page) as file:
        file.write(text.encode())


def _page(name: str, spec: Spec) -> Path:
    """File name of the page, such as ``rmd17_aspirin.html``, with the parameters given."""
    given = () if spec.name == "path" else spec.params.values()
    words = [name, *(str(v) for v in given if isinstance(v, str | int | float))]
    return Path("".join(c if c.isalnum() or c in "._-" else "_" for c in "_".join(words)) + ".html")


def _groups(groups: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Table of the groups, within 80 columns."""
    from mlffbench.report.wording import MISSING, plain

    columns = ["group", "frames", "with\nforces", "with\nstress", "energy\neV/atom", "spread\nmeV/atom",
               "force RMS\neV/Å"]  # fmt: skip
    rows = []
    for name, group in groups.items():
        energy = group["energy_eV_per_atom"]
        numbers = (group["energy_std_meV_per_atom"], group["force_rms_eV_per_A"])
        counts = (group["n_forces"], group["n_stresses"])
        rows.append([
            name, str(group["n_frames"]), *(str(n or MISSING) for n in counts),
            MISSING if energy is None else f"{energy['mean']:.3f}",
            *(MISSING if n is None else plain(n) for n in numbers),
        ])  # fmt: skip
    return columns, rows
