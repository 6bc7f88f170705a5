"""Chapters of the reference, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reference.commands import command_pages
from reference.datasets import dataset_page
from reference.estimators import estimator_page
from reference.functions import function_pages
from reference.names import facts_of_kind, plain_pages, property_pages
from reference.page import Chapter, Page
from reference.quantities import quantity_pages
from reference.schemas import document_pages, suite_pages

__all__ = ["chapters"]

Pages = Callable[[], Iterable[Page]]

KINDS = {
    "estimators": ("Estimators", "Methods that are fitted, and potentials that exist already."),
    "datasets": ("Datasets", "Labelled structures by name, each with its card."),
    "splits": ("Splits", "Training sets and named test groups."),
    "tasks": ("Tasks", "Uses of fitted models in simulations."),
    "metrics": ("Metrics", "Errors of predictions."),
    "checks": ("Checks", "Mistakes that are looked for in data."),
    "samplers": ("Samplers", "Structures to label."),
    "calculators": ("Calculators", "Sources of labels, and potentials that exist already."),
    "executors": ("Executors", "Places where cases run."),
}
OTHERS: dict[str, tuple[str, str, Pages]] = {
    "properties": ("Properties", "What a potential implies, for any calculator of ASE.", property_pages),
    "quantities": (
        "Quantities",
        "Every number that a document or a table can hold, by task.",
        quantity_pages,
    ),
    "commands": ("Commands", "The command line.", command_pages),
    "suite": ("Keywords of a suite", "All that a suite file may say, by part.", suite_pages),
    "functions": ("Python", "Public functions and classes, by module.", function_pages),
    "documents": ("Result formats", "Documents and tables of a results folder.", document_pages),
}


def chapters() -> list[Chapter]:
    """All chapters with their pages."""
    return [*_kinds(), *_others()]


def _kinds() -> Iterator[Chapter]:
    made = {"estimators": estimator_page, "datasets": dataset_page}
    for kind, (title, words) in KINDS.items():
        make = made.get(kind)
        pages = map(make, facts_of_kind(kind)) if make else plain_pages(kind)
        yield Chapter(kind, title, words, list(pages))


def _others() -> Iterator[Chapter]:
    for folder, (title, words, pages) in OTHERS.items():
        yield Chapter(folder, title, words, list(pages()))
