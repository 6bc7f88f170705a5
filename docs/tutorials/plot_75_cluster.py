"""
From one machine to a cluster
=============================

A benchmark is many fits that know nothing of each other. This page runs them with dask, prints the script that would
submit them to SLURM, kills a run and goes on, lets two runs share one folder, and merges folders of two machines. All
of it is executed on the machine that builds this page; only SLURM is not there. It takes half a minute.
"""

# %%
# A suite, and where it runs
# --------------------------
# A suite says *what* is fitted. Where is a second question, and the answer changes no result: the ids of the cases, the
# results folder and the report are the same everywhere. Here is a small suite with three cases:

import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt

import mlffbench

suite = """
name: argon
problems:
  - dataset: {lennard_jones: {n_train: 20, n_test: 10}}
estimators: [atomic_reference, lennard_jones, morse]
"""
desk = Path(tempfile.mkdtemp())
(desk / "suite.yaml").write_text(suite)
environment = {
    **os.environ,
    "MLFFBENCH_CACHE": str(desk / "cache"),
}  # where the output of SLURM's jobs would go


def command(*words):
    """A command in the background; its output goes to a file."""
    log = desk / f"{len(list(desk.glob('*.log')))}.log"
    place = {"cwd": desk, "env": environment, "stdout": log.open("w"), "stderr": subprocess.STDOUT}
    return subprocess.Popen(["mlffbench", *words], **place), log


def run(*words, until="\0"):
    """Run a command and print its output, or the part of it before some words; its exit code."""
    process, log = command(*words)
    code = process.wait()
    print("$ mlffbench", *words)
    print(log.read_text().partition(until)[0].rstrip())
    return code


# %%
# Workers of dask
# ---------------
# ``--executor dask`` starts a scheduler and workers on this machine, the same ones that would run on other machines.
# Each worker computes a case in a child process, which may crash or run out of memory without harm to the others. Here
# two methods:

(desk / "two.yaml").write_text(
    suite.replace("[atomic_reference, lennard_jones, morse]", "[lennard_jones, buckingham]")
)
assert (
    run("run", "two.yaml", "--executor", "dask", "--jobs", "2", "--out", "runs/dask", until="Force RMSE by")
    == 0
)

# %%
# On several machines you start the scheduler and the workers, and name the scheduler:
#
# .. code-block:: console
#
#     dask scheduler                                                          # on one machine
#     dask worker tcp://head:8786 --nthreads 8 --resources "threads=8,gpu=1"   # on each of the others
#     mlffbench run suite.yaml --scheduler tcp://head:8786 --jobs 16
#
# Whoever reaches that scheduler can run code on its workers: dask has no password (:doc:`/clusters`).
#
# SLURM
# -----
# With ``executor: slurm`` the run submits jobs through dask-jobqueue, hands them cases, replaces jobs that reach their
# walltime, and cancels all at its end. ``--dry-run`` prints the script that it would submit, and submits nothing:

slurm = (
    suite
    + 'executor: {slurm: {partition: gpu, cores: 8, memory: 32GB, gpu: 1, walltime: "02:00:00", jobs: 4}}\n'
)
(desk / "slurm.yaml").write_text(slurm)
assert run("run", "slurm.yaml", "--dry-run") == 0

# %%
# Stopped, killed, and continued
# ------------------------------
# Every finished case is a file of its own in the results folder, written whole or not at all. So there is nothing to
# repair after a crash: the same command does what is missing. Start a run, and kill it after its first case with a
# signal that no program can catch:


def cases(folder):
    """Documents of finished cases."""
    return sorted(file.name for file in (desk / folder).glob("*-*.json"))


victim, _ = command("run", "suite.yaml", "--jobs", "1", "--out", "runs/here")
while victim.poll() is None and not cases("runs/here"):
    time.sleep(0.01)
victim.send_signal(signal.SIGKILL)
victim.wait()
before = {name: (desk / "runs/here" / name).stat().st_mtime_ns for name in cases("runs/here")}
print(f"killed with {len(before)} of 3 cases on disk:", ", ".join(before))

# %%
# Several runs in one folder
# --------------------------
# Nothing prevents you from starting the command twice, on this machine or on another one that sees the folder. Each run
# takes a lease of the case that it computes, and leaves the others to its neighbours; at the end each waits for the
# other. Two of them finish what the killed one has left:

together = [command("run", "suite.yaml", "--jobs", "1", "--out", "runs/here") for _ in range(2)]
assert [process.wait() for process, _ in together] == [0, 0]
computed = []
for number, (_, log) in enumerate(together, 1):
    own = re.findall(r"started (\S+) on", log.read_text())
    print(f"run {number} computed: {', '.join(own) or 'nothing'}")
    computed += own
after = {name: (desk / "runs/here" / name).stat().st_mtime_ns for name in cases("runs/here")}
assert len(after) == 3
assert all(after[name] == stamp for name, stamp in before.items()), "the finished case was not touched"
assert len(computed) == len(set(computed)) == 3 - len(before), "no case was computed twice"

# %%
# The same case, the same numbers
# --------------------------------
# The id of a case does not depend on the executor, nor on the suite that asks for it. Both folders hold
# ``lennard_jones``, under the same name, computed by a dask worker here and by a run of this machine there:

(shared,) = set(cases("runs/dask")) & set(cases("runs/here"))
boards = {
    name: mlffbench.load_results(desk / "runs" / name).leaderboard().set_index("method")
    for name in ("dask", "here")
}
errors = {name: float(board.loc["lennard_jones", "force RMSE (meV/Å)"]) for name, board in boards.items()}
print(shared, errors)
assert abs(errors["dask"] - errors["here"]) < 1e-6 * errors["here"]

# %%
# Merge
# -----
# Folders of two machines become one. ``merge`` copies what is missing and overwrites nothing. A case that both folders
# hold with different content (here the times of the two fits differ) is named, the first is kept, and the exit code is
# 1:

assert run("results", "merge", "runs/here", "runs/dask", "--into", "runs/all") == 1
assert len(cases("runs/all")) == 4
results = mlffbench.load_results(desk / "runs" / "all")
board = results.leaderboard().set_index("method")
print(
    board[["rank", "force RMSE (meV/Å)", "energy RMSE (meV/atom)", "fit time (s)"]].to_string(
        float_format="%.3g"
    )
)

figure, axis = plt.subplots(figsize=(7, 3))
axis.barh(board.index, board["force RMSE (meV/Å)"].clip(lower=1e-6), color="#0072b2")
axis.set(xscale="log", xlabel="force RMSE on argon (meV/Å)", title="One table from three runs")
axis.invert_yaxis()
figure.tight_layout()

# %%
# Which executor?
# ---------------
# .. list-table::
#    :header-rows: 1
#
#    * - You have
#      - Use
#    * - one machine
#      - ``--jobs N`` (executor ``local``); with several GPUs it gives one to each case
#    * - some machines and a shared folder, no scheduler
#      - the same command on each of them
#    * - machines that can reach each other
#      - ``dask scheduler``, ``dask worker``, ``--scheduler``
#    * - SLURM
#      - ``executor: {slurm: ...}``, started on the login node in ``tmux``
#    * - machines that know nothing of each other
#      - a folder on each, then ``mlffbench results merge``
#
# Times of different machines are never ranked against each other; the report marks them. Long trainings write their
# state every minute and continue in the next job. More in :doc:`/clusters`, :doc:`/running` and :doc:`/results`.

plt.show()
