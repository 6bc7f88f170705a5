"""NVML as far as a library like it can show: units, and values that a card refuses."""

from __future__ import annotations

import pytest

from mlffbench.system import nvml


class Library:
    NVML_CLOCK_SM, NVML_CLOCK_MEM = 1, 2

    class NVMLError(Exception):
        pass

    def nvmlDeviceGetClockInfo(self, card, kind):
        if kind == self.NVML_CLOCK_MEM:
            raise self.NVMLError("not supported")
        return 1980

    def nvmlSystemGetDriverVersion(self):
        return b"580.95"

    def nvmlDeviceGetPowerManagementLimit(self, card):
        return 700_000

    def nvmlDeviceGetTotalEnergyConsumption(self, card):
        return 12_500


def test_a_card_tells_clocks_limits_and_energy(monkeypatch):
    monkeypatch.setattr(nvml, "_card", lambda device: (Library(), "card"))
    assert nvml.clocks("cuda") == {"gpu_sm_mhz": 1980}
    assert nvml.limits("cuda") == {"driver": "580.95", "power_limit_w": 700.0}
    assert nvml.joules("cuda")() == 12.5


def test_nothing_is_told_without_the_library(monkeypatch):
    monkeypatch.setattr(nvml, "_card", lambda device: (None, None))
    assert (nvml.clocks("cuda"), nvml.limits("cuda"), nvml.joules("cuda")) == ({}, {}, None)


@pytest.mark.gpu
def test_the_card_itself():
    pytest.importorskip("pynvml")
    assert nvml.clocks("cuda")["gpu_sm_mhz"] > 0
    assert nvml.joules("cuda")() > 0
