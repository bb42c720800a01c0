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
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    Pass,
    PenalizedActivity,
    Readout,
    RectifiedDense,
    SparseDense,
    SparseDropout,
    SparseReadout,
    SparseRectifiedDense,
    Workspace,
)
from skregnet.losses import Loss
from skregnet.parameters import ParameterLayout, Parameters
from skregnet.penalties import ActivityPenalty

_AT_TEST = Pass()

# The activation that takes no pass of its own over the outputs of an affine map.
_RECTIFIED = "relu"

_DENSE: dict[tuple[bool, bool], Any] = {
    (False, False): Dense,
    (False, True): RectifiedDense,
    (True, False): SparseDense,
    (True, True): SparseRectifiedDense,
}
"""Affine maps of hidden layers, by whether inputs are sparse and outputs rectified."""

# Rows a block where all rows are gone through.
_BLOCK_ROWS = 512


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


@dataclass
class NetworkWorkspace:
    """Buffers of all layers and of the loss.

    Attributes
    ----------
    input_gradient : ndarray of shape (n_members, n_rows, n_features) or None
        What the last backward pass found, where the workspace was made for it.
    """

    layers: tuple[Workspace, ...]
    loss: LossWorkspace
    input_gradient: Array | None = None


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

    @property
    def takes_sparse(self) -> bool:
        """Whether the inputs are sparse."""
        return isinstance(self.layers[0], SparseDense | SparseReadout | SparseDropout)

    def workspace(
        self,
        n_members: int,
        n_rows: int,
        dtype: np.dtype,
        *,
        to_inputs: bool = False,
    ) -> NetworkWorkspace:
        """Allocate what passes over `n_rows` rows of each member need.

        With `to_inputs` the backward pass goes on to the inputs.
        """
        is_first = True
        layers = []
        for layer in self.layers:
            propagate = to_inputs or not is_first
            layers.append(layer.workspace(n_members, n_rows, dtype, propagate))
            is_first = is_first and not layer.parameter_shapes
        n_outputs = self.layers[-1].n_outputs
        loss = LossWorkspace.allocate(n_members, n_outputs, n_rows, dtype)
        return NetworkWorkspace(tuple(layers), loss)

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
        context: Pass,
    ) -> Any:
        """Write the gradient of the training loss and return the loss of each member.

        Parameters
        ----------
        batch : Batch
            The data.
        parameters, gradient : sequence of Parameters
            Views by layer, of the parameters and of what is written.
        workspace : NetworkWorkspace
            Buffers for the size of the batch.
        context : Pass
            What the layers need to know, with the weights of the batch.

        Returns
        -------
        loss : ndarray of shape (n_members,) or scalar for one member
            The loss of each member, penalties on activations included.
        """
        outputs = self.outputs(batch.inputs, parameters, workspace, context)
        loss = self.loss.value_and_gradient(
            outputs, batch.targets, batch.weights, context.scale, workspace.loss
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
            if delta is None:
                break
        workspace.input_gradient = delta
        for index in self._penalized:
            loss = loss + workspace.layers[index].penalty
        return loss

    @cached_property
    def _penalized(self) -> tuple[int, ...]:
        """Numbers of the layers that add to the loss."""
        return tuple(
            index
            for index, layer in enumerate(self.layers)
            if isinstance(layer, PenalizedActivity)
        )


def input_gradient(network: Network, vector: Array, inputs: Any, targets: Array) -> Any:
    """Return the gradient of each row's loss by its inputs.

    Parameters
    ----------
    network : Network
        The architecture, of dense inputs.
    vector : ndarray of shape (n_parameters,)
        The parameters of one network.
    inputs : ndarray or sparse array of shape (n_rows, n_features)
        The rows.
    targets : ndarray of shape (n_rows, n_outputs)
        What the network should put out for them.

    Returns
    -------
    gradient : ndarray of shape (n_rows, n_features)
        A new array.
    """
    vectors = vector[np.newaxis]
    parameters = network.layout.views(vectors)
    unused = network.layout.views(np.empty_like(vectors))
    gradient = np.empty(inputs.shape, vector.dtype)
    for start in range(0, len(gradient), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        block = inputs[rows]
        block = block if isinstance(block, np.ndarray) else block.toarray()
        n_rows = len(block)
        batch = Batch(
            block.astype(vector.dtype, copy=False)[np.newaxis],
            targets[rows].T.astype(vector.dtype)[np.newaxis],
        )
        workspace = network.workspace(1, n_rows, vector.dtype, to_inputs=True)
        network.loss_and_gradient(batch, parameters, unused, workspace, _AT_TEST)
        gradient[rows] = workspace.input_gradient
    return gradient


def multilayer_perceptron(
    layer_units: tuple[int, ...],
    activation: str | Sequence[str],
    loss: Loss,
    *,
    sparse: bool = False,
    input_dropout: float = 0.0,
    dropout: Sequence[float] = (),
    batch_norm: str | None = None,
    activity_penalty: ActivityPenalty | None = None,
) -> Network:
    """Describe a multilayer perceptron.

    A hidden layer is its affine map, its activation, the penalty on that, and dropout;
    batch normalization comes before or after the activation.

    Parameters
    ----------
    layer_units : tuple of int
        Numbers of inputs, of each hidden layer's units and of outputs.
    activation : str or sequence of str
        Name of the hidden activation, or one a hidden layer.
    loss : Loss
        The loss.
    sparse : bool, default=False
        Whether the inputs are sparse.
    input_dropout : float, default=0.0
        Probability of dropping an input.
    dropout : sequence of float, default=()
        Probability of dropping a unit of each hidden layer; empty for none.
    batch_norm : {None, "before", "after"}, default=None
        Where to normalise.
    activity_penalty : ActivityPenalty or None, default=None
        Penalty on each hidden layer's activations.

    Returns
    -------
    network : Network
        The description.
    """
    hidden = list(pairwise(layer_units[:-1]))
    names = [activation] * len(hidden) if isinstance(activation, str) else activation
    rates = dropout or [0.0] * len(hidden)
    layers: list[Layer] = []
    if input_dropout:
        drop = SparseDropout if sparse else Dropout
        layers.append(drop(layer_units[0], input_dropout))
    is_sparse = sparse
    for (below, units), name, rate in zip(hidden, names, rates, strict=True):
        is_rectified = name == _RECTIFIED and batch_norm != "before"
        dense = _DENSE[is_sparse, is_rectified]
        layers.append(dense(below, units, has_biases=batch_norm != "before"))
        if batch_norm == "before":
            layers.append(BatchNorm(units, in_place=True))
        if not is_rectified:
            layers.append(ActivationLayer(units, ACTIVATIONS[name]))
        if activity_penalty is not None:
            layers.append(PenalizedActivity(units, activity_penalty))
        if batch_norm == "after":
            layers.append(BatchNorm(units, in_place=False))
        if rate:
            layers.append(Dropout(units, rate, in_place=_lends_outputs(layers[-1])))
        is_sparse = False
    readout = SparseReadout if is_sparse else Readout
    layers.append(readout(layer_units[-2], layer_units[-1]))
    return Network(tuple(layers), loss)


def _lends_outputs(layer: Layer) -> bool:
    """Tell whether a layer's backward pass does well with units that are dropped."""
    if isinstance(layer, RectifiedDense):
        return True
    if isinstance(layer, ActivationLayer):
        return layer.activation.goes_by_signs
    return isinstance(layer, BatchNorm)
