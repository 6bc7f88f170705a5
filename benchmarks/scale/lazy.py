"""A million small frames that are never all in memory: how fast they are indexed and read, in what memory.

    python benchmarks/scale/lazy.py /tmp/scale [--frames 1000000] [--rows 100000]

Writes malonaldehyde with thermal noise as extended xyz (1 GB for a million frames) and, fewer, as an ASE
database into the folder, measures in fresh processes, deletes the files, and writes
``results/scale/lazy.json``. Peak memory is counted over a process that has read a small file alike. Rates are
by the clock; beside them stand seconds of processor time, for machines that are shared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

RESULT = Path(__file__).parents[2] / "results" / "scale" / "lazy.json"
RANDOM = 2000  # frames read in random order


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument(
        "--rows", type=int, default=100_000, help="of the ASE database, which is slow to write"
    )
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measured(arguments.measure, arguments.frames)))
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    files = {"extxyz": arguments.folder / "frames.xyz", "ase_db": arguments.folder / "frames.db"}
    try:
        write_extxyz(files["extxyz"], arguments.frames)
        write_database(files["ase_db"], arguments.rows)
        sizes = {"extxyz": arguments.frames, "ase_db": arguments.rows}
        measures = {k: in_fresh_process(arguments.folder, file, sizes[k]) for k, file in files.items()}
    finally:
        for file in files.values():
            file.unlink(missing_ok=True)
    save(measures)


def save(measures: dict[str, dict[str, Any]]) -> None:
    from mlffbench.system.provenance import provenance

    RESULT.parent.mkdir(parents=True, exist_ok=True)
    document = {"measures": measures, "provenance": provenance()}
    RESULT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(measures, indent=1))


# ---------------------------------------------------------------- the files
def noisy(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Symbols, and (n, 9, 6) positions (Å) and forces (eV/Å): real frames, displaced by about 0.01 Å."""
    from mlffbench.datasets.malonaldehyde import malonaldehyde

    data = malonaldehyde()
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(data), size=n)
    rows = np.array(
        [np.hstack([a.positions, f]) for a, f in zip(data.frames, data.labels.forces, strict=True)]
    )
    return data.frames[0].get_chemical_symbols(), rows[picks] + rng.normal(0, 0.01, (n, 9, 6))


def write_extxyz(file: Path, n: int, chunk: int = 10_000) -> None:
    """As ASE writes it, a chunk of frames in one formatting."""
    with file.open("w") as stream:
        for start in range(0, n, chunk):
            m = min(chunk, n - start)
            symbols, rows = noisy(m, start)
            lines = "".join(f"{s:<2} {' '.join(['%16.8f'] * 6)}\n" for s in symbols)
            scalars = 'energy=%.8f temperature=%.1f group=%s pbc="F F F"'
            template = f"{len(symbols)}\nProperties=species:S:1:pos:R:3:forces:R:3 {scalars}\n{lines}"
            energies = -7271.0 + rows[:, 0, 0]
            stream.writelines(
                template % (energies[i], 300.0 + 300.0 * (i % 3), ("a", "b", "test")[i % 3], *row)
                for i, row in enumerate(rows.reshape(m, -1).tolist())
            )


def write_database(file: Path, n: int) -> None:
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.db import connect

    file.unlink(missing_ok=True)
    symbols, rows = noisy(n, 0)
    with connect(file, use_lock_file=False) as database:
        for i, row in enumerate(rows):
            atoms = Atoms(symbols, row[:, :3])
            atoms.calc = SinglePointCalculator(atoms, energy=-7271.0 + row[0, 0], forces=row[:, 3:])
            database.write(atoms, temperature=300.0 + 300.0 * (i % 3), group="abc"[i % 3])


# ---------------------------------------------------------------- the measurement
def in_fresh_process(folder: Path, file: Path, frames: int) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), "--measure", str(file), "--frames", str(frames)]
    with TemporaryDirectory(dir=folder) as cache:
        environment = {**os.environ, "MLFFBENCH_CACHE": cache}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def peak_mb() -> float:
    """The largest resident memory so far, MB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def measured(file: Path, frames: int) -> dict[str, Any]:
    """Every number with its unit in its name."""
    from mlffbench.datasets.path import path

    small = file.with_name(f"small{file.suffix}")
    (write_extxyz if file.suffix == ".xyz" else write_database)(small, 10)
    _ = path(str(small), lazy=True).digest
    small.unlink()
    baseline = peak_mb()
    found: dict[str, Any] = {"file_mb": round(file.stat().st_size / 1e6, 1)}

    def timed(name: str, work: Callable[[], Any], frames: int) -> Any:
        start, processor = time.perf_counter(), time.process_time()
        result = work()
        seconds, processor = time.perf_counter() - start, time.process_time() - processor
        found[name] = {
            "seconds": round(seconds, 6),
            "cpu_seconds": round(processor, 6),
            "frames_per_second": round(frames / seconds),
            "peak_mb_over_baseline": round(peak_mb() - baseline, 1),
        }
        return result

    n = found["frames"] = frames
    timed("open_and_index", lambda: path(str(file), lazy=True), n)
    data = timed("open_again", lambda: path(str(file), lazy=True), n)
    assert len(data) == n
    picks = np.random.default_rng(0).integers(n, size=RANDOM)
    frames_and_forces = lambda: [(data.frames[i], data.labels.forces[i]) for i in picks]
    timed("random_frames_and_forces", frames_and_forces, RANDOM)
    timed("random_forces", lambda: [data.labels.forces[i] for i in picks], RANDOM)
    timed("energy_column", lambda: float(data.labels.energy.mean()), n)
    timed("elements", lambda: data.elements, n)
    timed("digest_in_one_pass", lambda: data.digest, n)
    return {**found, "baseline_mb": round(baseline, 1)}


if __name__ == "__main__":
    main()
