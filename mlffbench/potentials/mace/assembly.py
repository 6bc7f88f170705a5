"""Batches of a shape, assembled on the host and copied to the device at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.shapes import Shape

__all__ = ["assemble", "least_shape"]


def least_shape(graphs: Graphs, picks: Sequence[int]) -> Shape:
    """The shape of a batch of these frames without padding."""
    shapes = [graphs.shapes[i] for i in picks]
    counts = tuple(np.sum([s.counts for s in shapes], axis=0).tolist())
    pairs, width = sum(s.pairs for s in shapes), max(s.width for s in shapes)
    # empty slots name a pair beyond the cutoff
    return Shape(counts, pairs + (sum(counts) * width > 2 * pairs), width, len(shapes))


def assemble(
    graphs: Graphs, picks: Sequence[int], shape: Shape | None = None, whole: Sequence[int] | None = None
) -> Batch:
    """The batch of some frames, in this order, padded to a shape; None: to no more than they need.

    A part of a whole batch has its share of that batch's loss.
    """
    shape = least_shape(graphs, picks) if shape is None else shape
    frames = np.asarray(picks, dtype=int)
    mean = frames if whole is None else np.asarray(whole, dtype=int)  # frames that the means are over
    atoms, starts = _ranges(graphs.atoms, frames)
    pairs, pair_starts = _ranges(graphs.pairs, frames)
    place, frame = _places(graphs.per_atom["element"][atoms], np.diff(starts), shape)
    first = np.repeat(starts[:-1], np.diff(pair_starts))
    ends = [place[graphs.per_pair[k][pairs] + first] for k in ("receiver", "sender")]
    ranks = [graphs.per_pair[k][pairs] for k in ("receiver_rank", "sender_rank")]
    ptr = np.minimum(np.arange(shape.frames + 1), len(frames))
    integers = _neighbour_lists(ends, ranks, shape) | {
        "batch": frame, "ptr": starts[ptr], "head": np.zeros(shape.frames, int)
    }  # fmt: skip
    integers["ptr"][-1] = shape.n
    n_mean = int(np.diff(graphs.atoms)[mean].sum())
    reals = _atoms(graphs, frames, atoms, place, n_mean, shape) | _frames(graphs, frames, len(mean), shape)
    reals |= _shifts(graphs, pairs, reals["cell"][frame[0]], shape)
    reals["cell"] = reals["cell"].reshape(-1, 3)
    columns = _on_device(reals, graphs.dtype, graphs.device) | _on_device(integers, torch.long, graphs.device)
    batch = Batch(columns, width=shape.width, counts=shape.counts)
    batch.order, batch.sizes = place, np.diff(starts)
    batch.periodic = graphs.per_frame["periodic"][frames]
    return batch


def _places(element: np.ndarray, sizes: np.ndarray, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Place of each atom among those sorted by element; frame of each place, the last one for padding."""
    missing = np.array(shape.counts) - np.bincount(element, minlength=len(shape.counts))
    padded = np.concatenate([element, np.repeat(np.arange(len(missing)), missing)])
    order = padded.argsort(kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    frame = np.full(len(order), shape.frames - 1)
    frame[place[: len(element)]] = np.repeat(np.arange(len(sizes)), sizes)
    return place[: len(element)], frame


def _neighbour_lists(ends: list[np.ndarray], ranks: list[np.ndarray], shape: Shape) -> dict[str, np.ndarray]:
    """Undirected pairs and the attributes of `Neighbours`; a pair that is padding joins atom 0 to itself."""
    p, width, n_slots = len(ends[0]), shape.width, shape.n * shape.width
    receiver_slot, sender_slot = (e * width + r for e, r in zip(ends, ranks, strict=True))
    undirected = np.zeros((2, shape.pairs), int)
    undirected[:, :p] = ends
    sender, reverse = np.arange(n_slots) // width, np.arange(n_slots)
    directed = np.full(n_slots, p)
    sender[receiver_slot], sender[sender_slot] = ends[1], ends[0]
    reverse[receiver_slot], reverse[sender_slot] = sender_slot, receiver_slot
    directed[receiver_slot], directed[sender_slot] = np.arange(p), np.arange(p) + shape.pairs
    empty = int((directed == p).argmax()) if shape.pairs > p else 0
    slots = np.full((2, shape.pairs), empty)
    slots[:, :p] = receiver_slot, sender_slot
    return {
        "undirected": undirected, "slot_sender": sender, "reverse": reverse, "directed": directed,
        "pair": directed % max(shape.pairs, 1), "slots": slots.reshape(-1),
    }  # fmt: skip


def _atoms(
    graphs: Graphs, frames: np.ndarray, atoms: np.ndarray, place: np.ndarray, n_mean: int, shape: Shape
) -> dict[str, np.ndarray]:
    """Positions, one-hot elements, forces and their weights in the loss, a mean over `n_mean` atoms."""
    positions, forces, scale = np.zeros((shape.n, 3)), np.zeros((shape.n, 3)), np.zeros((shape.n, 1))
    positions[place] = graphs.per_atom["positions"][atoms]
    forces[place] = graphs.per_atom["forces"][atoms]
    weights = np.repeat(graphs.per_frame["forces_weight"][frames], np.diff(graphs.atoms)[frames])
    scale[place, 0] = weights / (3 * n_mean)
    species = np.repeat(np.eye(len(shape.counts)), shape.counts, axis=0)
    return {"positions": positions, "node_attrs": species, "forces": forces, "forces_scale": scale}


def _frames(graphs: Graphs, frames: np.ndarray, n_mean: int, shape: Shape) -> dict[str, np.ndarray]:
    """Cells, energies, stresses and their weights, means over `n_mean` frames; zero for padding."""
    padding, per_frame = shape.frames - len(frames), graphs.per_frame
    pad = lambda x, value=0.0: np.concatenate([x, np.full((padding, *x.shape[1:]), value)])
    sizes = np.diff(graphs.atoms)[frames]
    return {
        "cell": np.concatenate([per_frame["cell"][frames], np.tile(np.eye(3), (padding, 1, 1))]),
        "volume": pad(per_frame["volume"][frames], 1.0),
        "energy": pad(per_frame["energy"][frames]), "stress": pad(per_frame["stress"][frames]),
        "energy_scale": pad(1 / (n_mean * sizes**2)),
        "stress_scale": pad(per_frame["stress_weight"][frames] / (9 * n_mean))[:, None, None],
        "n_frames": np.array(float(len(frames))),
    }  # fmt: skip


def _shifts(graphs: Graphs, pairs: np.ndarray, cell: np.ndarray, shape: Shape) -> dict[str, np.ndarray]:
    """Vectors between a sender's cell and its image; pairs that are padding lie beyond the cutoff."""
    beyond = np.tile([2 * graphs.cutoff, 0.0, 0.0], (shape.pairs - len(pairs), 1))
    columns = {"shifts": beyond, "unit_shifts": beyond @ np.linalg.inv(cell)}
    return {k: np.concatenate([graphs.per_pair[k][pairs], v]) for k, v in columns.items()}


def _ranges(starts: np.ndarray, picks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entries of the picked frames one after the other, and the first of each frame among them."""
    first, counts = starts[picks], starts[picks + 1] - starts[picks]
    begins = np.concatenate([[0], counts.cumsum()])
    return np.arange(begins[-1]) + np.repeat(first - begins[:-1], counts), begins


def _on_device(arrays: dict[str, np.ndarray], dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """Tensors of one type, copied to a GPU as one."""
    tensors = {k: torch.as_tensor(v, dtype=dtype) for k, v in arrays.items()}
    if device.type != "cuda":
        return {k: v.to(device) for k, v in tensors.items()}
    joined = torch.cat([v.flatten() for v in tensors.values()]).pin_memory().to(device, non_blocking=True)
    parts = joined.split([v.numel() for v in tensors.values()])
    return {k: p.view(v.shape) for (k, v), p in zip(tensors.items(), parts, strict=True)}
