"""Pages of the site, rendered: index, suites, methods, datasets, quantities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlffbench import __version__
from mlffbench.report.formats import html
from mlffbench.report.page.page import render_page
from mlffbench.report.problems import Problem
from mlffbench.report.quantities.catalogue import QUANTITIES
from mlffbench.report.quantities.quantity import Quantity
from mlffbench.report.site.method_rows import MethodRow, dataset_name, method_rows
from mlffbench.report.site.quantity_rows import QuantityRow, quantity_rows
from mlffbench.report.site.suite import Suite, first_sentences, page_names
from mlffbench.report.wording import flat

__all__ = ["Facts", "Site", "site_pages"]

Facts = Mapping[str, Mapping[str, Any]]  # by name, as 'mlffbench show NAME --json' has them
DIRECTIONS = {
    "lower": "Lower is better.",
    "higher": "Higher is better.",
    "target": "The nearer to {target:g}, the better.",
    "none": "No number is better than another.",
}
TEXTS: dict[str, Any] = {  # of a name whose documentation lacks them
    "text": (), "notes": (), "references": (), "parameters": (), "summary": "",
}  # fmt: skip
WAY_BACK = '<p style="margin: 0 0 .4rem; font-size: .92rem"><a href="../../index.html">All suites</a></p>'
OUTSIDE = "errors on test groups"  # stands for the task of quantities without one


def site_pages(suites: Sequence[Suite], estimators: Facts, datasets: Facts) -> Iterator[tuple[str, str]]:
    """Path in the site and HTML of every page, one after the other; links between them are relative.

    Parameters
    ----------
    suites : sequence of Suite
        With different names.
    estimators, datasets : mapping of str to mapping
        Facts of all methods and datasets there are, also of those that no suite has.
    """
    site = Site(tuple(suites), estimators, datasets)
    for suite in suites:
        yield suite.page, _report(suite)
    yield "index.html", _index(site)
    for name, part in site.methods.items():
        yield f"methods/{part}.html", _method(site, name)
    for name, part in site.datasets.items():
        yield f"datasets/{part}.html", _dataset(site, name)
    for key, part in site.quantities.items():
        yield f"quantities/{part}.html", _quantity(site, key)


@dataclass(frozen=True, eq=False)
class Site:
    """Suites and facts, and the addresses of the pages that are made of them."""

    suites: tuple[Suite, ...]
    estimator_facts: Facts
    dataset_facts: Facts

    @cached_property
    def rows(self) -> list[MethodRow]:
        """Every method on every problem of every suite."""
        return [row for suite in self.suites for row in method_rows(suite, set(self.estimator_facts))]

    @cached_property
    def numbers(self) -> list[QuantityRow]:
        """Every quantity on every test of every problem of every suite."""
        return [row for suite in self.suites for row in quantity_rows(suite)]

    @cached_property
    def problems(self) -> dict[str, list[Problem]]:
        """Problems of all suites by the names of their data."""
        found: dict[str, list[Problem]] = {}
        for problem in (problem for suite in self.suites for problem in suite.results.problems):
            found.setdefault(dataset_name(problem), []).append(problem)
        return found

    @cached_property
    def verdicts(self) -> dict[tuple[str, str], str]:
        """Verdict on every problem of every suite."""
        return {
            (suite.name, problem.name): verdict
            for suite in self.suites
            for problem, verdict in zip(suite.results.problems, suite.verdicts, strict=True)
        }

    @cached_property
    def methods(self) -> dict[str, str]:
        """Names of methods, and their parts of addresses."""
        used = {name for row in self.rows for name in row.estimators}
        return page_names(sorted({*self.estimator_facts, *used}, key=str.lower))

    @cached_property
    def estimators(self) -> dict[tuple[str, str, str], str]:
        """Name of the method behind a label on a problem of a suite."""
        return {(row.suite, row.problem, row.label): row.estimator for row in self.rows}

    @cached_property
    def datasets(self) -> dict[str, str]:
        """Names of datasets, and their parts of addresses; a general name gives way to those of its parts."""
        used = {row.dataset for row in self.rows}
        general = {name for name in self.dataset_facts if any(u.startswith(f"{name}_") for u in used)}
        named = set(self.dataset_facts) - general - {"path"}
        return page_names(sorted({*named, *used}, key=str.lower))

    @cached_property
    def quantities(self) -> dict[tuple[str, str, str], str]:
        """Quantities that some suite has, in the registry's order, and their parts of addresses."""
        used = {row.key for row in self.numbers}
        known = [entry.key for entry in QUANTITIES if entry.key in used]
        keys = [*known, *sorted(used - set(known))]
        parts = page_names(["-".join(filter(None, key)) for key in keys])
        return {key: parts["-".join(filter(None, key))] for key in keys}

    @cached_property
    def entries(self) -> dict[tuple[str, str, str], Quantity | None]:
        """Entries of the registry by key."""
        return {row.key: row.entry for row in self.numbers}


# ---------------------------------------------------------------- pages
def _page(template: str, title: str, root: str, **context: Any) -> str:
    return render_page(
        f"site/{template}.html", libraries=("tables",), page_data={"methods": [], "problems": []},
        page_title=title, title=title, root=root, version=__version__, **context,
    )  # fmt: skip


def _index(site: Site) -> str:
    return _page(
        "index", "Leaderboards of machine-learned force fields", "",
        suites=[_suite(suite) for suite in site.suites],
        methods=_most_used([_method_line(site, name) for name in site.methods]),
        datasets=_most_used([_dataset_line(site, name) for name in site.datasets]),
        quantities=_quantities_by_task(site),
    )  # fmt: skip


def _most_used(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines, those of names that the most problems have first."""
    return sorted(lines, key=lambda line: -line["n"])


def _suite(suite: Suite) -> dict[str, Any]:
    """Facts of a suite in the index, with a line of verdict for each problem."""
    documents, dates = suite.results.documents, suite.dates
    problems = zip(suite.results.problems, suite.verdicts, strict=True)
    return {
        "name": suite.name,
        "page": suite.page,
        "n_cases": len(documents),
        "n_failed": sum(d.get("status") != "ok" for d in documents),
        "n_methods": len({method.label for _, method in suite.results.methods()}),
        "dates": " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "",
        "problems": [
            {"name": p.name, "line": first_sentences(v), "link": f"{suite.page}#problem-{n}"}
            for n, (p, v) in enumerate(problems, start=1)
        ],
    }


def _method_line(site: Site, name: str) -> dict[str, Any]:
    facts = site.estimator_facts.get(name, {})
    own = [row for row in site.rows if name in row.estimators]
    first = sum(row.rank.text.split("–")[0] == "1" and row.n_ranked > 1 for row in own)
    return {
        "name": name, "link": f"methods/{site.methods[name]}.html", "family": facts.get("family") or "",
        "summary": facts.get("summary") or "", "n": len(own), "first": first,
        "failed": sum(bool(row.failure) for row in own),
    }  # fmt: skip


def _dataset_line(site: Site, name: str) -> dict[str, Any]:
    facts = site.dataset_facts.get(name, {})
    card = _card(site, name)
    own = [row for row in site.rows if row.dataset == name]
    return {
        "name": name, "link": f"datasets/{site.datasets[name]}.html",
        "summary": card.get("title") or facts.get("summary") or "",
        "elements": " ".join(_elements(site, name)), "frames": _frames(site, name),
        "n": len({(row.suite, row.problem) for row in own}),
    }  # fmt: skip


def _quantities_by_task(site: Site) -> dict[str, list[dict[str, str]]]:
    tasks: dict[str, list[dict[str, str]]] = {}
    for key, part in site.quantities.items():
        tasks.setdefault(key[0] or OUTSIDE, []).append(
            {"name": _quantity_name(site, key), "link": f"quantities/{part}.html"}
        )
    return tasks


def _quantity_name(site: Site, key: tuple[str, str, str]) -> str:
    entry = site.entries.get(key)
    return entry.name if entry else " ".join(filter(None, key[1:])).replace("_", " ")


def _method(site: Site, name: str) -> str:
    facts = site.estimator_facts.get(name, {})
    own = [row for row in site.rows if name in row.estimators]
    return _page(
        "method", name, "../", facts=facts and {**TEXTS, **facts}, abilities=_abilities(facts),
        rows=[(row, _links(site, row)) for row in own if not row.failure],
        failures=[(row, _links(site, row)) for row in own if row.failure],
    )  # fmt: skip


def _links(site: Site, row: MethodRow) -> dict[str, str]:
    return {"dataset": f"../datasets/{site.datasets[row.dataset]}.html"}


def _abilities(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts of a method in words, those that it has."""
    if not facts:
        return []
    word = {True: "yes", False: "no", None: "as the model that it is made of"}
    extra = f"pip install 'mlffbench[{facts['extra']}]'" if facts.get("extra") else ""
    own = "in an environment of its own, which the first fit makes" if facts.get("own_environment") else extra
    rows = {
        "family": facts.get("family"),
        "periodic structures": word[facts.get("periodic")],
        "forces": word[facts.get("forces")],
        "stress": word[facts.get("stress")],
        "uncertainty of its own": word[bool(facts.get("uncertainty"))],
        "runs in": ", ".join(facts.get("runs_in") or ()),
        "needs": ", ".join(facts.get("requires") or ()) or "nothing beyond the core",
        "installed by": own,
        "cannot": "; ".join(facts.get("cannot") or ()),
        "shown by": f"mlffbench show {facts.get('name')}",
    }
    return [(name, str(text)) for name, text in rows.items() if text]


def _dataset(site: Site, name: str) -> str:
    facts = site.dataset_facts.get(name, {})
    own = [row for row in site.rows if row.dataset == name]
    problems: dict[tuple[str, str], list[MethodRow]] = {}
    for row in own:
        problems.setdefault((row.suite, row.problem), []).append(row)
    return _page(
        "dataset", name, "../", facts=facts and {**TEXTS, **facts}, card=_dataset_facts(site, name),
        problems=[(rows, first_sentences(site.verdicts[place])) for place, rows in problems.items()],
        links={name: f"../methods/{part}.html" for name, part in site.methods.items()},
    )  # fmt: skip


def _card(site: Site, name: str) -> Mapping[str, Any]:
    """Card of a dataset, of a suite's documents where one has it."""
    cards = (p.first("dataset", "card") for p in site.problems.get(name, ()))
    return next((card for card in cards if card), None) or site.dataset_facts.get(name, {}).get("card") or {}


def _elements(site: Site, name: str) -> Sequence[str]:
    found = (p.first("dataset", "elements") for p in site.problems.get(name, ()))
    return next(filter(None, found), None) or site.dataset_facts.get(name, {}).get("elements") or ()


def _frames(site: Site, name: str) -> str:
    stated = {p.first("dataset", "n_frames") for p in site.problems.get(name, ())}
    sizes = stated or {site.dataset_facts.get(name, {}).get("n_frames")}
    return ", ".join(f"{n:,}" for n in sorted(filter(None, sizes)))


def _dataset_facts(site: Site, name: str) -> list[tuple[str, str]]:
    facts, card = site.dataset_facts.get(name, {}), _card(site, name)
    digests = {
        str(digest)[:16]: None
        for p in site.problems.get(name, ())
        for d in p.documents
        if (digest := (d.get("dataset") or {}).get("digest"))
    }
    rows = {
        "frames": _frames(site, name),
        "elements": " ".join(_elements(site, name)),
        "digest of the data": ", ".join(digests),
        **{key.replace("_", " "): flat(value) for key, value in card.items() if key != "title"},
        "shown by": f"mlffbench data show {facts['name']}" if facts else "",
    }
    return [(key, text) for key, text in rows.items() if text]


def _quantity(site: Site, key: tuple[str, str, str]) -> str:
    entry = site.entries[key]
    direction = DIRECTIONS[entry.direction].format(target=entry.target or 0.0) if entry else ""
    return _page(
        "quantity", _quantity_name(site, key), "../", entry=entry, key=key, direction=direction,
        rows=[(row, _best_link(site, row)) for row in site.numbers if row.key == key],
    )  # fmt: skip


def _best_link(site: Site, row: QuantityRow) -> str:
    """Address of the page of the best method; '' where there is none."""
    name = site.estimators.get((row.suite, row.problem, row.best))
    return f"../methods/{site.methods[name]}.html" if name else ""


def _report(suite: Suite) -> str:
    """The report of a suite with a line on top that leads to the site's index."""
    page = html.render(suite.results, suite.predictions, suite.title, suite.structures)
    return page.replace("<main>", f"<main>\n{WAY_BACK}", 1)
