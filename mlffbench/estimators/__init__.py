"""The methods, one a file; importing this imports none of them until a name is used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
