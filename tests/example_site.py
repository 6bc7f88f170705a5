"""A site of two suites, from documents with numbers chosen here."""

from __future__ import annotations

from example_documents import failed, measured, outcome

from mlffbench.report.results import Results
from mlffbench.report.site.suite import Suite

ESTIMATORS = {
    "mace": {
        "name": "mace", "family": "neural network", "summary": "Messages <b>of many bodies</b>.",
        "text": ["As its authors write it."], "extra": "mace", "requires": ["torch", "mace"],
        "periodic": True, "forces": True, "stress": True, "uncertainty": False, "runs_in": ["ASE"],
        "cannot": ["no uncertainty"],
        "parameters": [{"name": "preset", "type": "str", "default": "'small'", "text": "Its size."}],
        "references": ["I. Batatia et al., arXiv:2206.07697 (2022)"], "notes": [],
    },
    "morse": {"name": "morse", "family": "classical", "summary": "Pairs.", "parameters": []},
    "tuned": {"name": "tuned", "family": None, "summary": "A search.", "parameters": []},
}  # fmt: skip
DATASETS = {
    "malonaldehyde": {"name": "malonaldehyde", "summary": "A molecule.", "card": {}, "parameters": []},
    "rmd17": {"name": "rmd17", "summary": "Ten molecules.", "card": {"licence": "CC0-1.0"}, "parameters": []},
    "silicon": {"name": "silicon", "summary": "A crystal.", "card": {"level": "PBE"}, "elements": ["Si"],
                "n_frames": 200, "parameters": []},
    "path": {"name": "path", "summary": "Own files.", "card": {}, "parameters": []},
}  # fmt: skip


def on_aspirin(document: dict) -> dict:
    """The document, as if its data were aspirin of rMD17."""
    case = document["case"] | {"dataset": {"name": "rmd17", "params": {"molecule": "aspirin"}}}
    data = document["dataset"] | {"name": "rmd17_aspirin", "card": {"level": "PBE"}, "n_frames": 2000}
    return document | {"case": case, "dataset": data}


def no_predictions(id: str) -> None:
    """No predictions of any case."""


def suites() -> tuple[Suite, Suite]:
    """One of two problems with a failure and an unknown method, one with tasks."""
    inside = {"estimator": {"mace": {"preset": "small"}}}
    first = [
        outcome("mace", 0.020, params={"preset": "<small>"}), outcome("morse", 0.5), failed("gap"),
        on_aspirin(outcome("morse", 0.7)), on_aspirin(outcome("tuned", 0.06, params=inside)),
    ]  # fmt: skip
    second = [measured("soft", 140.0), measured("stiff", 165.0)]
    return (
        Suite("first suite", Results.from_documents(first), no_predictions),
        Suite("second", Results.from_documents(second), no_predictions),
    )
