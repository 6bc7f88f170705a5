"""leaderboard.md."""

from __future__ import annotations

import pytest
from example_documents import leaking, outcome

from mlffbench.report.formats import markdown
from mlffbench.report.results import Results


def rendered(*documents):
    return markdown.render(Results.from_documents(documents), "suite")


def test_a_leaky_group_is_marked_wherever_its_errors_stand():
    text = rendered(leaking(outcome("soap"), test_1200K=3), leaking(outcome("mace", 0.03), test_1200K=3))
    assert "3 of 50 frames of test_1200K have a copy in the training set" in text
    board, transfer = text.split("### Force RMSE by test group")
    assert board.count("60.0 ±6.0‡ on test_1200K") == 1, "the worst group of soap"
    assert "20.0 ±2.0 |" in board
    line = next(line for line in transfer.splitlines() if line.startswith("| soap"))
    cells = [c.strip() for c in line.split("|")]
    assert [c for c in cells if c.endswith("‡")] == [r"60.0 ±6.0 (3.00× \[2.60, 3.46])‡"]
    in_domain = rendered(leaking(outcome("soap"), test_300K=1))
    assert "20.0 ±2.0‡" in in_domain


def test_a_split_without_leaks_has_no_mark():
    text = rendered(leaking(outcome("soap")))
    assert "leaky" not in text
    assert "‡" not in text.split("## How to read this")[0]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("LJ [w/o stress] [/fast]", r"LJ \[w/o stress] \[/fast]"),
        ("*best* `of` ~~all~~", r"\*best\* \`of\` \~\~all\~\~"),
        ("_a_ soap_gpr __b", r"\_a\_ soap_gpr \_\_b"),
        ("a|b\\|c", r"a\|b\\\|c"),
        ("$x$ <b>&amp;", r"\$x\$ &lt;b&gt;&amp;amp;"),
        (":fire: 1:2", r"\:fire: 1:2"),
    ],
)
def test_a_name_is_shown_as_it_is_written(name, shown):
    assert f"| {shown} |" in rendered(outcome(name))
