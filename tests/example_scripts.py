"""Scripts outside the package, as modules."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location


def script(path):
    """The module of a Python file, executed now."""
    spec = spec_from_file_location(f"script_{path.stem}", path)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
