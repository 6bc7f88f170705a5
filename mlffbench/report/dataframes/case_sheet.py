"""Facts of one case for a reader who asks where a number comes from."""

from __future__ import annotations

from typing import Any

from mlffbench.report.budgets import budget_text, ends
from mlffbench.report.problems import Document, dig, failed_as, kept_file, spec_text
from mlffbench.report.results import number
from mlffbench.report.wording import flat, plain

__all__ = ["case_sheet"]


def case_sheet(document: Document) -> list[tuple[str, str]]:
    """Names and texts of a case: what was fitted, how long, with what, on which data, and what is kept.

    Facts that the document does not hold are left out.
    """
    facts = {**_fit(document), **_circumstances(document), **_data(document), **_files(document)}
    return [(name, flat(value)) for name, value in facts.items() if value not in (None, "", {}, [])]


def _fit(document: Document) -> dict[str, Any]:
    case, model = document["case"], document.get("model") or {}
    failure = document.get("failure")
    seconds = number(dig(document, "timings", "fit", "seconds"))
    resolved = {k: v for k, v in (model.get("params") or {}).items() if v is not None}
    return {
        "case": document.get("id"),
        "failed": f"{failed_as(failure)}: {str(failure.get('message') or '').strip()}" if failure else None,
        "estimator": spec_text(case["estimator"]),
        "parameters": resolved,
        "number of parameters": model.get("n_parameters"),
        "budget": budget_text(case.get("budget")),
        "fit": f"{plain(seconds)} s" if seconds == seconds else None,
        "training stopped by": model.get("stopped_by"),
        "result": ends(document),
        "resumed": dig(document, "timings", "fit", "resumed"),
    }


def _circumstances(document: Document) -> dict[str, Any]:
    model, origin = document.get("model") or {}, document.get("provenance") or {}
    return {
        "precision": model.get("dtype"),
        "device": model.get("device"),
        "machine": origin.get("machine"),
        "accelerator": origin.get("accelerator"),
        "threads": dig(document, "case", "resources", "threads") or dig(origin, "numerics", "torch_threads"),
        "load": origin.get("load_average"),
        "environment": dig(origin, "environment", "name"),
        "python": origin.get("python"),
        "packages": origin.get("packages"),
        "revision": origin.get("revision"),
        "date": str(origin.get("date") or "")[:19].replace("T", " "),
    }


def _data(document: Document) -> dict[str, Any]:
    leaks = dig(document, "split", "leaks") or {}
    reference = document.get("reference") or {}
    return {
        "dataset": spec_text(document["case"]["dataset"]),
        "dataset digest": dig(document, "dataset", "digest"),
        "split": spec_text(document["case"]["split"]),
        "split digest": dig(document, "split", "digest"),
        "training frames": dig(document, "split", "n_train"),
        "leaks": leaks.get("verdict"),
        "labels": dig(document, "training", "labels"),
        "labels not used": dig(document, "training", "ignored"),
        "reference of the tasks": "at another level of theory than the labels"
        if reference.get("differs")
        else "",
    }


def _files(document: Document) -> dict[str, Any]:
    id = document.get("id")
    return {"log": f"logs/{id}.log" if id else None, "kept model": kept_file(document)}
