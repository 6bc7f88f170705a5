"""Pages of galleries that a build does not execute, each with a visible note that says why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

QUICK = "this is the quick form of the site, which executes nothing (`bash docs/build.sh` executes all)"
NOTE = ".. warning::\n\n   **Not executed**: {reason}.\n\n"
REPORT = "not_executed.txt"  # beside the HTML: a line a page


def setup(app: Any) -> dict[str, bool]:
    """Add notes as Sphinx reads, and list the pages at the end."""
    app.add_config_value("pages_without_data", {}, "env")
    app.connect("source-read", _add_note)
    app.connect("build-finished", _write_report)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def pages_without_data(docs: Path, galleries: Sequence[str]) -> dict[str, str]:
    """Reasons why pages cannot be executed, by name of the document; of data neither here nor downloaded."""
    reasons = {}
    for file in sorted(f for name in galleries for f in (docs / name).glob("plot_*.py")):
        text = file.read_text(encoding="utf-8")
        missing = [why for name in _public() if _names(text, name) and (why := _absence(name))]
        if missing:
            reasons[f"_gallery/{file.parent.name}/{file.stem}"] = "; ".join(missing)
    return reasons


def executed_pattern(reasons: dict[str, str]) -> str:
    """Regular expression of the files that sphinx-gallery executes."""
    skipped = "|".join(re.escape(name.removeprefix("_gallery/")) for name in reasons)
    return rf"^(?!.*/(?:{skipped})\.py$).*/plot_" if skipped else "/plot_"


def _names(text: str, name: str) -> bool:
    """True if a text names a dataset as the package does, in quotes or as a module."""
    return re.search(rf"""["'\[{{ ]{name}["':\]}}]|datasets\.{name}\b""", text) is not None


@cache
def _public() -> tuple[str, ...]:
    """Names of the datasets that have files to download."""
    from mlffbench import registry
    from mlffbench.data import Spec
    from mlffbench.datasets.sources.availability import sources_of

    return tuple(name for name in registry.names("datasets") if name != "path" and sources_of(Spec(name)))


@cache
def _absence(name: str) -> str:
    """Reason why a dataset cannot be had; '' if it is here or could be downloaded."""
    from mlffbench.data import Spec
    from mlffbench.datasets.sources.availability import sources_of

    try:
        for source in sources_of(Spec(name)):
            source.fetch()
    except (OSError, RuntimeError, ValueError) as error:
        return f"the data of {name} are not here and could not be downloaded ({type(error).__name__})"
    return ""


def _reason(app: Any, docname: str) -> str:
    if not re.fullmatch(r"_gallery/\w+/plot_\w+", docname):
        return ""
    if not app.config.sphinx_gallery_conf["plot_gallery"]:
        return QUICK
    return app.config.pages_without_data.get(docname, "")


def _add_note(app: Any, docname: str, source: list[str]) -> None:
    """Put the note below the title of the page."""
    if reason := _reason(app, docname):
        head = re.search(r"^(?:=+\n)?[^\n=]+\n=+\n", source[0], flags=re.M)
        at = head.end() if head else len(source[0])
        source[0] = f"{source[0][:at]}\n{NOTE.format(reason=reason)}{source[0][at:]}"


def _write_report(app: Any, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        reasons = {name: _reason(app, name) for name in sorted(app.env.found_docs)}
        lines = [f"{name}: {reason}\n" for name, reason in reasons.items() if reason]
        (Path(app.outdir) / REPORT).write_text("".join(lines), encoding="utf-8")
