"""Tables of what tasks measured."""

from __future__ import annotations

from example_documents import outcome, score

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


def counted(label, seed=0, **trials):
    """A document with one of its failed trajectories, imaginary modes, and an error without interval."""
    shares = {
        "failures": score("300 K", 0.25, "failures", "", 0.5, "share"),
        "imaginary": score("minimum", 2.0, "wavenumbers", "", None, "imaginary"),
        "mae": score("minimum", 9.5, "wavenumbers", "1/cm", None, "mae"),
    }
    tasks = {"failures": "md", "imaginary": "properties", "mae": "properties"}
    own = [
        {**row, "task": tasks[name], **({"trials": trials[name]} if name in trials else {})}
        for name, row in shares.items()
    ]
    return outcome(label, seed=seed, scores=[score("test_300K", 0.02), *own])


def cells_of(shown, method):
    """Texts of a method's cells by quantity."""
    place = [name for name, *_ in shown.columns].index(method)
    return {row.cells[0].text: row.cells[place].text for row in shown.rows}


def test_counts_have_their_trials_and_older_documents_what_they_hold():
    documents = [counted("new", failures=4, imaginary=21), counted("old")]
    md = table(documents, "tasks/md/300 K")
    assert cells_of(md, "new") == {"failures, share": "1 of 4 (0.01 to 0.81)"}
    assert cells_of(md, "old") == {"failures, share": "0.25 ±0.12"}
    assert "Clopper and Pearson" in md.caption
    minimum = table(documents, "tasks/properties/minimum")
    assert cells_of(minimum, "new") == {"wavenumbers, imaginary": "2 of 21", "wavenumbers, mae": "9.50"}
    assert cells_of(minimum, "old") == {"wavenumbers, imaginary": "2.00", "wavenumbers, mae": "9.50"}
    assert "one result are no sample: no interval" in minimum.caption
    assert minimum.caption.endswith("Without an interval: one measurement.")


def test_trials_of_several_seeds_are_counted_together():
    documents = [counted("a", seed, failures=4) for seed in range(3)]
    (text,) = cells_of(table(documents, "tasks/md/300 K"), "a").values()
    assert text == "3 of 12 (0.05 to 0.57, 3 seeds)"
    mixed = [counted("a", 0, failures=4), counted("a", 1)]
    (text,) = cells_of(table(mixed, "tasks/md/300 K"), "a").values()
    assert " of " not in text, "one seed does not say of how many"
