"""Energy counters: a folder like that of the kernel, and a card that counts."""

from __future__ import annotations

import pytest

from mlffbench.system import energy_meter
from mlffbench.system.energy_meter import counts_energy, joules_of


def zone(folder, name, micro, most=1_000_000_000, kind="package-0"):
    (folder / name).mkdir(parents=True)
    for file, text in (("name", kind), ("energy_uj", micro), ("max_energy_range_uj", most)):
        (folder / name / file).write_text(f"{text}\n")
    return folder / name / "energy_uj"


def test_packages_are_added_and_their_parts_are_not(tmp_path):
    first = zone(tmp_path, "intel-rapl:0", 5_000_000)
    second = zone(tmp_path, "intel-rapl:1", 999_000_000, kind="package-1")
    zone(tmp_path, "intel-rapl:0:0", 1, kind="core")
    zone(tmp_path, "intel-rapl:2", 1, kind="psys")

    def work():
        first.write_text("7500000\n")
        second.write_text("500000\n")  # it began again at zero

    assert counts_energy("cpu", tmp_path)
    assert joules_of(work, "cpu", tmp_path) == pytest.approx(2.5 + 1.5)


def test_no_counter_is_no_energy(tmp_path):
    worked = []
    assert joules_of(lambda: worked.append(1), "cpu", tmp_path / "none") is None
    assert worked == [1]
    assert not counts_energy("cpu", tmp_path / "none")


def test_the_card_counts_for_itself(monkeypatch, tmp_path):
    zone(tmp_path, "intel-rapl:0", 5_000_000)
    joules = iter([100.0, 130.0])
    monkeypatch.setattr(energy_meter.nvml, "joules", lambda device: lambda: next(joules))
    assert joules_of(lambda: None, "cuda", tmp_path) == 30.0
    monkeypatch.setattr(energy_meter.nvml, "joules", lambda device: None)
    assert joules_of(lambda: None, "cuda", tmp_path) is None
