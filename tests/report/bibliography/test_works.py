"""Works behind results: of methods, also inside others, of data and of packages that were needed."""

from __future__ import annotations

import pytest
from example_documents import outcome
from pybtex.database import parse_string

from mlffbench import registry
from mlffbench.report.bibliography.reference import bibtex
from mlffbench.report.bibliography.works import works_of

CITATION = (
    "Y. Zuo et al., Performance and cost, J. Phys. Chem. A 124, 731 (2020), doi:10.1021/acs.jpca.9b08723"
)


def document(label, params=None, citation=CITATION):
    made = outcome(label, params=params)
    made["dataset"] = {**made["dataset"], "card": {**made["dataset"]["card"], "citation": citation}}
    packages = {"numpy": "2.4", "torch": "2.13.0", "dscribe": "2.1", "e3nn": "0.4.4"}
    made["provenance"] = {**made["provenance"], "packages": packages}
    return made


def keys(*documents):
    references, missing = works_of(documents)
    return set(parse_string(bibtex(references), "bibtex").entries), missing


def test_methods_data_and_needed_packages():
    found, missing = keys(document("mace"), document("morse"))
    assert found == {"mlffbench", "batatia2022", "morse1929", "girifalco1959", "zuo2020", "harris2020",
                     "paszke2019", "geiger2022"}  # fmt: skip
    assert missing == []
    assert "himanen2020" not in found, "dscribe was installed, but not needed"


def test_models_inside_models():
    committee = document("committee", {"model": {"mace": {"preset": "small"}}})
    assert "batatia2022" in keys(committee)[0]


def test_what_has_no_reference_is_named():
    found, missing = keys(
        document("my.module:Own", citation=None), document("atomic_reference", citation=None)
    )
    assert found == {"mlffbench", "harris2020"}
    assert missing == [
        "the method my.module:Own names no reference",
        "the data malonaldehyde have no citation",
    ]


@pytest.mark.parametrize("name", registry.names("estimators"))
def test_every_method_but_a_baseline_names_works_that_can_be_read(name):
    _, missing = keys(document(name))
    wrappers = ("committee", "delta_learning", "pretrained", "tuned")
    assert missing == [] or name in wrappers, missing
