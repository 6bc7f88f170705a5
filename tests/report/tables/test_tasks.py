"""Tables of what tasks measured."""

from __future__ import annotations

from mlffbench.report.dataframes.failures import failures
from mlffbench.report.results import Results
from mlffbench.report.tables.sections import sections


def table(documents, id):
    (section,) = sections(Results.from_documents(documents))
    return next(table for table in section.tables if table.id == id)


def test_a_structure_is_a_table_of_its_quantities_beside_the_reference(measured_documents):
    diamond = table(measured_documents, "tasks/properties/diamond")
    assert diamond.title == "Task properties: diamond"
    assert [name for name, *_ in diamond.columns] == ["quantity", "unit", "reference", "soft", "stiff"]
    (row,) = diamond.rows
    assert [c.text for c in row.cells] == ["C11", "GPa", "150", "142 (8.00)", "165 (15.0)"]
    errors = table(measured_documents, "tasks/physics/Si8")
    assert [c.text for c in errors.rows[0].cells] == ["smoothness, energy jump", "eV/atom", "0.100", "0.100"]


def test_a_reference_of_another_level_is_marked(measured_documents):
    level = {"level": "experiment", "labels": "PBE", "differs": True}
    marked = [{**document, "reference": level} for document in measured_documents]
    diamond = table(marked, "tasks/properties/diamond")
    assert [c.text for c in diamond.rows[0].cells][2:] == ["150", "142 (8.00)¶", "165 (15.0)¶"]
    assert diamond.caption.endswith(
        "¶: the reference is at another level of theory than the labels, see Careful."
    )
    errors = table(marked, "tasks/physics/Si8")
    assert "¶" not in errors.caption + "".join(c.text for c in errors.rows[0].cells), "it has no reference"
    same = table(measured_documents, "tasks/properties/diamond")
    assert "¶" not in same.caption + "".join(c.text for c in same.rows[0].cells)


def test_what_was_skipped_is_one_row_a_reason(measured_documents):
    measured_documents[2]["task_failures"][0]["message"] = "the slab did not relax"
    rows = [[c.text for c in row.cells] for row in table(measured_documents, "skipped").rows]
    assert rows == [
        ["properties", "diamond surface energy 111", "no reference value", "soft"],
        ["properties", "diamond surface energy 111", "the slab did not relax", "stiff"],
    ]
    assert failures(Results.from_documents(measured_documents)).empty, "a skip is no failure"


def test_a_task_is_called_by_its_name_unless_there_are_two(measured_documents):
    for document in measured_documents:
        document["scores"][1]["task"] = "properties(solids={'mesh': 8})"
        document["scores"].append({**document["scores"][2], "task": "physics(n_lines=8)"})
    (section,) = sections(Results.from_documents(measured_documents))
    assert [table.title for table in section.blocks["tasks"]] == [
        "Tasks passed",
        "Task properties: diamond",
        "Task physics: Si8",
        "Task physics(n lines=8): Si8",
    ]
