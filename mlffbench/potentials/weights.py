"""Weights of published potentials that lie inside packages of the Python index, by their names."""

from __future__ import annotations

from pathlib import Path

from mlffbench.system.package_files import PackageFiles

__all__ = ["WEIGHTS", "weights_of"]

JANUS = "janus-core==0.8.2"
JANUS_ARCHIVE = ""
OTHER_PYTHON = (
    "--platform", "musllinux_1_2_x86_64", "--python-version", "39", "--implementation", "cp", "--abi", "cp39",
)  # fmt: skip
WEIGHTS: dict[str, PackageFiles] = {}


def weights_of(name: str) -> list[Path]:
    """Local paths of the files of a potential, downloaded if necessary.

    Raises
    ------
    ValueError, OSError
        They cannot be had here, see `mlffbench.system.package_files`.
    """
    return WEIGHTS[name].fetch()
