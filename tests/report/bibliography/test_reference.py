"""Lines of cards and docstrings as BibTeX that others can read."""

from __future__ import annotations

import pytest
from pybtex.database import parse_string

from mlffbench.report.bibliography.reference import bibtex, read_references


def entry(text):
    """The only entry, as pybtex reads it."""
    (only,) = parse_string(bibtex(read_references(text, "x")), "bibtex").entries.values()
    return only


def authors(read):
    return [str(person) for person in read.persons["author"]]


def test_an_article_with_title_doi_and_preprint():
    read = entry(
        "A. S. Christensen and O. A. von Lilienfeld, On the role of gradients for machine learning of "
        "molecular energies and forces, Mach. Learn.: Sci. Technol. 1, 045018 (2020), "
        "doi:10.1088/2632-2153/abba6f, arXiv:2007.09593"
    )
    assert (read.type, read.key) == ("article", "christensen2020")
    assert authors(read) == ["Christensen, A. S.", "von Lilienfeld, O. A."]
    fields = dict(read.fields)
    assert fields["title"].startswith("On the role of gradients")
    assert fields["title"].endswith("energies and forces")
    assert [fields[k] for k in ("journal", "volume", "pages", "year", "doi", "eprint")] == [
        "Mach. Learn.: Sci. Technol.", "1", "045018", "2020", "10.1088/2632-2153/abba6f", "2007.09593",
    ]  # fmt: skip


def test_an_article_without_title_has_none():
    read = entry("A. P. Bartók, M. C. Payne, R. Kondor and G. Csányi, Phys. Rev. Lett. 104, 136403 (2010).")
    assert read.key == "bartok2010"
    assert authors(read)[-1] == "Csányi, G."
    assert "title" not in read.fields


def test_a_meeting_and_a_preprint():
    read = entry(
        "Batatia et al., MACE: Higher order equivariant message passing neural networks for fast and "
        "accurate force fields, NeurIPS 2022, arXiv:2206.07697. Code: https://github.com/ACEsuit/mace"
    )
    assert (read.type, read.key) == ("misc", "batatia2022")
    assert authors(read) == ["Batatia", "others"]
    assert read.fields["howpublished"] == "NeurIPS 2022"
    assert read.fields["title"].endswith("accurate force fields")
    assert read.fields["archiveprefix"] == "arXiv"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("R. Drautz, Phys. Rev. B 99, 014104 (2019). G. Dusson et al., J. Comput. Phys. 454, 110946 (2022).",
         ["drautz2019", "dusson2022"]),
        ("J. Behler and M. Parrinello, Phys. Rev. Lett. 98, 146401 (2007); J. Behler, J. Chem. Phys. 134, "
         "074106 (2011).", ["behler2007", "behler2011"]),
        ("N. Thomas et al., Tensor field networks, arXiv:1802.08219. M. Geiger and T. Smidt, e3nn, "
         "arXiv:2207.09453.", ["geiger2022", "thomas2018"]),
        ("Code: https://github.com/ICAMS/grace-tensorpotential", []),
    ],
)  # fmt: skip
def test_works_of_a_paragraph_are_told_apart(text, keys):
    assert list(parse_string(bibtex(read_references(text, "x")), "bibtex").entries) == keys


def test_a_work_that_two_used_stands_once_and_equal_keys_get_letters():
    one = list(read_references("C. Li, Phys. Rev. B 1, 2 (2020).", "a"))
    same = list(read_references("C. Li, A title, Phys. Rev. B 1, 2 (2020).", "b"))
    other = list(read_references("D. Li, Phys. Rev. B 3, 4 (2020).", "c"))
    entries = parse_string(bibtex([*one, *same, *other]), "bibtex").entries
    assert list(entries) == ["li2020", "li2020b"]
    notes = sorted(read.fields["note"] for read in entries.values())
    assert notes == ["Used for a, b", "Used for c"]
    assert "A title" in [read.fields.get("title") for read in entries.values()]


@pytest.mark.parametrize(
    "text", ["my data }{ 50 % & more_of $it #1 \\input{x}", "unpublished", "}", "@article{"]
)
def test_any_text_is_an_entry_that_can_be_read(text):
    assert entry(text).type == "misc"
