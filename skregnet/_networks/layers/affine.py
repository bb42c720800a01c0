"""What the affine layers share: their size, their parameters, their tangents."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from skregnet._kernels import Array, aligned_empty
from skregnet._networks.layers._base import Pass, TangentWorkspace, Workspace
from skregnet._networks.parameters import Parameters, Shapes


class _Scratch(NamedTuple):
    """Space for the second of the two terms that a product's tangent has."""

    outputs: Array
    weights: Array
    input_delta: Array


@dataclass(frozen=True)
class Affine(ABC):
    """Weights and biases between two layers of units; abstract.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Units below and in this layer.
    has_biases : bool, default=True
        False where a normalization follows, which would take them out again.
    """

    n_inputs: int
    n_outputs: int
    has_biases: bool = True
    activates: ClassVar[bool] = False
    """Whether the outputs are those of an activation already."""

    def to_plain(self, weights: Array) -> Array:
        """Return one network's weights as a matrix, (n_inputs, n_outputs)."""
        return weights

    def from_plain(self, plain: Array) -> Array:
        """Return weights in the layer's own shape from a matrix."""
        return plain

    @property
    def parameter_shapes(self) -> Shapes:
        """Weights and biases."""
        weights = ("weights", (self.n_inputs, self.n_outputs))
        biases = ("biases", (1, self.n_outputs))
        return (weights, biases) if self.has_biases else (weights,)

    def tangent_workspace(
        self, n_directions: int, n_rows: int, dtype: np.dtype, propagate: bool
    ) -> TangentWorkspace:
        """Allocate buffers of the shapes of the passes, twice where inputs have any."""
        outputs = self._outputs_shape(n_directions, n_rows)
        if not propagate:
            return TangentWorkspace(aligned_empty(outputs, dtype), None)
        weights = (n_directions, *dict(self.parameter_shapes)["weights"])
        below = (n_directions, n_rows, self.n_inputs)
        scratch = _Scratch(
            *(aligned_empty(s, dtype) for s in (outputs, weights, below))
        )
        return TangentWorkspace(
            aligned_empty(outputs, dtype), aligned_empty(below, dtype), scratch
        )

    def linearize(
        self,
        delta: Array | None,
        parameters: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
        context: Pass,
    ) -> Array | None:
        """Keep `delta`, and hand down the gradient by the inputs."""
        space.delta = delta
        if delta is None or workspace.input_delta is None:
            return None
        self._propagate(delta, parameters["weights"], workspace.input_delta)
        return workspace.input_delta

    def tangent(
        self,
        inputs: Array | None,
        parameters: Parameters,
        direction: Parameters,
        workspace: Workspace,
        space: TangentWorkspace,
    ) -> Array:
        """Differentiate the product, and the sum with the biases."""
        space.inputs = inputs
        outputs: Array = space.outputs
        self._map(workspace.inputs, direction["weights"], outputs)
        if inputs is not None:
            self._map(inputs, parameters["weights"], space.scratch.outputs)
            outputs += space.scratch.outputs
        if self.has_biases:
            outputs += self._as_outputs(direction["biases"])
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
        """Differentiate the gradients by weights, biases and inputs."""
        weights = product["weights"]
        self._correlate(workspace.inputs, delta, weights)
        bends = space.delta is not None
        if bends and space.inputs is not None:
            self._correlate(space.inputs, space.delta, space.scratch.weights)
            weights += space.scratch.weights
        if self.has_biases:
            self._sum_rows(delta, workspace, product["biases"])
        if space.input_delta is None:
            return None
        input_delta: Array = space.input_delta
        self._propagate(delta, parameters["weights"], input_delta)
        if bends:
            scratch = space.scratch.input_delta
            self._propagate(space.delta, direction["weights"], scratch)
            input_delta += scratch
        return input_delta

    @abstractmethod
    def _map(self, inputs: Any, weights: Array, outputs: Array) -> None:
        """Write the products of inputs and weights, without biases."""

    @abstractmethod
    def _correlate(self, inputs: Any, delta: Array, gradient: Array) -> None:
        """Write the gradient by the weights."""

    @abstractmethod
    def _propagate(self, delta: Array, weights: Array, input_delta: Array) -> None:
        """Write the gradient by the inputs."""

    @abstractmethod
    def _sum_rows(self, delta: Array, workspace: Workspace, gradient: Array) -> None:
        """Write the gradient by the biases."""

    @abstractmethod
    def _outputs_shape(self, n_members: int, n_rows: int) -> tuple[int, ...]:
        """Return the shape of the outputs."""

    @abstractmethod
    def _as_outputs(self, biases: Array) -> Array:
        """Return the biases as they are added to the outputs."""
