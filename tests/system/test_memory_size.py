"""Memory sizes in words."""

from __future__ import annotations

import pytest

from mlffbench.system.memory_size import memory_size, size_text


@pytest.mark.parametrize(
    ("text", "size"),
    [("8 GB", 8 * 10**9), ("1.5GiB", 3 * 2**29), ("512 MB", 512 * 10**6), ("10 kB", 10_000), ("7B", 7)],
)
def test_numbers_with_units(text, size):
    assert memory_size(text) == size


@pytest.mark.parametrize("text", ["8", "8 gigs", "-1 GB", "", "0 GB", "9e99 GB", "99999999999999 TB"])
def test_everything_else_is_refused(text):
    with pytest.raises(ValueError, match="such as 8 GB"):
        memory_size(text)


def test_a_size_in_words():
    assert size_text(24_500_000_000) == "24.5 GB"
