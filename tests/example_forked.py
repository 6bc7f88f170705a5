"""Module whose children run a line of Python that they read; its template has imported numpy."""

from __future__ import annotations

import os
import sys

import numpy as np

__all__ = ["main", "prepare"]

seen = []
prepared_in = []


def prepare():
    prepared_in.append(os.getpid())


def main():
    code = sys.stdin.readline()
    exec(code, {"np": np, "seen": seen, "template": prepared_in[0], "os": os, "sys": sys})
