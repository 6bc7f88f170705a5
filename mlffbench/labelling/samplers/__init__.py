"""Samplers: each generates frames to label, one sampler a file."""
