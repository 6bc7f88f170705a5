"""Pages of the methods: settings, presets, search space, errors in committed results, limits, needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlffbench import registry
from mlffbench.cli.name_page import cost_words
from reference.committed import leaderboard_rows
from reference.markdown import bullets, code, inline, paragraphs, parameters, settings, table
from reference.names import common_parts, suite_entry
from reference.page import Page
from reference.results_table import results_table

__all__ = ["estimator_page"]

Facts = Mapping[str, Any]


def estimator_page(facts: Facts) -> Page:
    """Page of a method."""
    parts = {
        **common_parts(facts),
        "Settings": _settings(facts),
        "Reference values": results_table([r for r in leaderboard_rows() if r["estimator"] == facts["name"]]),
        "Cost": _cost(facts["cost"]),
        "How to read": _abilities(facts),
        "Licence": _licences(facts),
        "Needs": _needs(facts),
        "Example": suite_entry(facts),
    }
    return Page(facts["name"], facts["summary"], parts)


def _settings(facts: Facts) -> str:
    parts = [parameters(facts["parameters"])]
    if facts["presets"]:
        names = dict.fromkeys(key for preset in facts["presets"].values() for key in preset)
        rows = [[code(key), *(_value(p.get(key)) for p in facts["presets"].values())] for key in names]
        parts += ["### Presets", table(["setting", *map(code, facts["presets"])], rows)]
    if space := _search_space(facts["name"]):
        rows = [[code(name), inline(values)] for name, values in space.items()]
        words = "Searched by `search: true` and the estimator `tuned`:"
        parts += ["### Search space", words, table(["parameter", "values"], rows)]
    return "\n\n".join(filter(None, parts))


def _value(value: Any) -> str:
    return "–" if value is None else code(value)


def _search_space(name: str) -> dict[str, str]:
    """Parameters that a search varies, and their values in words."""
    method = getattr(registry.load("estimators", name), "search_space", None)
    return {key: _range(value) for key, value in method().items()} if method else {}


def _range(value: Any) -> str:
    """A list, or a distribution of scipy by its name and bounds."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if hasattr(value, "dist"):
        low, high = value.support()
        return f"{value.dist.name} from {low:g} to {high:g}"
    return str(value)


def _cost(cost: Facts | None) -> str:
    return f"By the model that sizes proposals: {inline(cost_words(cost))}." if cost else ""


def _abilities(facts: Facts) -> str:
    word = {True: "yes", False: "no", None: "as the model that it is made of"}
    abilities = settings(
        {
            "periodic structures": word[facts["periodic"]],
            "forces": word[facts["forces"]],
            "stress": word[facts["stress"]],
            "uncertainty of its own": word[facts["uncertainty"]],
            "runs in": ", ".join(facts["runs_in"]),
        }
    )
    return "\n\n".join(filter(None, [abilities, bullets(facts["cannot"]), paragraphs(facts["notes"])]))


def _licences(facts: Facts) -> str:
    own = "MIT, as mlffbench."
    others = [f"{p['name']}: {p['licence']}" for p in facts["packages"] if p["licence"]]
    return own if not others else f"{own} What it needs:\n\n{bullets(others)}"


def _needs(facts: Facts) -> str:
    if facts["own_environment"]:
        return "An environment of its own, which the first fit makes: see [environments](/environments.md)."
    if not facts["extra"]:
        return "Nothing beyond the core."
    packages = ", ".join(p["name"] for p in facts["packages"])
    return f"```console\npip install 'mlffbench[{facts['extra']}]'\n```\n\n{inline(packages)}"
