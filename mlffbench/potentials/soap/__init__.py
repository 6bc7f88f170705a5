"""Kernels on SOAP vectors with forces and stress."""
