"""The machine: disk, network, clock, GPU and processes, one effect a file."""
