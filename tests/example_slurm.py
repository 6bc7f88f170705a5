"""SLURM on this machine: Debian's munged, slurmctld and slurmd as root, in a folder, on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

CONFIGURATION = """
ClusterName=tests
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={control}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
NodeName=localhost NodeAddr=127.0.0.1 CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=tests Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")


class NoSlurm(RuntimeError):
    """SLURM cannot be started here."""


class Slurm:
    """A SLURM cluster of this machine alone.

    Raises
    ------
    NoSlurm
        It cannot be started, and why.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if absent := [name for name in PROGRAMS if shutil.which(name) is None]:
            raise NoSlurm(f"{', '.join(absent)} not installed: apt-get install slurm-wlm munge")
        if os.getuid() != 0:
            raise NoSlurm("the daemons of SLURM are started as root, and this is not root")
        for name in ("munge", "state", "spool"):
            (folder / name).mkdir(mode=0o755, parents=True)
        ports = {"control": _free_port(), "node": _free_port()}
        self.configuration = folder / "slurm.conf"
        self.configuration.write_text(CONFIGURATION.format(folder=folder, **ports))
        self._start()

    def _start(self) -> None:
        munge = self.folder / "munge"
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o400)
        places = [f"--{name}={munge / word}" for name, word in
                  {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log",
                   "seed-file": "seed"}.items()]  # fmt: skip
        self._run("munged", "--force", *places)
        self._run("slurmctld")
        self._run("slurmd", "-N", "localhost")
        end = time.monotonic() + 30
        while "idle" not in self._run("sinfo", "-h", "-o", "%T"):
            if time.monotonic() > end:
                raise NoSlurm(f"its node did not become idle: {self._logs()}")
            time.sleep(0.5)

    def _run(self, *command: str) -> str:
        environment = {**os.environ, "SLURM_CONF": str(self.configuration)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise NoSlurm(f"{command[0]} ended with code {done.returncode}: {done.stderr} {self._logs()}")
        return done.stdout

    def _logs(self) -> str:
        return "; ".join(log.read_text()[-500:] for log in sorted(self.folder.glob("*.log")))

    def jobs(self) -> list[str]:
        """Names of the jobs that wait or run."""
        return self._run("squeue", "-h", "-o", "%j").split()

    def close(self) -> None:
        """End jobs and daemons."""
        if (self.folder / "slurmctld.pid").exists():
            subprocess.run(
                ["scancel", "--user=root"], env={**os.environ, "SLURM_CONF": str(self.configuration)}
            )
        for file in ("slurmctld.pid", "slurmd.pid", "munge/pid"):
            if (self.folder / file).exists():
                _end(int((self.folder / file).read_text()))


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
