"""Pages of the datasets: their cards, errors in committed results and published ones, files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlffbench.cli.data.catalogue import dataset_facts
from mlffbench.data import Spec
from mlffbench.datasets.sources.availability import card_of, module_of, sources_of
from reference.committed import leaderboard_rows
from reference.markdown import bullets, inline, paragraphs, settings
from reference.names import common_parts
from reference.page import Page
from reference.results_table import results_table

__all__ = ["dataset_page"]

Facts = Mapping[str, Any]
APART = ("licence", "citation", "published")  # keys of a card with parts of their own


def dataset_page(facts: Facts) -> Page:
    """Page of a dataset: its card."""
    name = facts["name"]
    card, known = card_of(name, module_of(Spec(name))), dataset_facts(name)
    told = {key.replace("_", " "): _flat(value) for key, value in card.items() if key not in APART}
    frames = {"frames": known["n_frames"], "elements": " ".join(known["elements"] or ())}
    parts = {
        **common_parts(facts),
        "Definition": "\n\n".join(filter(None, [paragraphs(facts["text"]), settings({**frames, **told})])),
        "Reference values": _dataset_results(name, card),
        "Papers": bullets(dict.fromkeys([str(card.get("citation", "")), *facts["references"]])),
        "Licence": inline(str(card.get("licence", ""))),
        "Needs": _files(name),
        "Example": _example(name),
    }
    return Page(name, facts["summary"], parts)


def _example(name: str) -> str:
    call = f'load_dataset("{name}")' if name != "path" else 'load_dataset("my_data.extxyz")'
    return f"```python\nfrom mlffbench import load_dataset\n\ndata = {call}\n```"


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_flat(inside)}" for key, inside in value.items())
    return ", ".join(map(_flat, value)) if isinstance(value, list | tuple) else str(value)


def _dataset_results(name: str, card: Facts) -> str:
    published = card.get("published")
    rows = [row for row in leaderboard_rows() if row["dataset"] == name]
    parts = [results_table(rows)]
    if isinstance(published, Mapping):
        parts += ["### Published", settings({key: _flat(value) for key, value in published.items()})]
    return "\n\n".join(filter(None, parts))


def _files(name: str) -> str:
    """Files to download, with their sizes; the same text on every machine."""
    sources = sources_of(Spec(name))
    if not sources:
        return "Nothing to download." if name != "path" else ""
    sizes = [source.size for source in sources]
    size = "" if None in sizes else f", {sum(sizes) / 1e6:.1f} MB"
    where = f"from `MLFFBENCH_DATA` or once by `mlffbench data fetch {name}`; checked"
    return f"{len(sources)} files to download{size}, {where}."
