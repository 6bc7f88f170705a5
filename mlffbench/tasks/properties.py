"""What a potential predicts of matter: lattices, stiffness, phonons; geometries, vibrations, barriers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlffbench.data import Dataset, Split
from mlffbench.forcefield import ForceField
from mlffbench.registry import parameters, suggest
from mlffbench.tasks.common.subtasks import Row, needs, skipped, units
from mlffbench.tasks.crystals.crystal import solids as of_solids
from mlffbench.tasks.molecules.molecule import molecules as of_molecules

__all__ = ["properties"]


@needs("forces")
def properties(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    solids: Mapping[str, Any] | None = None,
    molecules: Mapping[str, Any] | None = None,
) -> list[Row]:
    """Properties of the dataset's reference structures, against the numbers that are known of them.

    **Crystals**: equation of state and bulk modulus, lattice and elastic constants, phonons, vacancy and
    surface energies, energies and order of phases, thermal expansion. **Molecules**: geometry at rest,
    harmonic wavenumbers, torsion and reaction path with their barriers, breaking of bonds, conformers.

    What a number is compared with is, first, the dataset's own potential where its labels come from one that
    can be asked (``reference.truth``), by the very same function; else what is stored with the dataset
    (``reference.values``), or the labels of a test group along a path. What has no reference is skipped with
    that reason. Every property is a piece of its own: one that fails is a row.

    Parameters
    ----------
    solids : mapping, optional
        Keywords for crystals: ``include`` (of ``equation_of_state``, ``elastic``, ``phonons``, ``vacancy``,
        ``surface``, ``phases``, ``thermal_expansion``), ``min_length`` (Å, of supercells), ``mesh``,
        ``surfaces``, ``thickness`` (Å), ``temperatures`` (K), ``fmax`` (eV/Å).
    molecules : mapping, optional
        Keywords for molecules: ``include`` (of ``geometry``, ``frequencies``, ``torsion``,
        ``reaction_path``, ``dissociation``, ``conformers``), ``permutation``, ``mirror``, ``dihedral``,
        ``bonds``, ``n_images``, ``fmax``, ``path_fmax`` (eV/Å), ...

    Raises
    ------
    LookupError
        There is no such property or keyword.
    """
    _check("solids", of_solids, solids)
    _check("molecules", of_molecules, molecules)
    if dataset.reference is None or not dataset.reference.structures:
        return [skipped("", "", f"{dataset.name} has no reference structures")]
    periodic = {bool(atoms.pbc.any()) for atoms in dataset.reference.structures.values()}
    work = of_solids(model, dataset, split, seed, **(solids or {})) if True in periodic else {}
    if False in periodic:
        work |= of_molecules(model, dataset, split, seed, **(molecules or {}))
    return units(work)


def _check(word: str, pieces: Callable[..., Any], keywords: Mapping[str, Any] | None) -> None:
    """Every keyword must be one that the pieces know."""
    known = parameters(pieces, skip=("model", "dataset", "split", "seed"))
    for keyword in keywords or ():
        if keyword not in known:
            raise LookupError(f"{word!r} of properties has no keyword {keyword!r}{suggest(keyword, known)}")
