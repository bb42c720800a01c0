"""A stack of networks of one architecture: outputs, loss and gradient.

The description holds no numbers. Parameters are handed in as views of a flat vector a
member, data as a batch, and everything in between lives in a workspace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._networks.layers import (
    Layer,
    Pass,
    PenalizedActivity,
    SparseDense,
    SparseDropout,
    SparseReadout,
    Workspace,
)
from skregnet._networks.layers.affine import Affine
from skregnet._networks.losses import Loss, MultiTaskLoss
from skregnet._networks.parameters import ParameterLayout, Parameters, layer_sizes

_AT_TEST = Pass()

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
    loss: Any
    input_gradient: Array | None = None


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron, described.

    Parameters
    ----------
    layers : tuple of Layer
        From the inputs to the outputs before the output activation.
    loss : Loss or MultiTaskLoss
        The loss.
    """

    layers: tuple[Layer, ...]
    loss: Loss | MultiTaskLoss

    @cached_property
    def layout(self) -> ParameterLayout:
        """Where the parameters of the layers lie in the flat vector."""
        return ParameterLayout(tuple(layer.parameter_shapes for layer in self.layers))

    def pack(self, coefs: Sequence[Array], intercepts: Sequence[Array]) -> Array:
        """Return one network's vector from plain matrices, all else at rest.

        Raises
        ------
        ValueError
            If the matrices and biases are not those of this network.
        """
        sizes = layer_sizes(coefs, intercepts)
        expected = [layer.n_outputs for layer in self._affine]
        expected = [self._affine[0].n_inputs, *expected]
        if sizes != expected:
            raise ValueError(
                f"coefs_ and intercepts_ expect layers of sizes {expected}, got "
                f"{sizes}."
            )
        own = [
            layer.from_plain(plain)
            for layer, plain in zip(self._affine, coefs, strict=True)
        ]
        return self.layout.pack(own, intercepts)

    def unpack(self, vector: Array) -> tuple[list[Array], list[Array]]:
        """Return one network's weights as plain matrices, and biases, in new arrays."""
        weights, biases = self.layout.unpack(vector)
        for k, layer in enumerate(self._affine):
            weights[k] = layer.to_plain(weights[k])
            if not layer.has_biases:
                biases[k] = np.zeros(layer.n_outputs, vector.dtype)
        return weights, biases

    @cached_property
    def _affine(self) -> tuple[Affine, ...]:
        """The layers with weights."""
        return tuple(layer for layer in self.layers if isinstance(layer, Affine))

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
        loss = self.loss.workspace(n_members, n_outputs, n_rows, dtype)
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
        loss, delta = self._loss_and_delta(batch, parameters, workspace, context)
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
        return loss

    def mean_loss(
        self,
        batch: Batch,
        parameters: Sequence[Parameters],
        workspace: NetworkWorkspace,
        context: Pass,
    ) -> Any:
        """Return the loss of each member; parameters as in `loss_and_gradient`."""
        loss, _ = self._loss_and_delta(batch, parameters, workspace, context)
        return loss

    def _loss_and_delta(
        self,
        batch: Batch,
        parameters: Sequence[Parameters],
        workspace: NetworkWorkspace,
        context: Pass,
    ) -> tuple[Any, Any]:
        """Return the loss of each member and its gradient by the outputs."""
        outputs = self.outputs(batch.inputs, parameters, workspace, context)
        loss = self.loss.value_and_gradient(
            outputs, batch.targets, batch.weights, context.scale, workspace.loss
        )
        for index in self._penalized:
            loss = loss + workspace.layers[index].penalty
        return loss, outputs

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
