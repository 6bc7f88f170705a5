"""Executors: the processes, machines and clusters on which cases run; one file each."""
