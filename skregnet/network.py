"""A stack of networks of one architecture: outputs, loss and gradient.

The description holds no numbers. Parameters are handed in as views of a flat vector a
member, data as a batch, and everything in between lives in a workspace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from skregnet.activations import ACTIVATIONS
from skregnet.kernels import Array, LossWorkspace
from skregnet.layers import (
    ActivationLayer,
    Dense,
    Layer,
    Pass,
    Readout,
    SparseDense,
    SparseReadout,
    Workspace,
)
from skregnet.losses import Loss
from skregnet.parameters import ParameterLayout, Parameters

_AT_TEST = Pass()


@dataclass
class Batch:
    """Rows of data for every member of a stack.

    Attributes
    ----------
    inputs : ndarray of shape (n_members, n_rows, n_features) or list of sparse arrays
        Features; sparse ones as one CSR array a member.
    targets : ndarray of shape (n_members, n_outputs, n_rows)
        Targets, output-major.
    weights : ndarray of shape (n_members, 1, n_rows) or None
        Weights of the rows, of mean 1 over the training data.
    """

    inputs: Any
    targets: Array
    weights: Array | None = None


@dataclass(frozen=True)
class NetworkWorkspace:
    """Buffers of all layers and of the loss."""

    layers: tuple[Workspace, ...]
    loss: LossWorkspace


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron, described.

    Parameters
    ----------
    layers : tuple of Layer
        From the inputs to the outputs before the output activation.
    loss : Loss
        The loss.
    """

    layers: tuple[Layer, ...]
    loss: Loss

    @cached_property
    def layout(self) -> ParameterLayout:
        """Where the parameters of the layers lie in the flat vector."""
        return ParameterLayout(tuple(layer.parameter_shapes for layer in self.layers))

    def workspace(
        self, n_members: int, n_rows: int, dtype: np.dtype
    ) -> NetworkWorkspace:
        """Allocate what passes over `n_rows` rows of each member need."""
        layers = tuple(
            layer.workspace(n_members, n_rows, dtype, propagate=index > 0)
            for index, layer in enumerate(self.layers)
        )
        n_outputs = self.layers[-1].n_outputs
        loss = LossWorkspace.allocate(n_members, n_outputs, n_rows, dtype)
        return NetworkWorkspace(layers, loss)

    def outputs(
        self,
        inputs: Any,
        parameters: Sequence[Parameters],
        workspace: NetworkWorkspace,
        context: Pass = _AT_TEST,
    ) -> Array:
        """Return the outputs before the output activation, output-major.

        Parameters
        ----------
        inputs : ndarray of shape (n_members, n_rows, n_features) or list of sparse
            Features.
        parameters : sequence of Parameters
            Views by layer.
        workspace : NetworkWorkspace
            Buffers for the number of rows.
        context : Pass, default=one at test time
            What the layers need to know.
        """
        for layer, views, space in zip(
            self.layers, parameters, workspace.layers, strict=True
        ):
            inputs = layer.forward(inputs, views, space, context)
        outputs: Array = inputs
        return outputs

    def loss_and_gradient(
        self,
        batch: Batch,
        parameters: Sequence[Parameters],
        gradient: Sequence[Parameters],
        workspace: NetworkWorkspace,
        scale: float,
        rngs: Sequence[np.random.Generator] | None = None,
    ) -> Array:
        """Write the gradient of the training loss and return the loss of each member.

        Parameters
        ----------
        batch : Batch
            The data.
        parameters, gradient : sequence of Parameters
            Views by layer, of the parameters and of what is written.
        workspace : NetworkWorkspace
            Buffers for the size of the batch.
        scale : float
            Factor of the sum over rows: one over the number of rows in the mean.
        rngs : sequence of Generator or None
            Each member's source of noise, for layers that have any.

        Returns
        -------
        loss : ndarray of shape (n_members,) or scalar for one member
            The loss of each member.
        """
        context = Pass(True, scale, batch.weights, rngs)
        outputs = self.outputs(batch.inputs, parameters, workspace, context)
        loss = self.loss.value_and_gradient(
            outputs, batch.targets, batch.weights, scale, workspace.loss
        )
        delta: Any = outputs
        for index in range(len(self.layers) - 1, -1, -1):
            delta = self.layers[index].backward(
                delta,
                parameters[index],
                gradient[index],
                workspace.layers[index],
                context,
            )
        return loss


def multilayer_perceptron(
    layer_units: tuple[int, ...], activation: str, loss: Loss, *, sparse: bool = False
) -> Network:
    """Describe a multilayer perceptron.

    Parameters
    ----------
    layer_units : tuple of int
        Numbers of inputs, of each hidden layer's units and of outputs.
    activation : str
        Name of the hidden activation.
    loss : Loss
        The loss.
    sparse : bool, default=False
        Whether the inputs are sparse.

    Returns
    -------
    network : Network
        The description.
    """
    layers: list[Layer] = []
    for below, units in pairwise(layer_units[:-1]):
        dense = SparseDense if sparse and not layers else Dense
        layers.append(dense(below, units))
        layers.append(ActivationLayer(units, ACTIVATIONS[activation]))
    readout = SparseReadout if sparse and not layers else Readout
    layers.append(readout(layer_units[-2], layer_units[-1]))
    return Network(tuple(layers), loss)
