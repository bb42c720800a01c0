"""Affine maps whose negative outputs are set to zero, in one pass with the biases."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from skregnet._kernels import Array, add_and_rectify, relu_backward
from skregnet._networks.activations import ACTIVATIONS
from skregnet._networks.layers._base import Pass, TangentWorkspace, Workspace
from skregnet._networks.layers.dense import Dense
from skregnet._networks.layers.sparse import SparseDense
from skregnet._networks.parameters import Parameters


class _Scratch(NamedTuple):
    """What a pass needs besides what an affine map needs."""

    ones: Array
    zeros: Array
    zero: Array
    positive: Array


@dataclass(frozen=True)
class RectifiedDense(Dense):
    """``max(0, inputs @ weights + biases)``; the derivative at zero is taken as zero.

    References
    ----------
    X. Glorot, A. Bordes and Y. Bengio (2011). Deep sparse rectifier neural networks.
    AISTATS.
    """

    activates: ClassVar[bool] = True

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> Workspace:
        """Allocate what an affine map needs, zeros to compare with and a mask."""
        workspace = super().workspace(n_members, n_rows, dtype, propagate)
        shape = (n_members, n_rows, self.n_outputs)
        (ones,) = workspace.scratch
        workspace.scratch = _Scratch(ones, *ACTIVATIONS["relu"].scratch(shape, dtype))
        return workspace

    def forward(
        self, inputs: Any, parameters: Parameters, workspace: Workspace, context: Pass
    ) -> Array:
        """Map the inputs and rectify."""
        workspace.inputs = inputs
        outputs: Array = workspace.outputs
        self._map(inputs, parameters["weights"], outputs)
        add_and_rectify(outputs, parameters["biases"], workspace.scratch.zeros)
        return outputs

    def backward(
        self,
        delta: Array,
        parameters: Parameters,
        gradient: Parameters,
        workspace: Workspace,
        context: Pass,
    ) -> Array | None:
        """Zero `delta` where units are off, then go on as an affine map."""
        scratch: _Scratch = workspace.scratch
        relu_backward(delta, workspace.outputs, scratch.zero, scratch.positive)
        return super().backward(delta, parameters, gradient, workspace, context)

    def linearize(
        self,
        delta: Array | None,
        parameters: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array | None:
        """Zero `delta` where units are off; the second derivative is zero."""
        outputs = workspace.outputs
        space.slope = ACTIVATIONS["relu"].derivative(outputs, outputs)
        if delta is not None:
            delta *= space.slope
        return super().linearize(delta, parameters, workspace, space, context)

    def tangent(
        self,
        inputs: Array | None,
        parameters: Parameters,
        direction: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
    ) -> Array:
        """Differentiate the affine map, where units are on."""
        outputs = super().tangent(inputs, parameters, direction, workspace, space)
        outputs *= space.slope
        return outputs

    def backward_tangent(
        self,
        delta: Array,
        parameters: Parameters,
        direction: Parameters,
        product: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array | None:
        """Zero `delta` where units are off, then go on as an affine map."""
        delta *= space.slope
        return super().backward_tangent(
            delta, parameters, direction, product, workspace, space, context
        )


@dataclass(frozen=True)
class SparseRectifiedDense(RectifiedDense, SparseDense):
    """``max(0, inputs @ weights + biases)`` for sparse inputs."""
