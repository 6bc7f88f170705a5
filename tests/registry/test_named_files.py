"""Files and names of packaged weights: a typo in a name asks for no trust, a path always does."""

from __future__ import annotations

import pytest

from mlffbench import registry
from mlffbench.labelling.calculators.gpaw import GPAW

MACE, PRETRAINED = (registry.load("estimators", name) for name in ("mace", "pretrained"))


@pytest.mark.parametrize(
    ("target", "word", "text", "near"),
    [
        (MACE, "foundation", "mace-mp-0-smal", "did you mean 'mace-mp-0-small'"),
        (MACE, "foundation", "MACE-OFF23-small", "did you mean 'mace-off23-small'"),
        (MACE, "foundation", "x", "there are ['mace-mp-0-small', 'mace-off23-small']"),
        (PRETRAINED, "file", "mattersim", "did you mean 'calculator: mattersim'"),
        (PRETRAINED, "file", "mace-mp-0", "did you mean 'calculator: mace_mp'"),
    ],
)
def test_a_text_without_folder_and_ending_is_a_name(trust_nothing, target, word, text, near):
    name = target.__name__.lower()
    with pytest.raises(LookupError) as refused:
        registry.build("estimators", name, {word: text})
    said = f"{word!r} of estimator {name!r} is no file here: {text!r}; {near}"
    assert str(refused.value.args[0]).startswith(said)
    assert "trust" not in said


def test_paths_and_files_that_are_here_need_trust(trust_nothing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mace-mp-0-smal").write_bytes(b"")
    for file in ("mace-mp-0-smal", "./mace-mp-0-smol", "mace-mp-0-smol.model"):
        with pytest.raises(LookupError, match=r"is a pickle, .*; if you trust it, add --trust"):
            registry.build("estimators", "mace", {"foundation": file})
    assert registry.wrong_name(GPAW, "txt", "log") is None  # is written


def test_packaged_weights_are_no_files():
    assert registry.named_files(MACE, {"foundation": "mace-mp-0-small"}) == {}
    assert registry.named_files(MACE, {"foundation": "a.model", "seed": 1}) == {"foundation": "a.model"}
    assert registry.named_files(MACE, {"foundation": None}) == {}
