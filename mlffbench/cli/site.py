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
            pages = site_pages(suites, _estimators(), _datasets())
        files = write_site(share_assets(pages), out)
    size = sum(file.stat().st_size for file in files)
    names = [suite.name for suite in suites]
    if json_:
        print_json({"folder": str(out), "suites": names, "pages": len(pages), "bytes": size})
        return
    say(f"wrote {out / 'index.html'}: {len(names)} suites, {len(pages)} pages, {file_size(size)}")


def _suites(folders: list[Path]) -> Iterator[Suite]:
    """Suites of the folders, in the order of their names."""
    from mlffbench.cli.finished import say_set_aside
    from mlffbench.harness.documents.store import Store
    from mlffbench.report.results import Results
    from mlffbench.report.site.suite import Suite

    places = {place.resolve(): place for folder in folders for place in _results_folders(folder)}
    taken: set[str] = set()
    for place in sorted(places.values(), key=lambda path: path.resolve().name):
        store = Store(place)
        documents = store.documents() if store.ids() else []
        if not documents:
            continue
        name = place.resolve().name
        if name in taken:
            stop(f"two folders are named {name}; a site needs a name for each suite")
        taken.add(name)
        say_set_aside(store)
        yield Suite(name, Results.from_documents(documents), store.predictions)
    if not taken:
        stop(f"{', '.join(map(str, folders))}: no results; a results folder is what 'mlffbench run' writes")


def _results_folders(folder: Path) -> list[Path]:
    """The folder, if it holds documents, else the folders in it that do."""
    if not folder.is_dir():
        stop(f"no folder {folder}")
    if any(folder.glob("*.json")):
        return [folder]
    return [place for place in sorted(folder.iterdir()) if place.is_dir() and any(place.glob("*.json"))]


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
