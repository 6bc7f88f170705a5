"""Files that a suite's entries name: what is read must be here, folders too; what is written need not."""

from __future__ import annotations

import pytest

from mlffbench.data import Spec
from mlffbench.harness.planning.requirements import unmet_requirements


@pytest.fixture
def sentences(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "potential").mkdir()
    (tmp_path / "a.mlff").write_bytes(b"no archive")

    def of(kind, name, **params):
        return [text for _, text in unmet_requirements(kind, Spec(name, params), elsewhere=True)]

    return of


def test_a_file_that_is_not_here(sentences):
    absent = "mace: there is no foundation 'b.model' here"
    assert sentences("estimators", "mace", foundation="b.model") == [absent]
    assert sentences("estimators", "mace", foundation="mace-mp-0-small") == []
    (sentence,) = sentences("estimators", "mace", foundation="mace-mp-0-smal")
    assert sentence.startswith("mace: 'foundation' is no file here: 'mace-mp-0-smal'; did you mean")
    unsaved = "pretrained: 'a.mlff' is not a model that mlffbench saved"
    assert sentences("estimators", "pretrained", file="a.mlff") == [unsaved]


def test_a_folder_is_one(sentences):
    assert sentences("calculators", "m3gnet", folder="potential") == []
    absent = "m3gnet: there is no folder 'a.mlff' here"
    assert sentences("calculators", "m3gnet", folder="a.mlff") == [absent]


def test_a_log_is_not_here_before_it_is_written(sentences):
    assert sentences("calculators", "gpaw", txt="gpaw.log") == []
