"""Helpers of the task speed: systems, samples of times, laws of growth, rates of the machine."""
