"""Docstrings as plain texts."""

from __future__ import annotations

import re

import pytest

from mlffbench import registry
from mlffbench.registry.description import describe
from mlffbench.registry.docstring import plain_words, read_docstring

TEXT = """Fit ``x`` to `y` [1]_ [2]_, not the authors' code [1]_.

    More on ``x`` [2]_,
    on two lines.

    Parameters
    ----------
    n, m : int, optional
        Numbers.
    z

    Other Parameters
    ----------------
    late : {"a", "b"}
        One or

        the other.

    Raises
    ------
    ValueError
        Never.

    Notes
    -----
    O(n³).

    References
    ----------
    .. [1] A. Uthor, J. 1, 2
       (2020).
    .. [2] B.
    """


def test_all_sections_are_read():
    doc = read_docstring(TEXT)
    assert doc.summary == "Fit x to y, not the authors' code."
    assert doc.extended == ("More on x [2], on two lines.",)
    assert [e.names for e in doc.entries["Parameters"]] == [("n", "m"), ("z",)]
    assert doc.entry("m").kind == "int, optional"
    assert doc.entry("z").text == ""
    assert doc.entry("late").text == "One or the other."
    assert doc.entry("ValueError", "Raises").text == "Never."
    assert doc.entry("absent") is None
    assert doc.notes == ("O(n³).",)
    assert doc.references == ("[1] A. Uthor, J. 1, 2 (2020).", "[2] B.")


def test_references_without_numbers_stand_one_a_line():
    doc = read_docstring("S.\n\nReferences\n----------\nA, J. 1 (2020).\nB, J. 2 (2021).\n")
    assert doc.references == ("A, J. 1 (2020).", "B, J. 2 (2021).")


def test_a_base_class_describes_what_the_class_does_not():
    own = read_docstring(
        "S.\n\nParameters\n----------\na : int\n    Own.\n\nOther Parameters\n---\n{shared}\n"
    )
    base = read_docstring("B.\n\nParameters\n----------\na : int\n    Base.\nb : str\n    More.\n")
    merged = own.completed(base)
    assert (merged.entry("a").text, merged.entry("b").text, merged.summary) == ("Own.", "More.", "S.")
    assert merged.entry("{shared}") is None


@pytest.mark.parametrize("text", [None, "", "One line", "Head\n----"])
def test_odd_docstrings_are_no_error(text):
    read_docstring(text)


def test_no_markup_is_left_in_any_name_of_ours():
    markup = re.compile(r"`|\]_|\.\. \[|:[a-z]+:")
    for kind in registry.KINDS:
        for name in registry.names(kind):
            doc = describe(kind, name).doc
            entries = [e for group in doc.entries.values() for e in group]
            texts = [doc.summary, *doc.extended, *doc.notes, *doc.references]
            texts += [text for e in entries for text in (e.kind, e.text)]
            assert not [text for text in texts if markup.search(text)], (kind, name)


def test_links_and_roles_are_plain():
    assert (
        plain_words("see `the page <https://a.b>`_ and :func:`~x.y`") == "see the page (https://a.b) and x.y"
    )
