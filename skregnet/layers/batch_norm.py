"""Batch normalization: units have mean 0 and variance 1 over a batch, then learn both.

In training the statistics are those of the batch, and running ones follow them. At test
time they are those that the parameters hold: after `fit` the exact ones of all training
rows, during `partial_fit` the running ones.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skregnet.kernels import (
    Array,
    aligned_empty,
    center,
    center_backward,
    matmul,
    scale_and_shift,
)
from skregnet.layers._base import Pass, Workspace
from skregnet.parameters import Parameters, Shapes

# Added to the variance, inside the root.
EPSILON = 1e-5

# Running statistics are the mean over the first batches, then move by a tenth.
WINDOW = 10


class _Buffers(NamedTuple):
    """What a pass over a batch needs and leaves."""

    centered: Array
    """Inputs less their mean."""
    share: Array
    """Each row's share where all count alike, of shape (1, 1, n_rows)."""
    ones: Array
    """Of the same shape."""
    moments: Array
    """Mean and variance of the batch, of shape (n_members, 2, n_units)."""
    inverse: Array
    """One over the variance plus epsilon."""
    root: Array
    """The root of that."""
    factor: Array
    """What centered inputs are multiplied by."""


@dataclass(frozen=True)
class BatchNorm:
    """``scale * (inputs - mean) / sqrt(variance + epsilon) + shift``.

    Mean and biased variance are those of the units over the rows of the batch, weighted
    as the rows are. The gradient passes through them. A batch of one row has no
    variance: it is normalised by the running statistics, and leaves them as they are.

    Parameters
    ----------
    n_outputs : int
        Units of the layer.
    in_place : bool
        Whether the outputs may take the place of the inputs: not where the layer below
        needs its outputs for its own backward pass.

    References
    ----------
    S. Ioffe and C. Szegedy (2015). Batch normalization: accelerating deep network
    training by reducing internal covariate shift. ICML. The lecture's heading "Batch
    Normalization".
    """

    n_outputs: int
    in_place: bool

    @property
    def parameter_shapes(self) -> Shapes:
        """Learned scale and shift, running mean and variance, batches behind those."""
        return (
            ("scale", (1, self.n_outputs)),
            ("shift", (1, self.n_outputs)),
            ("statistics", (2, self.n_outputs)),
            ("n_batches", (1, 1)),
        )

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate outputs and buffers."""
        shape = (n_members, n_rows, self.n_outputs)
        by_unit = (n_members, 1, self.n_outputs)
        return Workspace(
            outputs=None if self.in_place else aligned_empty(shape, dtype),
            input_delta=None,
            scratch=_Buffers(
                centered=aligned_empty(shape, dtype),
                share=np.full((1, 1, n_rows), 1.0 / n_rows, dtype),
                ones=np.ones((1, 1, n_rows), dtype),
                moments=aligned_empty((n_members, 2, self.n_outputs), dtype),
                inverse=aligned_empty(by_unit, dtype),
                root=aligned_empty(by_unit, dtype),
                factor=aligned_empty(by_unit, dtype),
            ),
        )

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Normalise, scale and shift."""
        buffers: _Buffers = workspace.scratch
        outputs: Array = inputs if self.in_place else workspace.outputs
        if _is_of_batch(inputs, context):
            moments = buffers.moments
            center(
                inputs,
                _share(buffers, context),
                moments[:, :1],
                moments[:, 1:],
                buffers.centered,
                outputs,
            )
            if context.tracks:
                _follow(parameters, moments)
        else:
            moments = parameters["statistics"]
            np.subtract(inputs, moments[:, :1], buffers.centered)
        np.add(moments[:, 1:], EPSILON, buffers.inverse)
        np.reciprocal(buffers.inverse, buffers.inverse)
        np.sqrt(buffers.inverse, buffers.root)
        np.multiply(parameters["scale"], buffers.root, buffers.factor)
        scale_and_shift(buffers.centered, buffers.factor, parameters["shift"], outputs)
        workspace.outputs = outputs
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array:
        """Write the gradients by scale and shift, and that by the inputs over `delta`.

        What the forward pass left, its outputs too, is overwritten.
        """
        buffers: _Buffers = workspace.scratch
        products: Array = workspace.outputs
        np.multiply(delta, buffers.centered, products)
        matmul(buffers.ones, delta, gradient["shift"])
        matmul(buffers.ones, products, gradient["scale"])
        if _is_of_batch(delta, context):
            center_backward(
                delta,
                buffers.centered,
                None if context.weights is None else _share(buffers, context),
                delta.shape[1],
                buffers.factor,
                buffers.inverse,
                gradient["shift"],
                gradient["scale"],
            )
        else:
            np.multiply(delta, buffers.factor, delta)
        np.multiply(gradient["scale"], buffers.root, gradient["scale"])
        return delta


def _is_of_batch(values: Array, context: Pass) -> bool:
    """Tell whether the statistics are those of the batch."""
    return context.training and values.shape[1] > 1


def _share(buffers: _Buffers, context: Pass) -> Array:
    """Return each row's share in the means."""
    weights = context.weights
    if weights is None:
        return buffers.share
    share: Array = weights / weights.sum(axis=2, keepdims=True)
    return share


def _follow(parameters: Parameters, moments: Array) -> None:
    """Move the running statistics towards those of the batch."""
    statistics, n_batches = parameters["statistics"], parameters["n_batches"]
    np.add(n_batches, 1, n_batches)
    np.minimum(n_batches, WINDOW, out=n_batches)
    change = moments - statistics
    np.divide(change, n_batches, change)
    np.add(statistics, change, statistics)
