"""Seeded damage to nested values and to bytes, as strangers and failing disks do it."""

from __future__ import annotations

import copy

ODD = [
    None, True, 0, -1, 3, 10**400, 1e308, -1e308, 5e-324, float("nan"), float("inf"), "", "x", "1e5",
    "../../../up", "\x1b]0;t\x07\x1b[31m", "\ud800", "<script>", "=1+1", "a\r\nb",
    "[/x]", "%{x}", "y" * 30_000,
    [], {}, [[]], [None], [1.0, "x"], {"a": {}}, {"": None},
]  # fmt: skip


def places(value, path=()):
    """Paths of every value inside a nested one."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*path, key)
        yield from places(part, (*path, key))


def mutated(value, rng):
    """A copy with one value deleted, doubled or replaced by an odd one; a key goes as well."""
    changed = copy.deepcopy(value)
    all_places = list(places(changed))
    *way, last = all_places[rng.integers(len(all_places))]
    inside = changed
    for key in way:
        inside = inside[key]
    choice = rng.integers(len(ODD) + 2)
    if choice == len(ODD):
        del inside[last]
    elif choice == len(ODD) + 1 and isinstance(inside, list):
        inside.append(copy.deepcopy(inside[last]))
    else:
        inside[last] = ODD[choice % len(ODD)]
    return changed


def damaged(content, rng):
    """Bytes cut, emptied, replaced, or with some flipped."""
    kind, at = rng.integers(4), int(rng.integers(len(content)))
    if kind == 0:
        return content[:at]
    if kind == 1:
        return rng.bytes(at)
    changed = bytearray(content)
    for place in rng.integers(len(content), size=1 if kind == 2 else 20):
        changed[place] ^= int(rng.integers(1, 256))
    return bytes(changed)
