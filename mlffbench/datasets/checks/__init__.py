"""Checks of a dataset: each a function `(dataset) -> [Finding]`, one a file; `checkup` runs them all."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
