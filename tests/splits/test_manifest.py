"""The split from a manifest file."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from example_splits import exported, same_structures, shuffled

from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.splits.common import manifest_file
from mlffbench.splits.manifest import manifest as manifest_split
from mlffbench.splits.official import official


def test_the_split_manifest_is_what_was_exported(tmp_path):
    file = tmp_path / "split.json"
    data = lennard_jones(9, 3)
    manifest_file.write(file, exported(data, official(data)))
    copy, order = shuffled(data)
    assert manifest_split(data, 5, str(file)).digest == official(data).digest
    assert same_structures(official(data), manifest_split(copy, file=str(file)), order)
    right = sha256(Path(file).read_bytes()).hexdigest()
    assert manifest_split(data, file=str(file), sha256=right).digest == official(data).digest
    with pytest.raises(ValueError, match="is not the manifest that was asked for: its sha256 is " + right):
        manifest_split(data, file=str(file), sha256="0" * 64)
