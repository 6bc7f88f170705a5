from .leak_audit import Audit as Audit
from .leak_audit import audit as audit
from .leak_audit import leak_free as leak_free
