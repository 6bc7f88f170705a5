"""The registry knows every number that committed documents hold and that tasks, metrics and costs emit."""

from __future__ import annotations

import ast
import inspect
import json
from itertools import islice
from pathlib import Path

import pytest

from mlffbench import registry
from mlffbench.harness.documents.score_rows import score_rows
from mlffbench.report.dataframes.costs import COSTS
from mlffbench.report.dataframes.profiles import PROFILE_NUMBERS
from mlffbench.report.dataframes.speed import COLUMNS
from mlffbench.report.quantities.catalogue import QUANTITIES, find_quantity, known_quantity
from mlffbench.report.results import QUANTITIES as ERRORS
from mlffbench.report.results import Results
from mlffbench.tasks import uncertainty
from mlffbench.tasks.crystals import equation_of_state, phonons, vacancy

ROOT = Path(__file__).parents[3]
TASKS = ROOT / "mlffbench" / "tasks"
OWNERS = {"crystals": "properties", "molecules": "properties", "dynamics": "md", "timings": "speed"}


def committed():
    for file in sorted((ROOT / "results").glob("*/*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        if "case" in document:
            yield document


def test_every_number_of_the_committed_documents_is_known():
    unknown, units = set(), set()
    for document in committed():
        for task, _, quantity, metric, unit, *_ in score_rows(document) if document["status"] == "ok" else ():
            entry = find_quantity(task, quantity, metric)
            if entry is None:
                unknown.add((task, quantity, metric))
            elif entry.unit != unit:
                units.add((entry.key, entry.unit, unit))
    assert not unknown
    assert not units


def rows_of(file: Path) -> set[tuple[str, str, str | None]]:
    """Quantity and metric, and the unit, of the calls in a task that make rows with these as plain texts."""
    places = {"Score": (1, 2, 4), "error_row": (1, None, 4), "_magnitude": (1, 4, 3)}
    rows = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        name = getattr(getattr(node, "func", None), "id", "")
        if name not in places:
            continue
        texts = [
            node.args[at].value
            if at is not None and at < len(node.args) and isinstance(node.args[at], ast.Constant)
            else None
            for at in places[name]
        ]
        if texts[1] is None and (name == "error_row" or (name == "_magnitude" and len(node.args) < 5)):
            texts[1] = "error"
        if texts[0] is not None and texts[1] is not None:
            rows.add(tuple(texts))
    return rows


def test_every_row_that_the_code_of_a_task_writes_is_known():
    owner = lambda file: OWNERS.get(file.parent.name, file.stem)
    found = {(owner(file), *row) for file in TASKS.rglob("*.py") for row in rows_of(file)}
    assert len(found) > 55
    internal = {("screening", "cost", name, "s") for name in ("seconds", "core_seconds")}  # of a shard
    for task, quantity, metric, unit in found - internal:
        entry = find_quantity(task, quantity, metric)
        assert entry is not None, (task, quantity, metric)
        assert unit is None or entry.unit == unit, (entry.key, unit)


@pytest.mark.parametrize(
    ("task", "units", "metric"),
    [
        ("properties", equation_of_state.UNITS, "error"),
        ("properties", phonons.UNITS, "error"),
        ("properties", vacancy.UNITS, "error"),
    ],
)
def test_properties_of_crystals_have_the_units_of_their_task(task, units, metric):
    assert {q: find_quantity(task, q, metric).unit for q in units} == dict(units)


def test_calibration_is_known_as_predicted_and_calibrated():
    listed = [line.strip("`") for line in inspect.getdoc(uncertainty).splitlines() if line.startswith("``")]
    assert len(listed) == 8
    for metric in listed:
        for quantity in ("energy_uncertainty", "forces_uncertainty"):
            assert find_quantity("uncertainty", quantity, metric), metric
    for metric in listed[:6]:
        assert find_quantity("uncertainty(calibration=0.1)", "energy_uncertainty", f"{metric}_calibrated")


def test_every_metric_has_a_name_for_every_error():
    for metric in (n for n in registry.names("metrics") if not n.startswith("neg_")):
        for quantity in ERRORS:
            assert (
                find_quantity("", quantity, metric) is find_quantity("training", quantity, metric) is not None
            )


def test_columns_of_tables_come_from_the_registry():
    assert COSTS["prediction_time"] == ("prediction time", "µs/atom")
    assert COLUMNS["times_launch_floor"] == ("× floor", "launches")
    assert {known_quantity("profile", name).unit for name in PROFILE_NUMBERS} == {"meV"}


def test_names_are_unique_and_complete():
    assert len({entry.key for entry in QUANTITIES}) == len(QUANTITIES) > 180
    for entry in QUANTITIES:
        assert entry.name, entry.key
        assert entry.symbol, entry.key
        assert entry.sentence.endswith("."), entry.key
        assert (entry.passed is None) == (entry.failed is None), entry.key
        assert (entry.direction == "target") == (entry.target is not None), entry.key
        assert entry.passed is None or entry.source, entry.key


def test_tasks_of_others_are_not_known_and_patterns_are():
    assert find_quantity("mine", "forces", "rmse") is None
    assert find_quantity("properties", "C45", "error").name == "elastic constant"
    assert find_quantity("properties", "C47x", "error") is None
    assert find_quantity("properties", "beta_tin_minus_diamond", "error").unit == "eV/atom"
    assert find_quantity("properties(solids={})", "surface_energy_111", "error").symbol == "γ_hkl"


def test_costs_of_documents_are_known():
    results = Results.from_documents(islice((d for d in committed() if d["status"] == "ok"), 3))
    for _, method in results.methods():
        for document in method.done:
            keys = {(row[0], row[2], row[3]) for row in score_rows(document) if row[0] == "timing"}
            assert keys
            assert all(find_quantity(*key) for key in keys)
