"""Outputs that say that the electrons did not converge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import Bohr, Hartree, Rydberg
from example_files import SIGMA

from mlffbench.datasets.formats.convergence import WORDINGS, converged_frames
from mlffbench.datasets.path import path


def frame(energy):
    atoms = Atoms("H")
    atoms.calc = SinglePointCalculator(atoms, **({} if energy is None else {"energy": energy}))
    return atoms


@pytest.mark.parametrize("kind", WORDINGS)
def test_frames_without_an_energy_are_those_that_did_not_converge(kind, tmp_path):
    file = tmp_path / "run.out"
    frames = [frame(e) for e in (-1.0, None, np.nan, -2.0)]
    file.write_text("all is well")
    assert converged_frames(file, kind, frames) == (frames, ())
    file.write_text(f"... {WORDINGS[kind].phrases[0].upper()} ...")
    kept, (note,) = converged_frames(file, kind, frames)
    assert kept == [frames[0], frames[3]]
    assert note == "run.out: 2 of 4 frames did not converge and are left out (frames 1, 2)"
    with pytest.raises(ValueError, match=r"run.out: a self-consistent field did not converge .*of 1 frames"):
        converged_frames(file, kind, [frames[0]])


# a step: what opens its structure, an unconverged field, and its energy (Hartree, Rydberg or eV)
STEPS = {
    "aims-output": (
        "Begin self-consistency loop: Re-initialization.",
        "  * WARNING! SELF-CONSISTENCY CYCLE DID NOT CONVERGE",
        "  | Electronic free energy        :  {:.8f} eV",
        1.0,
    ),
    "castep-castep": (
        "                           Unit Cell",
        " *Warning* max. SCF cycles performed but system has not reached the groundstate.",
        "Final energy, E             =  {:.8f}     eV",
        1.0,
    ),
    "espresso-out": (
        "ATOMIC_POSITIONS (angstrom)",
        "     convergence NOT achieved after 100 iterations",
        "!    total energy              =  {:.8f} Ry",
        Rydberg,
    ),
    "gaussian-out": (
        "                         Standard orientation:",
        " >>>>>>>>>> Convergence criterion not met.",
        " SCF Done:  E(RB3LYP) =  {:.8f}     A.U. after    9 cycles",
        Hartree,
    ),
    "gpaw-out": ("Positions:", "Did not converge!", "Extrapolated:  {:.8f}", 1.0),
    "nwchem-out": (
        '                             Geometry "geometry" -> ""',
        "       Calculation failed to converge",
        "         Total DFT energy =    {:.8f}",
        Hartree,
    ),
    "orca-output": (
        "CARTESIAN COORDINATES (ANGSTROEM)",
        "               *** SCF NOT CONVERGED AFTER 125 CYCLES ***",
        "FINAL SINGLE POINT ENERGY       {:.8f}",
        Hartree,
    ),
}
UNCONVERGED = {2, 4}


@pytest.mark.parametrize("kind", STEPS)
def test_the_frames_are_found_by_their_energies_in_the_text(kind, tmp_path):
    opening, phrase, line, unit = STEPS[kind]
    assert set(STEPS) == {k for k, wording in WORDINGS.items() if wording.opening}
    energies = [-76.4, -76.4, -76.39999999, -76.5, -76.6]  # the first two are equal
    steps = [
        "\n".join([opening, *([phrase] if i in UNCONVERGED else []), line.format(e)])
        for i, e in enumerate(energies)
    ]
    (tmp_path / "run.out").write_text("\n".join(["the head", *steps, "the end", ""]))
    frames = [frame(e * unit * (1 + 1e-8)) for e in energies]  # other constants
    kept, (note,) = converged_frames(tmp_path / "run.out", kind, frames)
    assert kept == [frames[i] for i in range(5) if i not in UNCONVERGED]
    assert note == "run.out: 2 of 5 frames did not converge and are left out (frames 2, 4)"
    with pytest.raises(ValueError, match="a self-consistent field did not converge"):
        converged_frames(tmp_path / "run.out", kind, [*frames, frame(-99.0)])  # not in the text
    with pytest.raises(ValueError, match="in this file of 1 frames"):
        converged_frames(tmp_path / "run.out", kind, frames[4:])
    kept, (note,) = converged_frames(tmp_path / "run.out", kind, [frames[0], frames[3]])
    assert len(kept) == 2
    assert note == "run.out: a self-consistent field did not converge, and its structure has no frame"


# ---------------------------------------------------------------- whole outputs
def espresso(*frames):
    """Output of pw.x for two atoms: energies (Ry, None if not converged) and forces (Ry/bohr)."""
    lines = [
        "     Program PWSCF v.7.2 starts",
        "     number of atoms/cell      =            2",
        "     celldm(1)=  10.200000  celldm(2)=   0.000000  celldm(3)=   0.000000",
        "     crystal axes: (cart. coord. in units of alat)",
        *(
            f"               a({i + 1}) = (  {a} )"
            for i, a in enumerate(("1.0 0.0 0.0", "0.0 1.0 0.0", "0.0 0.0 1.0"))
        ),
        "     site n.     atom                  positions (alat units)",
        "         1           Si  tau(   1) = (   0.0000000   0.0000000   0.0000000  )",
        "         2           Si  tau(   2) = (   0.2500000   0.2500000   0.2500000  )",
        "",
    ]
    for i, (energy, force) in enumerate(frames):
        if i:
            lines += ["ATOMIC_POSITIONS (angstrom)", "Si 0.0 0.0 0.0", f"Si 1.3 1.3 {1.3 + i / 100}", ""]
        if energy is None:
            lines += ["     convergence NOT achieved after 100 iterations: stopping", ""]
        else:
            lines += [f"!    total energy              = {energy:16.8f} Ry", ""]
        lines += ["     Forces acting on atoms (cartesian axes, Ry/au):", ""]
        lines += [
            f"     atom {k + 1:4d} type  1   force =     0.0  0.0 {s * force:12.8f}"
            for k, s in enumerate((1, -1))
        ]
        lines += ["", "          total   stress  (Ry/bohr**3)                   (kbar)     P=        1.00"]
        rows = ("1 6 5", "6 2 4", "5 4 3")
        lines += [f"  {r}  " + " ".join(str(147105.08 * float(x)) for x in r.split()) for r in rows]
        lines.append("")
    return "\n".join(lines)


def test_an_output_of_quantum_espresso(tmp_path):
    file = tmp_path / "relax.pwo"
    file.write_text(espresso((-15.0, 0.1), (None, 0.2), (-16.0, 0.3)))
    data = path(str(file))
    np.testing.assert_allclose(data.labels.energy, [-15 * Rydberg, -16 * Rydberg], rtol=1e-6)
    np.testing.assert_allclose(data.labels.forces[1][0], [0, 0, 0.3 * Rydberg / Bohr], rtol=1e-6)
    np.testing.assert_allclose(data.labels.stress[0], -SIGMA * Rydberg / Bohr**3, rtol=1e-4)
    assert data.frames[1].pbc.all()
    np.testing.assert_allclose(data.frames[1].positions[1], [1.3, 1.3, 1.32])
    (note,) = data.card["notes"]
    assert note == "relax.pwo: 1 of 3 frames did not converge and are left out (frames 1)"
    file.write_text(espresso((None, 0.1)))
    with pytest.raises(
        ValueError, match=r"a self-consistent field did not converge \('convergence NOT achieved'\)"
    ):
        path(str(file))


ORCA = """
                                 *****************
                                 * O   R   C   A *
                                 *****************
CARTESIAN COORDINATES (ANGSTROEM)
---------------------------------
  H      0.000000    0.000000    0.000000
  H      0.000000    0.000000    0.740000

Number of atoms                             ...      2
{}
FINAL SINGLE POINT ENERGY        -1.100000000000{}

------------------
CARTESIAN GRADIENT
------------------

   1   H   :    0.000000000    0.000000000    0.010000000
   2   H   :    0.000000000    0.000000000   -0.010000000

                             ****ORCA TERMINATED NORMALLY****
"""


def test_an_output_of_orca(tmp_path):
    file = tmp_path / "a.out"
    file.write_text(ORCA.format("", ""))
    data = path(str(file))
    np.testing.assert_allclose(data.labels.energy, [-1.1 * Hartree])
    np.testing.assert_allclose(data.labels.forces[0][0], [0, 0, -0.01 * Hartree / Bohr])
    assert not data.frames[0].pbc.any()
    file.write_text(ORCA.format("", " (Wavefunction not fully converged!)"))
    with pytest.raises(ValueError, match=r"a.out: a self-consistent field did not converge"):
        path(str(file))
    file.write_text(ORCA.format("      *** SCF NOT CONVERGED AFTER 125 CYCLES ***", ""))
    with pytest.raises(ValueError, match=r"a.out: a self-consistent field did not converge"):
        path(str(file))


def test_a_relaxation_of_orca(tmp_path):
    file = tmp_path / "opt.out"
    steps = [
        ORCA.format("      *** SCF NOT CONVERGED AFTER 125 CYCLES ***" if i == 1 else "", "")
        .replace("-1.100000000000", f"-1.1{i}0000000000")
        .replace(
            "****ORCA TERMINATED NORMALLY****",
            "ORCA TERMINATED NORMALLY" if i == 2 else "ORCA GEOMETRY RELAXATION STEP",
        )
        for i in range(3)
    ]
    file.write_text("\n".join(steps))
    data = path(str(file))
    np.testing.assert_allclose(data.labels.energy, np.array([-1.10, -1.12]) * Hartree, rtol=1e-7)
    (note,) = data.card["notes"]
    assert note == "opt.out: 1 of 3 frames did not converge and are left out (frames 1)"


def test_outputs_of_fhi_aims(tmp_path):
    ase = pytest.importorskip("ase.test", reason="this ASE has no test data")
    folder = Path(ase.__file__).parent / "testdata" / "aims"
    if not (folder / "numerical_stress.out").exists():
        pytest.skip("this ASE has no outputs of FHI-aims among its test data")
    head = "          Invoking FHI-aims ...\n"  # ASE's test data begin later
    (tmp_path / "md.out").write_text(head + (folder / "md.out").read_text())
    data = path(str(tmp_path / "md.out"))
    assert len(data) == 5
    assert data.labels.forces[0].shape == (len(data.frames[0]), 3)
    text = head + (folder / "numerical_stress.out").read_text()
    (tmp_path / "stress.out").write_text(text)
    stress = path(str(tmp_path / "stress.out")).labels.stress[0]
    np.testing.assert_allclose(
        stress[:3], [0.00244726, 0.00267442, 0.00258710]
    )  # its pressure is minus their mean
    (tmp_path / "stress.out").write_text(text + " * WARNING! SELF-CONSISTENCY CYCLE DID NOT CONVERGE\n")
    with pytest.raises(ValueError, match=r"stress.out: a self-consistent field did not converge"):
        path(str(tmp_path / "stress.out"))
