"""NEP89, a published NEP4 network for 89 elements, out of the package NepTrainKit."""

from __future__ import annotations

import zipfile

from mlffbench.system.fetch import fetch

__all__ = ["nep89"]

WHEEL = "neptrainkit-2.5.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
FOLDER = "6c/e7/df6ee018a3a24dfd71388145ca37246ad47bcf3da71d9e535af609adbdab"
URL = f"https://files.pythonhosted.org/packages/{FOLDER}/{WHEEL}"
SHA256 = "ae5c607acd8f4e0384e2d7579225054aa5dff0fe6ab61ed0226922963a42dfe9"
SIZE = 8_034_591  # bytes
MEMBER = "NepTrainKit/Config/nep89.txt"


def nep89() -> str:
    """Text of the network; the wheel is downloaded once, and nothing in it is run.

    Raises
    ------
    DownloadError
        It is not here and cannot be downloaded.
    """
    wheel = fetch(URL, mirror=f"nep89/{WHEEL}", sha256=SHA256, size=SIZE)
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MEMBER).decode()
