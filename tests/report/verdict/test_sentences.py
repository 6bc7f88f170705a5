"""The verdict on a problem, from documents whose numbers are known."""

from __future__ import annotations

from example_clusters import clustered
from example_documents import failed, outcome, without

from mlffbench.report.formats import markdown
from mlffbench.report.results import Results
from mlffbench.report.tables.sections import sections
from mlffbench.report.verdict.sentences import divided


def verdict(*documents):
    (section,) = sections(Results.from_documents(documents))
    return section.verdict


def fast(document, factor):
    """The document with other times of its predictions."""
    predict = {
        test: {**times, "evaluate_seconds": times["evaluate_seconds"] * factor, "prepare_seconds": 0.0}
        for test, times in document["timings"]["predict"].items()
    }
    return {**document, "timings": {**document["timings"], "predict": predict}}


def test_the_first_sentence_stands_apart(documents):
    text = verdict(*documents)
    opening, rest = divided(text)
    assert opening.startswith("Best here: ")
    assert opening.endswith(" close.")
    assert f"{opening} {rest}" == text
    assert divided("Best here: a, 9.3 ±1.4 meV/Å.") == ("Best here: a, 9.3 ±1.4 meV/Å.", "")


def test_methods_that_cannot_be_told_apart_are_named(documents):
    text = verdict(*documents)
    assert "Best here: best, force RMSE 20.0 ±2.0 meV/Å on test_300K (one seed)" in text
    assert "; not told apart from close." in text
    assert "Not comparable or failed: gap (out of memory)." in text


def test_the_pair_decides_who_is_told_apart_and_not_the_ranges_of_ranks():
    # b and c err alike, so that b is certainly better than c; a errs by itself, and is as good as both
    a, b, c = clustered("a", 0.0190, seed=0, own=1.0), clustered("b", 0.0205), clustered("c", 0.0208)
    text = verdict(a, b, c)
    assert "Best here: a" in text
    assert "; not told apart from b and c." in text


def test_the_pair_with_the_baseline_decides_who_is_not_certainly_better_than_it():
    # x errs as the baseline does, but less; y has the smaller error by chance
    floor, x, y = clustered("atomic_reference", 0.50), clustered("x", 0.48), clustered("y", 0.44, own=1.0)
    assert "Not certainly better than the baseline atomic_reference: y." in verdict(floor, x, y)


def test_seeds_of_the_best_that_failed_are_told_and_leave_nothing_sure():
    both = [outcome("other", 0.05, seed=seed) for seed in (0, 1)]
    text = verdict(outcome("best", 0.01), failed("best", seed=1), *both)
    assert "Best here: best, force RMSE 10.0 ±1.0 meV/Å on test_300K (1 of 2 seeds failed)." in text
    assert "Not comparable or failed: best (1 of 2 seeds failed)." in text
    assert "sure" not in text


def test_a_method_without_a_rank_counts_on_the_groups_that_it_predicted():
    documents = [
        outcome("atomic_reference", 0.5, hot=1.5),
        outcome("best", 0.01, hot=40.0),
        outcome("lazy", 0.03),
    ]
    without(documents, "lazy", "proton_transfer")
    text = verdict(*documents)
    assert "On test_1200K: lazy with 90.0 ±9.0 meV/Å, 3.00× its error on test_300K; best has 400." in text
    assert "None is usable on test_1200K" not in text
    documents[2]["split"] = {**documents[2]["split"], "digest": "other"}
    text = verdict(*documents)
    assert "test_1200K (least 400 ±40 meV/Å, of best, the baseline's 750)" in text


def test_a_method_of_other_frames_is_named():
    other = outcome("other", 0.001)
    other["split"] = {**other["split"], "digest": "other"}
    text = verdict(outcome("best", 0.01), outcome("next", 0.05), other)
    assert "Best here: best" in text
    assert "Not comparable or failed: other (other frames)." in text


def test_where_all_failed_no_baseline_is_spoken_of():
    assert "No method has an error to be ranked by." in verdict(failed("gap"), failed("mace"))


def test_a_method_that_no_other_reaches_is_said_to_be_so():
    text = verdict(outcome("best", 0.01), outcome("other", 0.05))
    assert "; sure: every other ranked method is certainly worse." in text
    assert "No other ranked method comes within twice its error on test_300K" in text


def test_the_fastest_method_near_the_best_is_named_with_its_price():
    text = verdict(
        outcome("best", 0.010), fast(outcome("quick", 0.018), 0.1), fast(outcome("bad", 0.05), 0.01)
    )
    assert "Cheapest within twice its error on test_300K: quick (18.0 ±1.8 meV/Å; 8.00 µs/atom inst" in text
    assert "bad" not in text


def test_a_group_with_another_winner_is_told():
    text = verdict(outcome("best", 0.010, hot=50.0), outcome("robust", 0.030, hot=2.0))
    assert "On test_1200K: robust with 60.0 ±6.0 meV/Å, 2.00× its error on test_300K; best has 500." in text


def test_classical_potentials_are_judged_against_the_best():
    assert "A classical potential is not enough: morse has 700 ±70 meV/Å, 70× the best error." in verdict(
        outcome("soap_gpr", 0.010), outcome("morse", 0.7)
    )
    assert "may be enough: morse has" in verdict(outcome("soap_gpr", 0.010), outcome("morse", 0.015))
    assert "is enough here: it is the best." in verdict(outcome("soap_gpr", 0.010), outcome("morse", 0.005))


def test_a_classical_potential_that_is_not_usable_is_not_enough():
    floor = outcome("atomic_reference", 0.5)
    assert "A classical potential is the best." in verdict(
        floor, outcome("soap_gpr", 0.4), outcome("morse", 0.3)
    )
    text = verdict(floor, outcome("soap_gpr", 0.2), outcome("morse", 0.3))
    assert "A classical potential is not enough: morse has 300 ±30 meV/Å, 1.50× the best error." in text


def test_the_baseline_counts_among_the_methods_within_twice_the_error():
    text = verdict(outcome("atomic_reference", 0.5), outcome("weak", 0.3), outcome("bad", 0.9))
    assert "No other ranked method" not in text
    assert "It predicts in" in text


def test_a_family_in_the_document_counts_more_than_the_name():
    own = outcome("mine", 0.5)
    own["model"]["family"] = "classical"
    assert "not enough: mine has" in verdict(outcome("soap_gpr", 0.010), own)


def test_methods_that_do_not_beat_the_baseline_are_named():
    text = verdict(outcome("atomic_reference", 0.5), outcome("good", 0.01), outcome("weak", 0.49))
    assert "Best here: good" in text
    assert "Not certainly better than the baseline atomic_reference: weak." in text
    assert "No method but the baseline" in verdict(outcome("atomic_reference", 0.5), failed("gap"))


def test_the_kept_model_is_named_and_copies_in_the_training_set_are_a_doubt():
    kept = outcome("best", 0.01)
    kept["kept_model"] = {"file": "../elsewhere", "sha256": "0", "bytes": 1}
    kept["split"] = {**kept["split"], "leaks": {"tests": {"test_300K": 3}}}
    text = verdict(kept, outcome("other", 0.05))
    assert "The model of best is models/best-0.mlff in the results folder." in text
    assert "Errors on test_300K flatter" in text


def test_training_that_the_clock_stopped_is_said_to_be_so():
    text = verdict(
        outcome("mace", 0.01, params={"max_seconds": 10}), outcome("painn", 0.05, params={"max_seconds": 11})
    )
    assert "the clock stopped the training of mace." in text
    assert "clock" not in verdict(outcome("mace", 0.01), outcome("painn", 0.05))
    stored = [outcome("mace", 0.01, params={"max_seconds": 10}), outcome("committee", 0.05)]
    for document, end in zip(stored, ("patience", "epochs, time"), strict=True):
        document["model"] = {**(document.get("model") or {}), "stopped_by": end}
    assert "the clock stopped the training of committee." in verdict(*stored)


def test_a_method_that_leaves_out_a_group_is_not_ranked():
    lazy = outcome("lazy", 0.001)
    lazy["scores"] = [s for s in lazy["scores"] if s["test"] != "test_1200K"]
    text = verdict(lazy, outcome("other", 0.05))
    assert "Best here: other" in text
    assert "Not comparable or failed: lazy (without test_1200K)." in text


def test_a_perfect_method_divides_by_nothing():
    text = verdict(outcome("perfect", 0.0), outcome("morse", 0.05))
    assert "Best here: perfect" in text
    assert "is not enough: morse has 50.0 ±5.0 meV/Å." in text


def test_the_paragraph_opens_the_section_of_a_page(documents):
    page = markdown.render(Results.from_documents(documents), "suite")
    assert page.index("**Verdict.** Best here") < page.index("### What was run")


def test_a_fastest_method_of_another_machine_is_told_so(documents):
    best = outcome("best", 0.020)
    close = fast(outcome("close", 0.021), 0.5)
    assert "Cheapest within twice its error on test_300K: close" in verdict(best, close)
    third = outcome("third", 0.03)
    close["model"] = {**close["model"], "device": "cuda"}
    text = verdict(best, close, third)
    assert "cheapest within twice its error on test_300K (100 µs/atom); not compared, as timed un" in text
    assert "under other conditions: close." in text
    close["model"]["device"], best["model"] = "cpu", {**best["model"], "device": "cuda"}
    assert "best was timed under other conditions than most (100 µs/atom): no order" in verdict(
        best, close, third
    )


def test_a_group_where_no_method_beats_half_the_baseline_is_not_usable():
    floor = outcome("atomic_reference", 0.5, hot=1.5)
    text = verdict(floor, outcome("best", 0.010, hot=40.0), outcome("other", 0.030, hot=20.0))
    assert "test_1200K (least 400 ±40 meV/Å, of best, the baseline's 750)" in text
    assert "; usable is at most half the baseline's error." in text
    assert "On test_1200K" not in text
    text = verdict(floor, outcome("best", 0.010, hot=30.0))
    assert "It also has the least error on test_1200K (300 ±30 meV/Å, 30× its error on test_300K)" in text


def test_a_problem_with_one_test_group_in_domain_is_said_to_test_no_transfer():
    said = "How far it transfers was not tested: no test group is unlike the training data."
    one = outcome("best", 0.010)
    assert said not in verdict(one)
    one["split"] = {**one["split"], "tests": {"test_300K": 50}}
    one["scores"] = [row for row in one["scores"] if row["test"] == "test_300K"]
    one["profiles"] = {}
    assert said in verdict(one)
    one["split"]["in_domain"] = None  # a split by a coordinate: its one group is unlike the training data
    assert said not in verdict(one)


def test_without_a_baseline_thresholds_tell():
    text = verdict(outcome("best", 0.010, hot=30.0), outcome("other", 0.030, hot=20.0))
    assert "None is usable on test_1200K (least 300 ±30 meV/Å, of best); usable is at most 200 meV/Å." in text
    assert "That is not usable: usable is at most 200 meV/Å." in verdict(outcome("best", 0.3))


def test_the_error_is_told_beside_the_baseline_and_the_noise_of_the_labels():
    text = verdict(outcome("atomic_reference", 0.5), outcome("good", 0.01))
    assert "That is 2.00 % of the error of the baseline atomic_reference." in text
    weak = verdict(outcome("atomic_reference", 0.5), outcome("weak", 0.3))
    assert "That is 60.0 % of the error of the baseline atomic_reference, more than half: not usable." in weak
    noisy = outcome("good", 0.01)
    noisy["dataset"] = {**noisy["dataset"], "card": {"title": "mine", "label_noise": {"forces": 0.02}}}
    assert "It is below the noise of the labels, 20.0 meV/Å." in verdict(noisy)


def test_a_group_without_forces_is_compared_by_energies():
    text = verdict(outcome("best", 0.010), outcome("other", 0.05))
    assert "proton_transfer (2.00 meV/atom)" in text
