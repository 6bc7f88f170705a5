"""VASP's OUTCAR and vasprun.xml in small, with EMT's numbers, for tests of readers."""

from __future__ import annotations

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT

RULE = " " + "-" * 83


def coppers(n):
    """Rattled crystals with labels."""
    frames = []
    for i in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.08, seed=i)
        atoms.calc = EMT()
        frames.append(atoms)
    return frames


def _rows(rows):
    return "".join(f"<v> {' '.join(f'{x:.8f}' for x in row)} </v>" for row in rows)


def _structure(atoms, name=""):
    return (
        f'<structure{name}><crystal><varray name="basis">{_rows(atoms.cell.array)}</varray>'
        f'<i name="volume">{atoms.get_volume():.8f}</i></crystal>'
        f'<varray name="positions">{_rows(atoms.get_scaled_positions(wrap=False))}</varray></structure>'
    )


def _energy(energy):
    names = ("e_fr_energy", "e_wo_entrp", "e_0_energy")
    return "<energy>" + "".join(f'<i name="{n}">{energy:.8f}</i>' for n in names) + "</energy>"


def vasprun(frames, steps, nelm, settings=""):
    """An electronic step more or less makes it unconverged; none makes it predicted."""
    first = frames[0]
    head = [
        '<?xml version="1.0" encoding="ISO-8859-1"?><modeling>',
        f'<incar><i type="int" name="NELM">{nelm}</i>{settings}</incar>',
        '<kpoints><varray name="kpointlist"><v>0 0 0</v></varray>',
        '<varray name="weights"><v>1</v></varray></kpoints>',
        f'<parameters><i type="int" name="NELM">{nelm}</i></parameters>',
        f"<atominfo><atoms>{len(first)}</atoms><types>1</types>",
        f'<array name="atoms"><set>{"<rc><c>Cu</c><c>1</c></rc>" * len(first)}</set></array></atominfo>',
        _structure(first, ' name="initialpos"'),
    ]
    for atoms, n in zip(frames, steps, strict=True):
        energy = atoms.get_potential_energy()
        head += [
            "<calculation>",
            *(f"<scstep>{_energy(energy + 1)}</scstep>" for _ in range(n)),
            _structure(atoms),
            f'<varray name="forces">{_rows(atoms.get_forces())}</varray>',
            f'<varray name="stress">{_rows(-1602.1766 * atoms.get_stress(voigt=False))}</varray>',
            f"{_energy(energy)}</calculation>",
        ]
    return "\n".join([*head, "</modeling>"])


def _forces(atoms, scale=1.0, mark=""):
    rows = zip(atoms.positions, scale * atoms.get_forces(), strict=True)
    lines = ["  " + " ".join(f"{x:13.6f}" for x in (*p, *f)) for p, f in rows]
    drift = "    total drift:                                0.000000      0.000000      0.000000"
    return [
        f" POSITION                                       TOTAL-FORCE (eV/Angst){mark}",
        RULE,
        *lines,
        RULE,
        drift,
    ]


def _free_energy(energy, ml=""):
    space, space_2 = ("ML ", "ML ") if ml else ("", "  ")
    return [
        f"  {space}FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)",
        "  " + "-" * 51,
        f"  free  energy {space_2}TOTEN  =  {energy:18.8f} eV",
        "",
        f"  {space}energy  without entropy=  {energy:16.8f}  {space}energy(sigma->0) =  {energy:16.8f}",
        "",
    ]


def _cell(atoms):
    both = zip(atoms.cell.array, np.linalg.inv(atoms.cell.array).T, strict=True)
    head = "      direct lattice vectors                 reciprocal lattice vectors"
    return [head, *("  " + " ".join(f"{x:14.9f}" for x in (*u, *v)) for u, v in both)]


def outcar(frames, steps, nelm, ml=False, words=True):
    """As VASP 6 writes it; with `ml` every step has a prediction too, and steps of 0 have nothing else.

    Without `words` VASP does not say that EDIFF was reached.
    """
    lines = [
        " vasp.6.3.0",
        *[" POTCAR:    PAW_PBE Cu"] * 2,
        "   VRHFIN =Cu: p s d",
        "   k-points           NKPTS =      1   k-points in BZ   NKDIM =  1   number of bands NBANDS= 22",
        " k-points in reciprocal lattice and weights: Gamma",
        "   0.00000000  0.00000000  0.00000000       1.000",
        f"   ions per type =              {len(frames[0])}",
        "   ISPIN  =      1    spin polarized calculation?",
        f"   NELM   =     {nelm:2d};   NELMIN=  2; NELMDL= -5     # of ELM steps",
    ]
    for i, (atoms, n) in enumerate(zip(frames, steps, strict=True)):
        energy, stress = atoms.get_potential_energy(), -1602.1766 * atoms.get_stress()
        if ml:
            lines += ["  in kB  " + " ".join("1.0" for _ in range(6)), *_cell(atoms)]
            lines += [*_forces(atoms, 0.9, " (ML)"), *_free_energy(energy + 0.1, ml=True)]
        if not n:
            continue
        for k in range(n):
            lines += ["-" * 39 + f" Iteration      {i + 1}({k + 1:4d})  " + "-" * 39, ""]
            lines += [f"  free energy    TOTEN  =  {energy + 1:18.8f} eV", ""]
        if words:
            end = "is reached" if n < nelm else "was not reached (unconverged)"
            lines.append("-" * 24 + f" aborting loop because EDIFF {end} " + "-" * 40)
        lines.append("  in kB  " + " ".join(f"{stress[j]:11.5f}" for j in (0, 1, 2, 5, 3, 4)))
        lines += [*_cell(atoms), "", *_forces(atoms), "", *_free_energy(energy)]
    return "\n".join(lines) + "\n"
