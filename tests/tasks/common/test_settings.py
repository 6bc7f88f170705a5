"""Frozen settings from keywords, and the words of a refusal."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mlffbench.tasks.common.settings import from_keywords


@dataclass(frozen=True)
class Oven:
    heat: float = 200.0
    hours: int = 1


def test_keywords_replace_defaults():
    assert from_keywords(Oven, {"hours": 3}, "'oven' of bake") == Oven(200.0, 3)
    assert from_keywords(Oven, {}, "'oven' of bake") == from_keywords(Oven, None, "'oven' of bake") == Oven()


def test_an_unknown_keyword_is_refused_with_the_nearest():
    with pytest.raises(LookupError, match=r"'oven' of bake has no keyword 'hour'.*did you mean 'hours'"):
        from_keywords(Oven, {"hour": 3}, "'oven' of bake")


def test_a_number_in_place_of_the_mapping_is_refused():
    with pytest.raises(TypeError, match=r"'oven' of bake must be a mapping of keywords, .*, not 3"):
        from_keywords(Oven, 3, "'oven' of bake")
