"""First layers whose inputs are sparse.

The inputs are a list of CSR arrays, one a member or one for all, and are never made
dense. Being data, they get no gradient.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from skregnet._kernels import Array
from skregnet._networks.layers.dense import Dense
from skregnet._networks.layers.readout import Readout


@dataclass(frozen=True)
class SparseDense(Dense):
    """``inputs @ weights + biases`` for sparse inputs."""

    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        for rows, member_weights, out in _by_member(inputs, weights, outputs):
            out[...] = rows @ member_weights

    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        for rows, member_delta, out in _by_member(inputs, delta, gradient):
            out[...] = rows.T @ member_delta


@dataclass(frozen=True)
class SparseReadout(Readout):
    """``(inputs @ weights + biases).T`` for sparse inputs."""

    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        for rows, member_weights, out in _by_member(inputs, weights, outputs):
            out[...] = (rows @ member_weights).T

    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        for rows, member_delta, out in _by_member(inputs, delta, gradient):
            out[...] = rows.T @ member_delta.T


def _by_member(inputs: list[Any], *arrays: Array) -> Iterator[tuple[Any, ...]]:
    """Go through rows and arrays of each member; one member's rows serve all."""
    n_members = len(arrays[0])
    return zip(inputs * (n_members // len(inputs)), *arrays, strict=True)
