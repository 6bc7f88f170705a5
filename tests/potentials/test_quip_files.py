"""A GAP's files under other names, and nothing but a GAP."""

from __future__ import annotations

import pytest

from mlffbench.potentials.quip_files import named

XML = """\
<G1>
<Potential label="G1" init_args="IP GAP label=G1"/>
<GAP_params label="G1">
<GAP_data do_core="F">
<e0 Z="1" value="-.50000000000000000E+000"/>
<e0 Z="8" value=".00000000000000000E+000"/>
</GAP_data>
<gpCoordinates sparseX_filename="gap.xml.sparseX.G11"/>
<command_line><![CDATA[ gap_file=gap.xml ]]></command_line>
</GAP_params>
</G1>
"""
FILES = {"gap.xml": XML, "gap.xml.sparseX.G11": "1.0\n"}


def test_names_and_atomic_energies() -> None:
    files = named(FILES, "water.xml", {"H": -13.0, "O": 0.1})
    assert set(files) == {"water.xml", "water.xml.sparseX.G11"}
    assert 'sparseX_filename="water.xml.sparseX.G11"' in files["water.xml"]
    assert '<e0 Z="1" value="-13.5"/>' in files["water.xml"]
    assert '<e0 Z="8" value="0.1"/>' in files["water.xml"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("IP GAP label=G1", "FilePot command=rm"),
        ("<GAP_params", '<Potential label="x" init_args="FilePot command=rm"/>\n<GAP_params'),
        ("<G1>", '<!DOCTYPE G1 [<!ENTITY x "y">]><G1>'),
        ("<Potential", "<Nothing"),
    ],
)
def test_a_potential_that_runs_programs_is_not_exported(old: str, new: str) -> None:
    with pytest.raises(ValueError, match="another potential than a GAP"):
        named(FILES | {"gap.xml": XML.replace(old, new, 1)}, "x.xml", {})


def test_names_that_no_gap_has() -> None:
    with pytest.raises(ValueError, match="not all sparse points"):
        named(FILES | {"../x": ""}, "x.xml", {})
    with pytest.raises(ValueError, match=r"QUIP cannot read 'a b.xml'"):
        named(FILES, "a b.xml", {})
    with pytest.raises(ValueError, match="no energy of the atom with number 29"):
        named(FILES, "x.xml", {"Cu": 1.0})
