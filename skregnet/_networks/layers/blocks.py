"""Affine maps of units that come in groups, each group with weights of its own.

Groups are the tasks of a network with several heads. As a plain matrix the weights of
all groups are block-diagonal; kept, trained and penalised are the blocks only.
"""

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.layers.dense import Dense
from skregnet._networks.layers.readout import Readout
from skregnet._networks.parameters import Shapes


@dataclass(frozen=True)
class BlockDense(Dense):
    """``inputs @ weights + biases``, for each group of units by itself.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Units of all groups below and in this layer.
    has_biases : bool, default=True
        As in `Affine`.
    n_blocks : int
        Number of groups, of equal sizes.
    """

    n_blocks: int = 1

    @property
    def parameter_shapes(self) -> Shapes:
        """A matrix of weights for each group, and biases."""
        n = self.n_blocks
        below, above = self.n_inputs // n, self.n_outputs // n
        weights = ("weights", (n, below, above))
        biases = ("biases", (1, self.n_outputs))
        return (weights, biases) if self.has_biases else (weights,)

    def to_plain(self, weights: Array) -> Array:
        """Return a block-diagonal matrix."""
        n, below, above = weights.shape
        plain = np.zeros((n, below, n, above), weights.dtype)
        plain[range(n), :, range(n)] = weights
        return plain.reshape(self.n_inputs, self.n_outputs)

    def from_plain(self, plain: Array) -> Array:
        """Return the blocks of a matrix."""
        n = self.n_blocks
        blocks = plain.reshape(n, self.n_inputs // n, n, self.n_outputs // n)
        return blocks[range(n), :, range(n)]

    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        np.matmul(self._grouped(inputs), weights, out=self._grouped(outputs))

    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        np.matmul(self._grouped(inputs).mT, self._grouped(delta), out=gradient)

    def _propagate(self, delta: Array, weights: Array, input_delta: Array) -> None:
        np.matmul(self._grouped(delta), weights.mT, out=self._grouped(input_delta))

    def _grouped(self, units: Array) -> Array:
        """Return a view of shape (n_members, n_blocks, n_rows, n_units)."""
        return units.reshape(*units.shape[:2], self.n_blocks, -1).swapaxes(1, 2)


@dataclass(frozen=True)
class BlockReadout(Readout):
    """``(inputs @ weights + biases).T``, for each group of units by itself.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Units of all groups below, and all outputs.
    has_biases : bool, default=True
        As in `Affine`.
    sizes : tuple of int
        Outputs of each group; those below are of equal sizes.
    """

    sizes: tuple[int, ...] = ()

    @property
    def parameter_shapes(self) -> Shapes:
        """The weights into each output from its group, and biases."""
        below = self.n_inputs // len(self.sizes)
        return ("weights", (below, self.n_outputs)), ("biases", (1, self.n_outputs))

    def to_plain(self, weights: Array) -> Array:
        """Return a block-diagonal matrix."""
        plain = np.zeros((self.n_inputs, self.n_outputs), weights.dtype)
        for below, above in self._groups:
            plain[below, above] = weights[:, above]
        return plain

    def from_plain(self, plain: Array) -> Array:
        """Return the blocks of a matrix, side by side."""
        return np.hstack([plain[below, above] for below, above in self._groups])

    @property
    def _groups(self) -> list[tuple[slice, slice]]:
        """Units below and outputs of each group."""
        below = self.n_inputs // len(self.sizes)
        ends = pairwise([0, *accumulate(self.sizes)])
        return [
            (slice(k * below, (k + 1) * below), slice(start, stop))
            for k, (start, stop) in enumerate(ends)
        ]

    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        for below, above in self._groups:
            part = np.matmul(weights[:, :, above].mT, inputs[:, :, below].mT)
            outputs[:, above] = part

    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        for below, above in self._groups:
            part = np.matmul(inputs[:, :, below].mT, delta[:, above].mT)
            gradient[:, :, above] = part

    def _propagate(self, delta: Array, weights: Array, input_delta: Array) -> None:
        for below, above in self._groups:
            part = np.matmul(delta[:, above].mT, weights[:, :, above].mT)
            input_delta[:, :, below] = part
