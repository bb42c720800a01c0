"""Affine maps, rectified, of which units drop: one pass with biases and masks."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from skregnet._kernels import (
    Array,
    Masks,
    Rate,
    add_rectify_and_drop,
    dropped_relu_backward,
    each_member,
)
from skregnet._networks.layers._base import Pass, Workspace
from skregnet._networks.layers.dense import Dense
from skregnet._networks.layers.rectified import RectifiedDense
from skregnet._networks.layers.sparse import SparseDense
from skregnet._networks.parameters import Parameters


class _Scratch(NamedTuple):
    """What a pass needs besides what a rectified affine map needs."""

    ones: Array
    zeros: Array
    zero: Array
    positive: Array
    masks: Masks


@dataclass(frozen=True)
class RectifiedDropoutDense(RectifiedDense):
    """A `RectifiedDense` with a `Dropout` behind it, the same to the last bit.

    Parameters
    ----------
    rate : float or ndarray of shape (n_members, 1)
        Probability of dropping a unit, in [0, 1), to a precision of 2**-16.
    """

    rate: Rate = 0.0

    # Noisy outputs have no second derivatives: this is no `CurvedLayer`.
    tangent: ClassVar[None] = None  # type: ignore[assignment]

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate what a rectified affine map needs, and masks."""
        workspace = super().workspace(n_members, n_rows, dtype, propagate)
        rates = each_member(self.rate, n_members)
        masks = Masks(rates, (n_rows, self.n_outputs), dtype)
        ones, zeros, zero, positive = workspace.scratch
        workspace.scratch = _Scratch(ones, zeros, zero, positive, masks)
        return workspace

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Map the inputs, rectify, and drop in training."""
        if not context.training:
            return super().forward(inputs, parameters, workspace, context)
        workspace.inputs = inputs
        outputs: Array = workspace.outputs
        scratch: _Scratch = workspace.scratch
        scratch.masks.draw(context.rngs or ())
        self._map(inputs, parameters["weights"], outputs)
        add_rectify_and_drop(
            outputs, parameters["biases"], scratch.masks.values, scratch.zeros
        )
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array | None:
        """Zero `delta` where units are off or dropped, scale it where they are not."""
        if not context.training:
            return super().backward(delta, parameters, gradient, workspace, context)
        scratch: _Scratch = workspace.scratch
        dropped_relu_backward(
            delta,
            workspace.outputs,
            scratch.masks.values,
            scratch.zero,
            scratch.positive,
        )
        return Dense.backward(self, delta, parameters, gradient, workspace, context)


@dataclass(frozen=True)
class SparseRectifiedDropoutDense(RectifiedDropoutDense, SparseDense):
    """A `SparseRectifiedDense` with a `Dropout` behind it."""
