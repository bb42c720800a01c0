"""Batch normalization: units have mean 0 and variance 1 over a batch, then learn both.

In training the statistics are those of the batch, and running ones follow them. At test
time they are those that the parameters hold: after `fit` the exact ones of all training
rows, during `partial_fit` the running ones.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skregnet._kernels import (
    Array,
    aligned_empty,
    factors,
    follow,
    matmul,
    normalize,
    normalize_backward,
)
from skregnet._networks.layers._base import Pass, Workspace
from skregnet._networks.parameters import Parameters, Shapes

# Added to the variance, inside the root.
EPSILON = 1e-5

# Running statistics are the mean over the first batches, then move by a tenth.
WINDOW = 10


@dataclass
class _Buffers:
    """What a pass over a batch needs and leaves."""

    centered: Array
    """Inputs less their mean."""
    share: Array
    """Each row's share where all count alike, of shape (1, 1, n_rows)."""
    ones: Array
    """Of the same shape."""
    moments: Array
    """Mean and variance of the batch, of shape (n_members, 2, n_units)."""
    both: Array
    """What `normalize` returns, of shape (2, n_members, 1, n_units)."""
    batch_share: Any = None
    """Each row's share in the last batch."""
    inverse: Any = None
    """One over the variance plus epsilon."""
    factor: Any = None
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
        return Workspace(
            outputs=None if self.in_place else aligned_empty(shape, dtype),
            input_delta=None,
            scratch=_Buffers(
                centered=aligned_empty(shape, dtype),
                share=np.full((1, 1, n_rows), 1.0 / n_rows, dtype),
                ones=np.ones((1, 1, n_rows), dtype),
                moments=aligned_empty((n_members, 2, self.n_outputs), dtype),
                both=aligned_empty((2, n_members, 1, self.n_outputs), dtype),
            ),
        )

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Normalise, scale and shift."""
        buffers: _Buffers = workspace.scratch
        outputs: Array = inputs if self.in_place else workspace.outputs
        scale, shift = parameters["scale"], parameters["shift"]
        centered = buffers.centered
        if _is_of_batch(inputs, context):
            buffers.batch_share = _share(buffers, context)
            buffers.inverse, buffers.factor = normalize(
                inputs,
                outputs,
                centered,
                buffers.batch_share,
                buffers.moments,
                scale,
                shift,
                EPSILON,
                buffers.both,
            )
            if context.tracks:
                follow(
                    parameters["statistics"],
                    parameters["n_batches"],
                    buffers.moments,
                    WINDOW,
                )
        else:
            mean, variance = np.split(parameters["statistics"], 2, axis=1)
            buffers.inverse, buffers.factor = factors(variance, scale, EPSILON)
            np.subtract(inputs, mean, centered)
            np.multiply(centered, buffers.factor, outputs)
            np.add(outputs, shift, outputs)
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
        centered, scratch = buffers.centered, workspace.outputs
        if _is_of_batch(delta, context):
            normalize_backward(
                delta,
                centered,
                buffers.batch_share,
                context.weights is not None,
                buffers.inverse,
                buffers.factor,
                gradient["scale"],
                gradient["shift"],
                buffers.ones,
                scratch,
            )
            return delta
        np.multiply(delta, centered, scratch)
        matmul(buffers.ones, delta, gradient["shift"])
        matmul(buffers.ones, scratch, gradient["scale"])
        np.multiply(gradient["scale"], np.sqrt(buffers.inverse), gradient["scale"])
        np.multiply(delta, buffers.factor, delta)
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
