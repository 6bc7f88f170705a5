"""Fitted models that other programs run: files in those programs' own formats."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sklearn.utils.validation import check_is_fitted

from mlffbench.system import elsewhere
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.distant_model import model_file_of

__all__ = ["Export", "Exportable"]


@dataclass(frozen=True)
class Export:
    """Files that were written, and lines that use them: an ASE script or LAMMPS input."""

    files: tuple[Path, ...]
    usage: str


class Exportable:
    """An estimator whose fitted model can be written for other programs.

    A subclass defines `_exported`.

    Attributes
    ----------
    export_formats : mapping of str to str
        Suffix of the file by the name of its format.
    """

    export_formats: ClassVar[Mapping[str, str]]

    def export(self, path: Path | str, format: str | None = None, overwrite: bool = True) -> Export:
        """Write the fitted model for another program.

        Parameters
        ----------
        path : Path or str
            The first file; others that belong to it lie beside it, under names that begin alike.
        format : str, optional
            A key of `export_formats`; by default the one with the path's suffix.
        overwrite : bool
            Replace files that exist.

        Returns
        -------
        Export
            ``files`` that were written, and ``usage``, the lines that use them.

        Raises
        ------
        ValueError
            There is no such format.
        FileExistsError
            A file exists, and is not to be replaced.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        check_is_fitted(self)
        target = Path(path)
        if model_file_of(self) is not None:
            written, usage = elsewhere.export(self, str(target.absolute()), format, overwrite)
            return Export(tuple(written), usage)
        files, usage = self._exported(target, self._format(target, format))
        if present := [file for file in files if file.exists() and not overwrite]:
            raise FileExistsError(f"{present[0]} exists")
        for file, content in files.items():
            with atomic_write(file) as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
        return Export(tuple(files), usage)

    def _format(self, path: Path, name: str | None) -> str:
        """The format that was named, or that of the path's suffix."""
        known = self.export_formats
        if name is None:
            name = next((key for key, suffix in known.items() if path.suffix == suffix), None)
        if name is None or name not in known:
            listed = " or ".join(f"{suffix} ({key})" for key, suffix in known.items())
            asked = f"{name!r} is no format" if name else f"{path.name!r} has no suffix"
            raise ValueError(f"{asked} of {type(self).__name__}, which writes {listed}")
        return name

    @abstractmethod
    def _exported(self, target: Path, format: str) -> tuple[dict[Path, str | bytes], str]:
        """Contents of the files, and the lines that use them."""
