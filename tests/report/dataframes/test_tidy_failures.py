"""Everything that gave no number, one row each."""

from __future__ import annotations

from example_documents import failed, measured, outcome

from mlffbench.report.dataframes.tidy_failures import tidy_failures
from mlffbench.report.results import Results


def test_fits_groups_tasks_and_doubtful_numbers_have_their_places():
    part = outcome("mace", test_failures=[{"test": "test_1200K", "kind": "internal error", "message": "no"}])
    part["scores"] = part["scores"][:1]
    odd = outcome("odd")
    odd["scores"][0]["unit"] = "kcal"
    skipping = measured("soft", 140.0, seed=3)
    table = tidy_failures(Results.from_documents([part, failed("gap", seed=2), odd, skipping]))
    assert table.columns.tolist() == [
        "problem", "method", "seed", "task", "test", "quantity", "kind", "message",
    ]  # fmt: skip
    rows = {row[0]: row[1:] for row in table.drop(columns="problem").values.tolist()}
    assert rows["mace"] == [0, "", "test_1200K", "", "internal error", "no"]
    assert rows["gap"] == [2, "", "", "", "out of memory", "17 GiB were asked for\nmore"]
    assert rows["odd"] == [0, "", "", "", "set aside", "forces rmse on test_300K is in 'kcal', not in eV/Å"]
    assert rows["soft"][:5] == [3, "properties", "diamond", "surface_energy_111", "skipped"]
    assert len(table) == 4
