"""Make the built-in dataset ``malonaldehyde``: sample with GFN2-xTB, label with PBE/def2-SVP.

    pip install pyscf tblite ase
    python malonaldehyde.py sample label check pack --work work/ --rmd17 rmd17_malonaldehyde_test_01.npz

Every stage is restartable. A label is one file named by the digest of its structure and settings, written
whole or not at all: killing the script loses at most the frames in flight, and a later run never repeats one.
``pack`` writes what has been labelled so far, so a longer run appends to a shorter one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.constraints import FixInternals
from ase.io import read, write
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import thermalize_momenta
from ase.mep import NEB
from ase.optimize import BFGS

# atom order: O=C-C=C-O-H ... O, then the three hydrogens on carbon; the H bond closes the ring
SYMBOLS = "OCCCOHHHH"
GUESS = [
    (-1.30, 1.15, 0), (-1.20, -0.10, 0), (0.00, -0.85, 0), (1.20, -0.15, 0), (1.25, 1.17, 0),
    (0.29, 1.55, 0), (-2.10, -0.74, 0), (0.00, -1.95, 0), (2.18, -0.66, 0),
]  # fmt: skip
MIRROR = [4, 3, 2, 1, 0, 5, 8, 7, 6]  # the permutation that swaps donor and acceptor

TIMESTEP_FS, FRICTION_PER_FS, INTERVAL_FS, EQUILIBRATION_FS = 0.5, 0.01, 100.0, 2000.0
TRAJECTORIES = {  # group: (temperature K, frames, seed); train and test never share a trajectory
    "train_300K": (300, 400, 1),
    "test_300K": (300, 150, 2),
    "test_600K": (600, 150, 3),
    "test_1200K": (1200, 150, 4),
}
N_IMAGES, N_DIHEDRALS = 17, 25
SETTINGS = {
    "program": "PySCF",
    "method": "RKS/UKS PBE, density fitting (def2-universal-jfit)",
    "basis": "def2-SVP",
    "grid": "level 3, gradient with grid response and auxiliary-basis response",
    "scf": "conv_tol 1e-10 Ha, conv_tol_grad 1e-6",
}
# CODATA 2014, the values of ase.units
HARTREE, BOHR = units.Hartree, units.Bohr


# ---------------------------------------------------------------- sample
def xtb():
    from tblite.ase import TBLite

    return TBLite(method="GFN2-xTB", verbosity=0, accuracy=0.1)


def minimum() -> Atoms:
    atoms = Atoms(SYMBOLS, GUESS, calculator=xtb())
    BFGS(atoms, logfile=None).run(fmax=1e-3, steps=500)
    return atoms


def trajectory(group: str) -> list[Atoms]:
    temperature, n_frames, seed = TRAJECTORIES[group]
    rng = np.random.default_rng(seed)
    atoms = minimum()
    thermalize_momenta(atoms, temperature_K=temperature, rng=rng)
    dynamics = Langevin(
        atoms, TIMESTEP_FS * units.fs, temperature_K=temperature,
        friction=FRICTION_PER_FS / units.fs, rng=rng, fixcm=False,
    )  # fmt: skip
    dynamics.run(round(EQUILIBRATION_FS / TIMESTEP_FS))
    frames = []
    for i in range(n_frames):
        dynamics.run(round(INTERVAL_FS / TIMESTEP_FS))
        time_fs = EQUILIBRATION_FS + (i + 1) * INTERVAL_FS
        frames.append(bare(atoms, group, i, temperature=temperature, time_fs=time_fs, seed=seed))
    return frames


def proton_transfer() -> list[Atoms]:
    """Climbing-image NEB between the two equivalent enols; coordinate = r(O_donor H) - r(O_acceptor H), Å."""
    start = minimum()
    end = Atoms(SYMBOLS, start.positions[MIRROR] * [-1, 1, 1], calculator=xtb())
    BFGS(end, logfile=None).run(fmax=1e-3, steps=500)
    images = [start, *(start.copy() for _ in range(N_IMAGES - 2)), end]
    for image in images[1:-1]:
        image.calc = xtb()
    band = NEB(images, climb=True, k=0.5, method="improvedtangent", remove_rotation_and_translation=True)
    band.interpolate("idpp")
    BFGS(band, logfile=None).run(fmax=0.01, steps=500)
    return [
        bare(image, "proton_transfer", i, coordinate=image.get_distance(4, 5) - image.get_distance(0, 5))
        for i, image in enumerate(images)
    ]


def dihedral() -> list[Atoms]:
    """Relaxed scan of O=C-C=C from 0° (hydrogen bond) to 180°, the hydroxyl kept in plane."""
    atoms, frames = minimum(), []
    for i, angle in enumerate(np.linspace(0.0, 180.0, N_DIHEDRALS)):
        atoms.set_constraint()
        atoms.set_dihedral(0, 1, 2, 3, angle, indices=[0, 6])
        fixed = [[angle, [0, 1, 2, 3]], [0.0, [2, 3, 4, 5]]]
        atoms.set_constraint(FixInternals(dihedrals_deg=fixed, epsilon=1e-6))
        BFGS(atoms, logfile=None).run(fmax=0.005, steps=300)
        frames.append(bare(atoms, "dihedral", i, coordinate=angle))
    return frames


def bare(atoms: Atoms, group: str, index: int, **columns) -> Atoms:
    """A copy without calculator, velocities and constraints, centred, with its columns."""
    frame = Atoms(atoms.symbols, atoms.positions - atoms.get_center_of_mass())
    frame.info = {"group": group, "index": index, **columns}
    return frame


def sample_group(group: str, target: Path) -> str:
    if not target.exists():
        makers = {"proton_transfer": proton_transfer, "dihedral": dihedral}
        frames = makers[group]() if group in makers else trajectory(group)
        part = target.with_suffix(".part")
        write(part, frames, format="extxyz")
        part.rename(target)
    return f"{group}: {len(read(target, ':'))} frames"


def sample(work: Path, jobs: int) -> None:
    folder = work / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    groups = ["proton_transfer", "dihedral", *TRAJECTORIES]
    with ProcessPoolExecutor(jobs) as pool:
        for line in pool.map(sample_group, groups, [folder / f"{g}.xyz" for g in groups]):
            print(line, flush=True)


# ---------------------------------------------------------------- label
def dft(atoms: Atoms, spin: int = 0) -> dict:
    """Energy (eV), forces (eV/Å), SCF flag; a cheap grid first, the final grid after."""
    from pyscf import dft as pyscf_dft
    from pyscf import gto, lib

    lib.num_threads(1)
    molecule = gto.M(atom=list(zip(atoms.symbols, atoms.positions, strict=True)), unit="Ang",
                     basis="def2-svp", spin=spin, verbose=0)  # fmt: skip
    kind = pyscf_dft.UKS if spin else pyscf_dft.RKS
    mf = kind(molecule, xc="PBE").density_fit(auxbasis="def2-universal-jfit")
    mf.with_df.build()
    mf.grids.level, mf.conv_tol = 0, 1e-6
    mf.kernel()
    guess = mf.make_rdm1()
    mf.grids.reset()
    mf.grids.level, mf.conv_tol, mf.conv_tol_grad, mf.max_cycle = 3, 1e-10, 1e-6, 200
    energy = mf.kernel(dm0=guess)
    gradient = mf.nuc_grad_method()
    gradient.grid_response = True
    forces = -gradient.kernel() * HARTREE / BOHR
    return {"energy": energy * HARTREE, "forces": forces.tolist(), "converged": bool(mf.converged)}


def key(atoms: Atoms) -> str:
    text = json.dumps([atoms.numbers.tolist(), np.round(atoms.positions, 8).tolist(), SETTINGS])
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def label_one(atoms: Atoms, spin: int, target: Path) -> str:
    part = target.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(dft(atoms, spin)))
    part.rename(target)
    return target.stem


def queue(work: Path, rmd17: Path | None) -> list[tuple[Atoms, int]]:
    """What to label, most useful first: atoms, paths, witness, checks, then the groups in turn."""
    atoms = [(Atoms(s, [(0, 0, 0)]), spin) for s, spin in (("H", 1), ("C", 2), ("O", 2))]
    groups = {p.stem: read(p, ":") for p in sorted((work / "samples").glob("*.xyz"))}
    paths = groups.pop("proton_transfer", []) + groups.pop("dihedral", [])
    extra = (witness(rmd17)[0] if rmd17 else []) + displaced(work)
    ranked = sorted(
        ((i / len(frames), name, i) for name, frames in groups.items() for i in range(len(frames)))
    )
    return atoms + [(a, 0) for a in paths + extra + [groups[name][i] for _, name, i in ranked]]


def label(work: Path, rmd17: Path | None, jobs: int) -> None:
    folder = work / "labels"
    folder.mkdir(parents=True, exist_ok=True)
    todo = [(a, s, folder / f"{key(a)}.json") for a, s in queue(work, rmd17)]
    todo = [job for job in todo if not job[2].exists()]
    with ProcessPoolExecutor(jobs) as pool:
        running = [pool.submit(label_one, *job) for job in todo]
        for done, future in enumerate(as_completed(running), 1):
            future.result()
            print(f"{done}/{len(todo)}", flush=True)


def labelled(atoms: Atoms, work: Path) -> dict | None:
    file = work / "labels" / f"{key(atoms)}.json"
    return json.loads(file.read_text()) if file.exists() else None


# ---------------------------------------------------------------- check
def witness(rmd17: Path) -> tuple[list[Atoms], np.ndarray, np.ndarray]:
    """Ten rMD17 frames (ORCA, the same PBE/def2-SVP) with their energies (eV) and forces (eV/Å)."""
    data, kcal = np.load(rmd17), units.kcal / units.mol
    picks = range(0, 1000, 100)
    frames = [Atoms(data["nuclear_charges"], data["coords"][i]) for i in picks]
    return frames, data["energies"][list(picks)] * kcal, data["forces"][list(picks)] * kcal


def displaced(work: Path, step: float = 1e-3) -> list[Atoms]:
    """Plus and minus displacements along one random direction of four frames."""
    frames = []
    for group in ("test_300K", "test_1200K"):
        file = work / "samples" / f"{group}.xyz"
        if file.exists():
            for i in (0, 1):
                frame = read(file, i)
                direction = np.random.default_rng(i).normal(size=(len(frame), 3))
                for sign in (1, -1):
                    moved = Atoms(frame.symbols, frame.positions + sign * step * direction)
                    moved.info = {"base": frame, "direction": direction, "step": sign * step}
                    frames.append(moved)
    return frames


def check(work: Path, rmd17: Path | None) -> dict:
    report = {"finite_difference_meV_per_A": [], "unconverged": 0}
    pairs = displaced(work)
    for plus, minus in zip(pairs[::2], pairs[1::2], strict=True):
        up, down, base = (labelled(a, work) for a in (plus, minus, plus.info["base"]))
        direction = plus.info["direction"] / np.linalg.norm(plus.info["direction"])
        length = 2 * plus.info["step"] * np.linalg.norm(plus.info["direction"])
        numeric = -(up["energy"] - down["energy"]) / length
        error = numeric - np.sum(np.array(base["forces"]) * direction)
        report["finite_difference_meV_per_A"].append(round(1e3 * abs(error), 4))
    if rmd17:
        frames, energies, forces = witness(rmd17)
        ours = [labelled(a, work) for a in frames]
        shift = np.array([o["energy"] for o in ours]) - energies
        difference = np.array([o["forces"] for o in ours]) - forces
        report["witness"] = {
            "source": "rMD17 malonaldehyde test_01, frames 0, 100 ... 900 (ORCA PBE/def2-SVP)",
            "force_rms_difference_meV_per_A": round(1e3 * float(np.sqrt(np.mean(difference**2))), 3),
            "force_max_difference_meV_per_A": round(1e3 * float(np.abs(difference).max()), 3),
            "relative_energy_rms_difference_meV": round(1e3 * float(np.std(shift)), 3),
            "energy_offset_meV": round(1e3 * float(np.mean(shift)), 3),
        }
    frames = [a for _, a in packed(work)]
    report["unconverged"] = sum(not labelled(a, work)["converged"] for a in frames)
    for group in ("proton_transfer", "dihedral"):
        path = [labelled(a, work)["energy"] for g, a in packed(work) if g == group]
        report[f"{group}_largest_step_meV"] = round(1e3 * float(np.abs(np.diff(path)).max()), 2)
        report[f"{group}_largest_second_difference_meV"] = round(
            1e3 * float(np.abs(np.diff(path, 2)).max()), 2
        )
        report[f"{group}_highest_above_first_meV"] = round(1e3 * float(max(path) - path[0]), 2)
    for group in TRAJECTORIES:
        energies = np.array([labelled(a, work)["energy"] for g, a in packed(work) if g == group])
        centred = energies - energies.mean()
        lag1 = float(np.sum(centred[1:] * centred[:-1]) / np.sum(centred**2))
        report[f"{group}_energy_lag1_autocorrelation"] = round(lag1, 3)
    (work / "check.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))
    return report


# ---------------------------------------------------------------- pack
def packed(work: Path) -> list[tuple[str, Atoms]]:
    """Every labelled, converged-or-not frame in the order of its group."""
    order = [*TRAJECTORIES, "proton_transfer", "dihedral"]
    frames = [(g, a) for g in order for a in read(work / "samples" / f"{g}.xyz", ":")]
    return [(g, a) for g, a in frames if labelled(a, work)]


def pack(work: Path, out: Path) -> None:
    import gzip
    import io

    frames = []
    for group, atoms in packed(work):
        result = labelled(atoms, work)
        if not result["converged"]:
            continue
        columns = {
            k: v for k, v in atoms.info.items() if k in ("temperature", "time_fs", "seed", "coordinate")
        }
        frame = Atoms(atoms.symbols, atoms.positions)
        frame.info = {"group": group, "trajectory": group, **columns, "REF_energy": result["energy"]}
        frame.arrays["REF_forces"] = np.array(result["forces"])
        frames.append(frame)
    text = io.StringIO()
    write(text, frames, format="extxyz")
    blob = gzip.compress(text.getvalue().encode(), mtime=0)
    out.mkdir(parents=True, exist_ok=True)
    (out / "malonaldehyde.xyz.gz").write_bytes(blob)
    (out / "malonaldehyde.json").write_text(json.dumps(card(work, frames, blob), indent=1) + "\n")
    print(len(frames), "frames,", len(blob), "bytes")


def card(work: Path, frames: list[Atoms], blob: bytes) -> dict:
    groups = [f.info["group"] for f in frames]
    isolated = {s: labelled(Atoms(s, [(0, 0, 0)]), work)["energy"] for s in "HCO"}
    return {
        "title": "Malonaldehyde (C3H4O2): thermal motion, proton transfer and torsion",
        "level": "PBE/def2-SVP",
        "settings": SETTINGS,
        "units": {"energy": "eV", "forces": "eV/Å", "positions": "Å"},
        "sampling": {
            "method": "GFN2-xTB (tblite, accuracy 0.1), Langevin",
            "timestep_fs": TIMESTEP_FS, "friction_per_fs": FRICTION_PER_FS,
            "interval_fs": INTERVAL_FS, "equilibration_fs": EQUILIBRATION_FS,
            "seeds": {g: s for g, (_, _, s) in TRAJECTORIES.items()},
            "proton_transfer": f"climbing-image NEB, {N_IMAGES} images, GFN2-xTB, fmax 0.01 eV/Å",
            "dihedral": f"relaxed scan of O=C-C=C, {N_DIHEDRALS} points, 0 to 180 degrees, hydroxyl in plane",
        },
        "versions": {p: version(p) for p in ("pyscf", "tblite", "ase", "numpy", "scipy")},
        "isolated_atom_energies_eV": isolated,
        "groups": {g: groups.count(g) for g in dict.fromkeys(groups)},
        "train": "train_300K",
        "in_domain": "test_300K",
        "columns": {
            "group": "train or test group", "trajectory": "frames of one MD run or path share it",
            "temperature": "K", "time_fs": "fs", "seed": "seed of the trajectory",
            "coordinate": "along proton_transfer and dihedral, see coordinates",
        },
        "coordinates": {"proton_transfer": "r(OH) − r(O'H) (Å)", "dihedral": "O=C–C=C dihedral (degrees)"},
        "checks": json.loads((work / "check.json").read_text()),
        "licence": "CC0-1.0",
        "citation": "mlffbench, benchmarks/recipes/malonaldehyde.py",
        "sha256": hashlib.sha256(blob).hexdigest(),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", nargs="+", choices=["sample", "label", "check", "pack"])
    parser.add_argument("--work", type=Path, default=Path("work"))
    parser.add_argument(
        "--rmd17", type=Path, default=None, help="rmd17_malonaldehyde_test_01.npz, the witness"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "mlffbench/datasets/builtin")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    stages = {
        "sample": lambda: sample(args.work, args.jobs),
        "label": lambda: label(args.work, args.rmd17, args.jobs),
        "check": lambda: check(args.work, args.rmd17),
        "pack": lambda: pack(args.work, args.out),
    }
    for stage in args.stages:
        stages[stage]()


if __name__ == "__main__":
    main()
