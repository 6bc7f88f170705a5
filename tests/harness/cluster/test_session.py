"""Worker's side of a case: signs of life while it waits for room, and the driver's word on its times."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import pytest
from example_cases import case

from mlffbench.data import Spec
from mlffbench.harness.cluster import session as file
from mlffbench.harness.cluster.session import Session
from mlffbench.harness.execution.placement import ExecutorError


class Full:
    """Machine that has room never, and says so late."""

    @contextmanager
    def place(self, case):
        self.case = case
        time.sleep(0.2)
        raise ExecutorError("no room")
        yield


def test_a_waiting_case_gives_signs_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(file, "BEAT", 0.02)
    said, here = [], Full()
    session = Session(lambda **message: said.append(message), here, 1, 0, str(tmp_path))
    order = {"case": case(tasks=[Spec("my_package:task")]).to_json(), "answer": str(tmp_path), "timed": True}
    session.deliver({"order": json.dumps(order)})
    with pytest.raises(ExecutorError, match="no room"):
        session.serve("tcp://a")
    assert said[0] == {"begun": "tcp://a"}
    assert len(said) >= 3
    assert all(message == {"lines": []} for message in said[1:])
    assert here.case.resources == {"threads": 1, "timed": True}
