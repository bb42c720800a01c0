"""Products of the second derivatives of one network's loss with directions.

Directions lie on the member axis: forward and backward passes are made once for all of
them, and what follows them, Pearlmutter's R-operator, runs for all at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skregnet._networks.layers import CurvedLayer, Pass, TangentWorkspace
from skregnet._networks.losses import LinearizedLoss
from skregnet._networks.network import Batch, Network, NetworkWorkspace
from skregnet._networks.parameters import Parameters


class Spaces(NamedTuple):
    """Buffers for batches of one number of rows, and for one number of directions."""

    network: NetworkWorkspace
    tangents: list[TangentWorkspace]


@dataclass(frozen=True)
class HessianProduct:
    """The Hessian or the Gauss-Newton matrix of a network's loss, times directions.

    With ``J`` the derivatives of the outputs by the parameters and ``H`` the second
    derivatives of the loss by the outputs, the Gauss-Newton matrix is the mean over
    rows of ``J.T @ H @ J``: the Hessian without the second derivatives of the network.

    Parameters
    ----------
    network : Network
        The architecture, of layers that have second derivatives.
    gauss_newton : bool, default=False
        Whether it is the Gauss-Newton matrix.

    Raises
    ------
    ValueError
        If a layer has no second derivatives.

    References
    ----------
    B. Pearlmutter (1994). Fast exact multiplication by the Hessian. Neural Computation
    6(1).

    N. Schraudolph (2002). Fast curvature matrix-vector products for second-order
    gradient descent. Neural Computation 14(7).
    """

    network: Network
    gauss_newton: bool = False

    def __post_init__(self) -> None:
        for layer in self.network.layers:
            if not isinstance(layer, CurvedLayer):
                raise ValueError(
                    "second derivatives are those of a plain network, got a layer "
                    f"{type(layer).__name__}; fold batch normalization into the "
                    "weights, and leave out dropout."
                )

    def spaces(self, n_directions: int, n_rows: int, dtype: np.dtype) -> Spaces:
        """Allocate buffers for batches of `n_rows` rows."""
        tangents = []
        propagate = False
        for layer in self._layers:
            tangents.append(
                layer.tangent_workspace(n_directions, n_rows, dtype, propagate)
            )
            propagate = propagate or bool(layer.parameter_shapes)
        return Spaces(self.network.workspace(1, n_rows, dtype), tangents)

    def write(
        self,
        batch: Batch,
        parameters: Sequence[Parameters],
        directions: Sequence[Parameters],
        products: Sequence[Parameters],
        spaces: Spaces,
        scale: float,
    ) -> None:
        """Write the products of a batch.

        Parameters
        ----------
        batch : Batch
            The data, of one member.
        parameters : sequence of Parameters
            Views by layer, of one network.
        directions, products : sequence of Parameters
            Views by layer, of as many directions as the spaces are for, and of what is
            written.
        spaces : Spaces
            Buffers.
        scale : float
            What the sum over rows is multiplied by.
        """
        context = Pass(training=True, scale=scale, weights=batch.weights)
        layers, below = self._layers, range(len(self._layers))
        loss = self._linearize(batch, parameters, spaces, context)
        tangents: Any = None
        for k in below:
            tangents = layers[k].tangent(
                tangents,
                parameters[k],
                directions[k],
                spaces.network.layers[k],
                spaces.tangents[k],
            )
        loss.tangent(tangents)
        for k in reversed(below):
            tangents = layers[k].backward_tangent(
                tangents,
                parameters[k],
                directions[k],
                products[k],
                spaces.network.layers[k],
                spaces.tangents[k],
                context,
            )
            if tangents is None:
                break

    @property
    def _layers(self) -> Any:
        return self.network.layers

    def _linearize(
        self,
        batch: Batch,
        parameters: Sequence[Parameters],
        spaces: Spaces,
        context: Pass,
    ) -> LinearizedLoss:
        """Make the passes that all directions share."""
        network, space = self.network, spaces.network
        outputs = network.outputs(batch.inputs, parameters, space, context)
        _, loss = network.loss.linearize(
            outputs, batch.targets, batch.weights, context.scale, space.loss
        )
        delta: Any = None if self.gauss_newton else outputs
        for k in range(len(self._layers) - 1, -1, -1):
            delta = self._layers[k].linearize(
                delta, parameters[k], space.layers[k], spaces.tangents[k], context
            )
        return loss
