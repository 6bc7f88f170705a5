"""Pages of the public Python functions and classes, rendered from their docstrings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from inspect import isclass, isfunction

from mlffbench.registry.docstring import read_docstring
from reference.markdown import inline
from reference.page import Page

__all__ = ["function_pages", "module_blocks"]

ROUTING = ", ".join(f"set_{word}_request" for word in ("fit", "partial_fit", "predict", "score", "transform"))


@dataclass(frozen=True)
class Home:
    """A module whose public names are documented on one page."""

    module: str
    purpose: str


HOMES = (
    Home("mlffbench.data", "Structures with labels, splits of them, scores: the types that flow."),
    Home("mlffbench.forcefield", "Base class of all methods: fit, predict, calculator, save."),
    Home("mlffbench.calculator", "Any fitted method as a calculator of ASE."),
    Home("mlffbench.report.results_folder", "Results folders as tables, predictions and models."),
    Home("mlffbench.metrics", "Scores for scikit-learn's searches and cross-validation."),
    Home("mlffbench.descriptors.soap", "SOAP vectors as a transformer of scikit-learn."),
    Home("mlffbench.descriptors.acsf", "Symmetry functions as a transformer of scikit-learn."),
    Home("mlffbench.testing", "Contract of estimators as functions, for methods of your own."),
)


def function_pages() -> Iterator[Page]:
    """A page of the package's own functions, one a module of `HOMES` and of `ELSEWHERE`."""
    import mlffbench
    from mlffbench.cli.property.catalogue import ELSEWHERE
    from mlffbench.registry.description import module_summary

    own = _blocks([f"mlffbench.{name}" for name in mlffbench.__all__])
    yield Page("mlffbench", "What `import mlffbench` gives.", more=own)
    for home in HOMES:
        yield Page(home.module, home.purpose, more=module_blocks(home.module))
    for name in sorted(ELSEWHERE):
        module = f"mlffbench.properties.{name}"
        yield Page(module, module_summary(module), more=module_blocks(module))


def module_blocks(module: str) -> str:
    """Sections of the public functions and classes of a module."""
    import mlffbench

    names = getattr(import_module(module), "__all__", ())
    elsewhere = [name for name in mlffbench.__all__ if mlffbench.HOMES[name] == module]
    return _blocks([f"{module}.{name}" for name in names if name not in elsewhere])


def _blocks(paths: list[str]) -> str:
    return "\n\n".join(filter(None, map(_block, paths)))


def _block(path: str) -> str:
    """Section of a function or class; '' for a constant."""
    module, _, name = path.rpartition(".")
    value = getattr(import_module(module), name)
    if not (isfunction(value) or isclass(value)) or not read_docstring(value.__doc__).summary:
        return ""
    options = f"   :members:\n   :exclude-members: {ROUTING}\n" if isclass(value) else ""
    directive = "autoclass" if isclass(value) else "autofunction"
    return f"## {inline(name)}\n\n```{{eval-rst}}\n.. {directive}:: {path}\n{options}```"
