"""Proposal of a suite for the user's own data: `propose` chooses split, methods, sizes and tasks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
