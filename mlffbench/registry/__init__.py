"""Registry: a name is a file; ``load("estimators", "mace")`` imports ``estimators/mace.py``.

It is the only door to code that a suite, a recipe or a model file names: of other packages it imports those
that the user trusts (``--trust``, ``MLFFBENCH_TRUST``, `trust`), those that an installed package declares as
its estimators, tasks ... (entry points ``mlffbench.estimators``, ``mlffbench.tasks`` ...), and nothing else.
"""

from mlffbench.registry.door import FOREIGN, is_plugin_class, load, names
from mlffbench.registry.named_files import named_files, wrong_name
from mlffbench.registry.own_names import FOLDERS, KINDS, is_public, suggest
from mlffbench.registry.plugins import plugin, provider
from mlffbench.registry.specs import Fault, build, faults, make, parameters, parts, resolve, summary, wrapper
from mlffbench.registry.trusted import is_trusted, is_trusted_file, may_read, remedy, trust, without_trust

__all__ = [
    "FOLDERS",
    "FOREIGN",
    "KINDS",
    "Fault",
    "build",
    "faults",
    "is_plugin_class",
    "is_public",
    "is_trusted",
    "is_trusted_file",
    "load",
    "make",
    "may_read",
    "named_files",
    "names",
    "parameters",
    "parts",
    "plugin",
    "provider",
    "remedy",
    "resolve",
    "suggest",
    "summary",
    "trust",
    "without_trust",
    "wrapper",
    "wrong_name",
]
