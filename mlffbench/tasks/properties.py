"""Properties of crystals and molecules: lattices, stiffness, phonons; geometries, vibrations, barriers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from mlffbench.data import Dataset, Split
from mlffbench.forcefield import ForceField
from mlffbench.registry import load, names, suggest
from mlffbench.tasks.common.settings import from_keywords
from mlffbench.tasks.common.subtasks import Row, Subtask, needs, run_subtasks, skipped_row
from mlffbench.tasks.crystals.crystal import Crystal, CrystalSettings
from mlffbench.tasks.molecules.molecule import Molecule, MoleculeSettings

__all__ = ["properties"]

SUBJECTS = ("crystal", "molecule")  # files of the two folders that measure nothing


@needs("forces")
def properties(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    solids: Annotated[Mapping[str, Any], CrystalSettings] | None = None,
    molecules: Annotated[Mapping[str, Any], MoleculeSettings] | None = None,
) -> list[Row]:
    """Properties of the dataset's reference structures, against the numbers that are known of them.

    **Crystals**: equation of state and bulk modulus, lattice and elastic constants, phonons, vacancy and
    surface energies, energies and order of phases, thermal expansion. The equation of state is measured of
    every structure, the rest of the first one, the ground state. **Molecules**: geometry at rest, harmonic
    wavenumbers, labelled profiles, torsion and reaction path with their barriers, breaking of bonds,
    conformers; all begin with the model's own minimum next to the reference's, relaxed from structures that
    are rattled a little (`seed`).

    A number is compared, first, with that of the dataset's own potential if a calculator made the labels
    (``reference.truth``), by the very same function; else with the number stored in the dataset
    (``reference.values``), or the labels of a test group along a path. A number without a reference is a
    skipped row with that reason. Every property is a subtask of its own: one that fails is a row.

    Parameters
    ----------
    solids : mapping, optional
        Keywords of `mlffbench.tasks.crystals.crystal.CrystalSettings`: ``include`` (any of
        ``equation_of_state``, ``elastic``, ``phonons``, ``vacancy``, ``surface``, ``phases``,
        ``thermal_expansion``; by default all but the last), ``min_length`` (Å, of supercells), ``mesh``,
        ``surfaces``, ``thickness`` (Å), ``temperatures`` (K), ``fmax`` (eV/Å).
    molecules : mapping, optional
        Keywords of `mlffbench.tasks.molecules.molecule.MoleculeSettings`: ``include`` (any of ``geometry``,
        ``vibrations``, ``profiles``, ``torsion``, ``reaction_path``, ``dissociation``, ``conformers``; by
        default all), ``n_images``, ``fmax``, ``path_fmax`` (eV/Å), ``n_points``, ``longest`` (Å); atoms and
        paths, by default those that the card names under ``molecule``: ``permutation``, ``mirror``,
        ``path_group``, ``saddle``, ``dihedral``, ``bonds``, ``profiles``.

    Raises
    ------
    LookupError
        There is no such property or keyword.
    """
    crystals = from_keywords(CrystalSettings, solids, "'solids' of properties")
    molecular = _molecule_settings(dataset, molecules)
    _check_names("crystals", crystals.include)
    _check_names("molecules", molecular.include)
    if dataset.reference is None or not dataset.reference.structures:
        return [skipped_row("", "", f"{dataset.name} has no reference structures")]
    subtasks: dict[str, Subtask] = {}
    if crystal := Crystal.ground_state(model, dataset, crystals):
        subtasks |= _subtasks("crystals", crystal, crystals.include)
    if not all(atoms.pbc.any() for atoms in dataset.reference.structures.values()):
        molecule = Molecule(model, dataset, split, seed, molecular)
        subtasks |= _subtasks("molecules", molecule, molecular.include)
    return run_subtasks(subtasks)


def _molecule_settings(dataset: Dataset, keywords: Mapping[str, Any] | None) -> MoleculeSettings:
    """Return the settings of the card with the keywords set."""
    from_keywords(MoleculeSettings, keywords, "'molecules' of properties")
    card = dataset.card.get("molecule")
    where = f"'molecule' of the card of {dataset.name}"
    return replace(from_keywords(MoleculeSettings, card, where), **(keywords or {}))


def _check_names(folder: str, include: Sequence[str]) -> None:
    """Raise unless every property is a file of the folder."""
    known = [name for name in names(f"tasks/{folder}") if name not in SUBJECTS]
    for name in include:
        if name not in known:
            raise LookupError(f"no property of {folder} {name!r}{suggest(name, known)}")


def _subtasks(folder: str, subject: Crystal | Molecule, include: Sequence[str]) -> dict[str, Subtask]:
    """Return the subtasks of the properties, in their order."""
    return {
        name: subtask
        for property_ in include
        for name, subtask in load(f"tasks/{folder}", property_)(subject).items()
    }
