"""Identity of mlffbench: version and source."""

from __future__ import annotations

import shutil

from mlffbench.harness.cluster import identity as file
from mlffbench.harness.cluster.identity import identity


def test_a_changed_line_is_another_identity(tmp_path, monkeypatch):
    own = identity()
    copy = tmp_path / "mlffbench"
    shutil.copytree(file.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(file, "PACKAGE", copy)
    assert file.identity.__wrapped__() == own
    with (copy / "data.py").open("a") as source:
        source.write("\n")
    assert file.identity.__wrapped__() != own
