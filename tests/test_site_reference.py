"""Reference of the site: every name of the package has a page, with its parts in one order."""

from __future__ import annotations

import re

import pytest
from example_documentation import DOCS

from mlffbench import registry
from mlffbench.cli.property.catalogue import property_names
from mlffbench.harness.planning.suite_schema import suite_schema
from mlffbench.report.quantities.catalogue import QUANTITIES


@pytest.fixture(scope="module", autouse=True)
def extensions():
    """The extensions of the site can be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS / "_ext")
        yield


@pytest.fixture(scope="module")
def files(extensions):
    from reference import reference_files

    return reference_files()


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_name_of_the_registry_has_a_page(files, kind):
    assert {f"{kind}/{name}.md" for name in registry.names(kind)} <= files.keys()


def test_every_property_quantity_keyword_and_command_is_there(files):
    assert {f"properties/{name}.md" for name in property_names()} <= files.keys()
    text = "\n".join(text for path, text in files.items() if path.startswith("quantities/"))
    assert len(re.findall("^## ", text, flags=re.M)) == len(QUANTITIES)
    keywords = re.findall("^## (.*)$", files["suite/suite.md"].replace("\\", ""), flags=re.M)
    assert keywords == list(suite_schema()["properties"])
    assert {"commands/run.md", "commands/data-check.md", "commands/results-sql.md"} <= files.keys()
    assert "| `value` | number or null | yes |" in files["documents/document.md"].partition("## score\n")[2]
    assert ".. autofunction:: mlffbench.load_results" in files["functions/mlffbench.md"]


def test_parts_stand_in_one_order(files):
    from reference.page import ORDER

    for path, text in files.items():
        if path.startswith(("estimators/", "datasets/", "tasks/", "commands/")) and "/index" not in path:
            parts = re.findall("^## (.*)$", text, flags=re.M)
            assert parts == [part for part in ORDER if part in parts], path


def test_a_method_shows_its_settings_results_and_licence(files):
    page = files["estimators/soap_gpr.md"]
    assert "- `n_sparse` (`int`, default `2000`)\n\n  Sparse points of each element" in page
    assert "[quickstart](/_repository/results/quickstart/leaderboard.md)" in page
    assert "| 9.3 ±1.4 |" in page  # as results/quickstart/leaderboard.md has it
    assert "## Licence\n\nMIT" in page
    assert "### Search space" in page


def test_a_dataset_shows_its_card(files):
    page = files["datasets/acac.md"]
    assert "PBE-D3/def2-SVP" in page
    assert "## Licence\n\nMIT" in page
    assert "### Published" in page


def test_signs_of_markdown_mean_themselves(files):
    from reference.markdown import inline, table

    assert inline("a*b and x_1 in `f(x|y)`, <b>") == r"a\*b and x\_1 in `f(x|y)`, \<b\>"
    assert (
        inline("arXiv:2206.07697 (MACE)") == "[arXiv:2206.07697](<https://arxiv.org/abs/2206.07697>) (MACE)"
    )
    assert table(["a"], []) == ""
    assert table(["a"], [["`x|y`"]]).splitlines()[-1] == r"| `x\|y` |"


def test_links_of_the_repository_become_pages():
    from repository_pages import repository_pages, turned, without_skipped_levels

    assert turned("[a](../results/peers/mace.json)", "docs") == "[a](/_repository/results/peers/mace.json.md)"
    assert turned("[a](suites.md#b), [c](https://x.y)", "docs") == "[a](/suites.md#b), [c](https://x.y)"
    assert without_skipped_levels("# a\n### b\n#### c\n## d\n") == "# a\n## b\n### c\n## d\n"
    pages = repository_pages(DOCS)
    assert "[ace.json](/_repository/results/peers/ace.json.md)" in pages["results/peers/index.md"]
    assert "results/families/leaderboard.md" in pages


def test_data_that_are_not_there_are_said(tmp_path, monkeypatch):
    """A page that needs a public dataset, without a mirror and without a network."""
    import unexecuted_pages

    monkeypatch.setattr(unexecuted_pages, "_absence", lambda name: f"no {name}")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "plot_10_x.py").write_text('load_dataset("acac")\nload_dataset("malonaldehyde")\n')
    (tmp_path / "a" / "plot_20_y.py").write_text('load_dataset("malonaldehyde")\n')
    reasons = unexecuted_pages.pages_without_data(tmp_path, ["a"])
    assert reasons == {"_gallery/a/plot_10_x": "no acac"}
    executed = re.compile(unexecuted_pages.executed_pattern(reasons))
    assert [bool(executed.search(f"/docs/a/{name}.py")) for name in ("plot_10_x", "plot_20_y")] == [
        False,
        True,
    ]
