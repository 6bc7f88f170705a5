"""Access to the machine: disk, network, clock, GPU and processes, one kind of access per file."""
