"""Spectral neighbour analysis potential: bispectrum of LAMMPS, linear fit, coefficient files."""
