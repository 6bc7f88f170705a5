"""Facts of one case."""

from __future__ import annotations

from example_documents import failed, leaking, outcome, trained

from mlffbench.report.dataframes.case_sheet import case_sheet


def test_a_case_says_what_was_fitted_with_what_on_which_data():
    document = leaking(trained(outcome("soap", params={"cutoff": 5.0}), ignored=["stress"]), test_300K=3)
    document["case"]["budget"] = {"epochs": 100}
    document["model"] |= {
        "params": {"cutoff": 5.0, "sigma": None},
        "stopped_by": "epochs",
        "n_parameters": 12,
    }
    document["kept_model"] = {"sha256": "ab", "bytes": 1}
    facts = dict(case_sheet(document))
    assert facts["estimator"] == "soap(cutoff=5.0)"
    assert facts["parameters"] == "cutoff 5.0"
    assert facts["training stopped by"] == "epochs"
    assert facts["budget"] == "100 epochs"
    assert facts["fit"] == "10.0 s"
    assert facts["machine"] == "cpu EPYC, cores 2"
    assert facts["packages"] == "torch 2.13.0"
    assert (facts["dataset digest"], facts["split digest"]) == ("d0", "s0")
    assert facts["leaks"] == "leaky"
    assert facts["labels not used"] == "stress"
    assert facts["log"] == "logs/soap-0.log"
    assert facts["kept model"] == "models/soap-0.mlff"


def test_what_a_document_does_not_hold_is_left_out():
    facts = dict(case_sheet(failed("gap")))
    assert facts["failed"].startswith("out of memory: 17 GiB")
    assert not {"fit", "machine", "kept model", "dataset digest", "leaks"} & set(facts)
    assert "–" not in facts.values()
    assert "nan" not in " ".join(facts.values())
