"""``mlffbench data show``: the card, and one page with histograms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import console, print_json, refusals, table, writing
from mlffbench.cli.data.arguments import DatasetText, Json, Params, dataset_spec, load
from mlffbench.cli.progress_bars import bars

if TYPE_CHECKING:
    from mlffbench.data import Dataset, Spec

__all__ = ["show"]


def show(
    dataset: DatasetText,
    param: Params = None,
    html: Annotated[Path | None, typer.Option(help="The page to write. [default: <name>.html]")] = None,
    no_html: Annotated[bool, typer.Option("--no-html", help="Write no page.")] = False,
    json_: Json = False,
) -> None:
    """Print a dataset's card and write a page with its histograms."""
    with refusals():
        with bars():
            spec = dataset_spec(dataset, param)
            found = load(spec)
            page = None if no_html else html or _page(found.name, spec)
            facts = _looked_at(found, page)
        if json_:
            print_json({**facts, "html": None if page is None else str(page)})
            return
        screen = console()
        screen.print(str(found), markup=False, highlight=False)
        screen.print()
        screen.print(table(*_groups(facts["groups"])))
        for finding in facts["findings"]:
            word = "refused" if finding["certain"] else "warning"
            screen.print(f"{word}, {finding['check']}: {finding['message']}", markup=False, highlight=False)
        if page is not None:
            screen.print(f"\nwrote {page}", markup=False, highlight=False, soft_wrap=True)


def _looked_at(found: Dataset, page: Path | None) -> dict[str, Any]:
    """Facts and findings; the page is written where one is wanted."""
    from dataclasses import asdict

    from mlffbench.datasets.checks import checkup
    from mlffbench.report.datasheet.html import render
    from mlffbench.report.datasheet.summary import summary
    from mlffbench.report.datasheet.thinned import thinned
    from mlffbench.system.atomic_write import atomic_write

    findings, looked = checkup(found), thinned(found)
    facts = summary(found, looked)
    if page is not None:
        text = render(facts, looked, findings)
        with writing(page), atomic_write(page) as file:
            file.write(text.encode())
    return facts | {"findings": [asdict(f) for f in findings]}


def _page(name: str, spec: Spec) -> Path:
    """``rmd17_aspirin.html``: the parameters given tell pages of one dataset apart."""
    given = () if spec.name == "path" else spec.params.values()
    words = [name, *(str(v) for v in given if isinstance(v, str | int | float))]
    return Path("".join(c if c.isalnum() or c in "._-" else "_" for c in "_".join(words)) + ".html")


def _groups(groups: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The table of groups: what fits 80 columns."""
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
