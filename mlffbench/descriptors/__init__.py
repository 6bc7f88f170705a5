"""Descriptors of frames and atoms: neighbour graphs, SOAP vectors and symmetry functions."""
