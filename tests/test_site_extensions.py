"""Extensions of the site: texts as Markdown, pages of the repository, pages without data."""

from __future__ import annotations

import re

import pytest
from example_documentation import DOCS


@pytest.fixture(scope="module", autouse=True)
def extensions():
    """The extensions of the site can be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS / "_ext")
        yield


def test_signs_of_markdown_mean_themselves():
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
    assert turned("[a](tutorials/plot_10_x.py)", "docs") == "[a](/_gallery/tutorials/plot_10_x.rst)"
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
