"""First layers whose inputs are sparse.

The inputs are a list of CSR arrays, one a member, and are never made dense. Being
data, they get no gradient.
"""

from dataclasses import dataclass
from typing import Any

from skregnet.kernels import Array
from skregnet.layers.dense import Dense
from skregnet.layers.readout import Readout


@dataclass(frozen=True)
class SparseDense(Dense):
    """``inputs @ weights + biases`` for sparse inputs."""

    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        for rows, member_weights, out in zip(inputs, weights, outputs, strict=True):
            out[...] = rows @ member_weights

    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        for rows, member_delta, out in zip(inputs, delta, gradient, strict=True):
            out[...] = rows.T @ member_delta


@dataclass(frozen=True)
class SparseReadout(Readout):
    """``(inputs @ weights + biases).T`` for sparse inputs."""

    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        for rows, member_weights, out in zip(inputs, weights, outputs, strict=True):
            out[...] = (rows @ member_weights).T

    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        for rows, member_delta, out in zip(inputs, delta, gradient, strict=True):
            out[...] = rows.T @ member_delta.T
