"""Names that become files: they stay in their folder."""

import pytest

from mlffbench.system.file_name import check_file_name


@pytest.mark.parametrize(
    "name", ["a", "train 300K", "H2O_2.v3", "größe", "äöü" * 16, "dih=120", "a..b", "2024-01-01"]
)
def test_a_plain_name_is_returned_and_can_be_a_file(tmp_path, name):
    (tmp_path / check_file_name(name)).write_text("x")
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is empty"),
        (".", "begins with '.'"),
        ("..", "begins with '.'"),
        (".hidden", "begins with '.'"),
        ("--force", "begins with '-'"),
        ("../../x", "slash"),
        ("/etc/passwd", "slash"),
        ("a\\..\\b", "slash"),
        ("a\0b", "null byte"),
        ("a\nb", "control"),
        ("\x1b[31m", "control"),
        ("a\u202eb", "control"),
        ("a\ud800", "control"),
        ("a ", "blanks"),
        ("\u00a0", "control"),
        ("ü" * 51, "longer than 100 bytes"),
        ("a" * 10_000_000, "longer than 100 bytes"),
    ],
)  # fmt: skip
def test_a_name_that_leaves_the_folder_or_cannot_be_seen_is_refused(name, fault):
    with pytest.raises(ValueError, match=fault) as refusal:
        check_file_name(name)
    assert len(str(refusal.value)) < 300
    assert str(refusal.value).isprintable()
