"""Command ``mlffbench site``: all results as a static site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.console import file_size, print_json, refusals, say, stop
from mlffbench.cli.data.arguments import Json

if TYPE_CHECKING:
    from mlffbench.report.site.suite import Suite

__all__ = ["site"]

Folders = Annotated[
    list[Path],
    typer.Argument(
        metavar="FOLDER...",
        help="Results folders, or a folder of such folders, each of which is a suite.",
        show_default=False,
    ),
]
Out = Annotated[Path, typer.Option(help="Folder of the site, which a Pages host takes as it is.")]


def site(folders: Folders, out: Out = Path("public"), json_: Json = False) -> None:
    """Write a static site: verdicts of all suites, their reports, a page a method, dataset and quantity."""
    import numpy as np

    from mlffbench.report.site.pages import site_pages
    from mlffbench.report.site.shared_assets import share_assets
    from mlffbench.report.site.write_site import write_site

    with refusals():
        suites = list(_suites(folders))
        with np.errstate(all="ignore"):  # numbers of 1e308 become infinite, and are shown so
            texts = share_assets(site_pages(suites, _estimators(), _datasets()))
        files = write_site(texts, out)
    size = sum(file.stat().st_size for file in files)
    n_pages = sum(file.suffix == ".html" for file in files)
    names = [suite.name for suite in suites]
    if json_:
        print_json({"folder": str(out), "suites": names, "pages": n_pages, "bytes": size})
        return
    say(f"wrote {out / 'index.html'}: {len(names)} suites, {n_pages} pages, {file_size(size)}")


def _suites(folders: list[Path]) -> Iterator[Suite]:
    """Suites of the folders, in the order of their names."""
    from mlffbench.cli.finished import say_set_aside
    from mlffbench.cli.suite import read_results
    from mlffbench.report.results_folder import stores_in
    from mlffbench.report.site.suite import Suite
    from mlffbench.report.structures import frames_of

    stores = {store.folder.resolve(): store for folder in folders for store in stores_in(folder)}
    taken: dict[str, Path] = {}
    for place in sorted(stores, key=lambda path: path.name):
        results, predictions = read_results([stores[place]])
        say_set_aside(stores[place])
        if results.documents:
            if place.name in taken:
                stop(f"{taken[place.name]} and {place} have one name; each suite of a site needs its own")
            taken[place.name] = place
            yield Suite(place.name, results, predictions, frames_of(results.documents))
    if not taken:
        names = ", ".join(map(str, folders))
        stop(f"{names} holds no results; a results folder is what 'mlffbench run SUITE' writes")


def _estimators() -> dict[str, dict[str, Any]]:
    """Facts of all methods, as 'mlffbench show' has them."""
    from mlffbench import registry
    from mlffbench.cli.show import facts_of
    from mlffbench.registry.description import describe

    names = registry.names("estimators")
    return {name: facts_of("estimators", name, describe("estimators", name)) for name in names}


def _datasets() -> dict[str, dict[str, Any]]:
    """Facts of all datasets with their cards, none of which is loaded."""
    from mlffbench import registry
    from mlffbench.cli.data.catalogue import dataset_facts
    from mlffbench.cli.show import facts_of
    from mlffbench.data import Spec
    from mlffbench.datasets.sources.availability import card_of, module_of
    from mlffbench.registry.description import describe

    facts = {}
    for name in registry.names("datasets"):
        card = {k: v for k, v in card_of(name, module_of(Spec(name))).items() if isinstance(v, str)}
        facts[name] = (
            facts_of("datasets", name, describe("datasets", name)) | dataset_facts(name) | {"card": card}
        )
    return facts
