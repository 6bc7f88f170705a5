"""Formats of the field that are not read, each with the way to convert it."""

from __future__ import annotations

import lzma
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from ase.io.formats import open_with_compression

__all__ = ["refuse_foreign"]

HEAD = 4096  # bytes
COMPRESSED = (".gz", ".xz", ".bz2")
TO_XYZ = "write its frames into extended xyz (energy in eV, forces in eV/Å)"
DPDATA = "convert it with dpdata to 'deepmd/npy', and give that folder"


@dataclass(frozen=True)
class Foreign:
    """A format: patterns of its names and of its first bytes, of which one suffices, and a sentence on it."""

    sentence: str
    name: str | None = None
    head: bytes | None = None

    def fits(self, file: Path, head: bytes) -> bool:
        """True for a file of this format."""
        names = (file.name, file.stem) if file.suffix in COMPRESSED else (file.name,)
        by_name = self.name is not None and any(re.fullmatch(self.name, n, re.IGNORECASE) for n in names)
        return bool(by_name or (self.head is not None and re.search(self.head, head)))


FORMATS = (
    Foreign("text in UTF-16; save it as UTF-8", head=rb"^(\xff\xfe|\xfe\xff)"),
    Foreign("text that begins with a byte-order mark; save it as UTF-8 without one", head=rb"^\xef\xbb\xbf"),
    Foreign(
        "text whose lines end as on an old Macintosh (CR); end them with LF", head=rb"\A\s*\d+ *\r[^\n]*\Z"
    ),
    Foreign(
        f"the .cfg of MTP (MLIP), which numbers its types and does not name their elements; {TO_XYZ}",
        head=rb"^\s*BEGIN_CFG",
    ),
    Foreign(
        "a LAMMPS dump, which has no energy of the frame, and units that depend on the run; join it with the "
        f"energies of the log: {TO_XYZ}",
        head=rb"^\s*ITEM: (TIMESTEP|UNITS|TIME|NUMBER)",
    ),
    Foreign(
        f"the training data of VASP's force field (ML_AB); give the OUTCAR or vasprun.xml, or {TO_XYZ}",
        r"ML_ABN?",
    ),
    Foreign("VASP's XDATCAR, which has no energies; give the OUTCAR or vasprun.xml of the run", r"XDATCAR.*"),
    Foreign(
        f"an HDF5 file, whose layout differs from set to set (ANI, SPICE, QM7-X, vaspout.h5); {TO_XYZ}",
        head=rb"^\x89HDF",
    ),
    Foreign(
        f"an output of ABACUS; {DPDATA}", r"running_.*\.log|STRU", rb"ABACUS|Atomic-orbital Based Ab-initio"
    ),
    Foreign(
        f"the text output of CP2K; give its '-pos-1.xyz', or {DPDATA}", head=rb"(?m)^ (CP2K|DBCSR|GLOBAL)\| "
    ),
    Foreign(
        "the XML of Quantum ESPRESSO; give the text output of pw.x", r"data-file.*\.xml", rb"<qes:espresso"
    ),
    Foreign(
        f"a pickle, which may run code when it is opened; {TO_XYZ}",
        r".*\.(pkl|pckl|pickle|p)(\.(gz|gzip|xz|bz2))?",
    ),
    Foreign(f"a PyTorch file; {TO_XYZ}", r".*\.(pt|pth)"),
    Foreign(f"a table of its own layout; {TO_XYZ}", r".*\.(csv|parquet|feather|msgpack|mat)"),
    Foreign(
        "a single array; give an .npz with numbers, positions, energies and forces, or DeePMD-kit's folder "
        "with type.raw and type_map.raw",
        r".*\.npy",
    ),
    Foreign(f"a LMDB that ASE did not write; {TO_XYZ}, or an .aselmdb", r".*\.lmdb"),
    Foreign("an archive of several files; unpack it", r".*\.(zip|tar|tgz|tar\.gz|tar\.xz|tar\.bz2|7z)"),
    Foreign("compressed by gzip; give it the suffix .gz", head=rb"^\x1f\x8b"),
    Foreign("compressed by xz; give it the suffix .xz", head=rb"^\xfd7zXZ"),
    Foreign("compressed by bzip2; give it the suffix .bz2", head=rb"^BZh[1-9]1AY"),
)


def refuse_foreign(file: Path) -> None:
    """Refuse a file of a format that is not read.

    Raises
    ------
    ValueError
        The format, and how to convert it.
    """
    if file.is_dir():
        return
    head = _head(file)
    for known in FORMATS:
        if known.fits(file, head):
            raise ValueError(f"{file.name} is {known.sentence}")


def _head(file: Path) -> bytes:
    """First bytes, unpacked; none of a damaged archive, which is refused later."""
    try:
        with open_with_compression(str(file), "rb") as stream:
            return bytes(stream.read(HEAD))
    except (OSError, EOFError, lzma.LZMAError, zlib.error):
        return b""
