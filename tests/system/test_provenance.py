"""Facts about the machine, and the fingerprint under which times compare."""

from __future__ import annotations

import torch

from mlffbench.system import provenance as module
from mlffbench.system.provenance import clocks, fingerprint, provenance


def test_a_setting_changes_the_fingerprint():
    before = fingerprint("cpu")
    torch.set_float32_matmul_precision("high")
    try:
        after = fingerprint("cpu")
    finally:
        torch.set_float32_matmul_precision("highest")
    differing = {name for name in before if before[name] != after[name]}
    assert "float32_matmul_precision" in differing
    assert differing <= {"float32_matmul_precision", "cuda_matmul_allow_tf32"}
    assert fingerprint("cpu") == before


def test_threads_versions_and_device_are_in_the_fingerprint():
    facts = fingerprint("cpu")
    assert facts["torch_threads"] == torch.get_num_threads()
    assert facts["torch version"] == torch.__version__
    assert facts["device"] == "cpu"
    assert "torch_default_dtype" not in facts, "the precision is the model's"
    assert not {"cpu_mhz", "load_average"} & set(facts), "they change from moment to moment"


def test_clocks_are_kept_beside(tmp_path, monkeypatch):
    governor = tmp_path / "governor"
    governor.write_text("performance\n")
    monkeypatch.setattr(module, "GOVERNOR", governor)
    assert clocks()["cpu_governor"] == "performance"
    assert fingerprint()["governor"] == "performance"
    assert provenance()["clocks"]["cpu_governor"] == "performance"
    monkeypatch.setattr(module, "GOVERNOR", tmp_path / "none")
    assert "cpu_governor" not in clocks()
