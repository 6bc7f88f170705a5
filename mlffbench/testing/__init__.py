"""Contract of estimators as functions, also for your own estimators: ``check_forcefield(MyModel)``."""

from __future__ import annotations

from collections.abc import Callable

from mlffbench.forcefield import ForceField
from mlffbench.testing.derivatives import forces_are_minus_the_gradient, stress_is_the_strain_derivative
from mlffbench.testing.examples import EXAMPLES, Fitted, alloys, fitted, molecules, refusal, solids
from mlffbench.testing.extensivity import (
    a_single_atom_has_no_force,
    a_supercell_is_n_cells,
    molecules_and_crystals_may_be_mixed,
    one_by_one_is_the_batch,
    sizes_may_be_mixed,
    two_far_copies_are_twice_one,
)
from mlffbench.testing.labels import (
    energies_alone_are_enough,
    missing_labels_stay_missing,
    uncertainties_are_positive,
)
from mlffbench.testing.lifecycle import (
    a_partial_fit_goes_on,
    constructor_only_remembers,
    inputs_stay_unchanged,
    predicting_unfitted_is_an_error,
    refit_is_a_fresh_fit,
    the_calculator_agrees,
)
from mlffbench.testing.refusals import non_atoms_are_refused, unseen_elements_are_refused
from mlffbench.testing.serialization import pickle_keeps_predictions, save_keeps_predictions
from mlffbench.testing.symmetries import (
    order_of_training_atoms_changes_nothing,
    order_of_training_frames_changes_nothing,
    other_cell_vectors_change_nothing,
    permutation_permutes_the_forces,
    rotation_rotates_the_forces,
    translation_changes_nothing,
)

__all__ = [
    "EXAMPLES",
    "FORCEFIELD_CHECKS",
    "Fitted",
    "alloys",
    "check_forcefield",
    "fitted",
    "molecules",
    "refusal",
    "solids",
]

FORCEFIELD_CHECKS: tuple[Callable[[Fitted], None], ...] = (
    forces_are_minus_the_gradient,
    stress_is_the_strain_derivative,
    translation_changes_nothing,
    permutation_permutes_the_forces,
    order_of_training_atoms_changes_nothing,
    order_of_training_frames_changes_nothing,
    rotation_rotates_the_forces,
    other_cell_vectors_change_nothing,
    two_far_copies_are_twice_one,
    a_supercell_is_n_cells,
    one_by_one_is_the_batch,
    sizes_may_be_mixed,
    molecules_and_crystals_may_be_mixed,
    a_single_atom_has_no_force,
    uncertainties_are_positive,
    energies_alone_are_enough,
    missing_labels_stay_missing,
    constructor_only_remembers,
    predicting_unfitted_is_an_error,
    refit_is_a_fresh_fit,
    a_partial_fit_goes_on,
    pickle_keeps_predictions,
    save_keeps_predictions,
    non_atoms_are_refused,
    unseen_elements_are_refused,
    the_calculator_agrees,
    inputs_stay_unchanged,
)


def check_forcefield(cls: type[ForceField]) -> None:
    """Run every check of the contract on molecules, on crystals and on small cells of alloys.

    The class must refuse frames that it does not support with a ValueError.

    Raises
    ------
    AssertionError
        A check failed; the message describes the first failure.
    ImportError
        The class needs a framework that is not installed.
    """
    for dataset in EXAMPLES:
        data = dataset()
        if refusal(cls, data) is None:
            example = fitted(cls, data)
            for check in FORCEFIELD_CHECKS:
                check(example)
