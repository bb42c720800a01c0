"""What training minimises: the loss of a network plus the penalty on its weights."""

from collections.abc import Sequence

import numpy as np

from skregnet.kernels import Array, aligned_zeros, member_rates, scratch_for
from skregnet.network import Batch, Network, NetworkWorkspace
from skregnet.penalties import L2Penalty, Penalty
from skregnet.training.member import Member


class Objective:
    """Loss and gradient of a stack of networks at parameters that it holds.

    The loss of a batch is ``scale`` times the weighted sum over its rows, plus
    ``scale * alpha / (2 * mean_weight)`` times the squared norm of the weights, where
    ``scale`` is one over the number of rows: over all data, ``alpha / 2`` over the sum
    of the weights.

    Parameters
    ----------
    network : Network
        The architecture.
    members : sequence of Member
        Whose parameters to start from, and whose penalties to add.
    dtype : dtype
        Precision of the arithmetic.

    Attributes
    ----------
    parameters, gradient : ndarray of shape (n_members, n_parameters)
        Updated in place, by whoever trains and by `value_and_gradient`.
    """

    def __init__(
        self, network: Network, members: Sequence[Member], dtype: np.dtype
    ) -> None:
        shape = (len(members), network.layout.n_parameters)
        n_weights = network.layout.n_weights
        self.network = network
        self.parameters = aligned_zeros(shape, dtype)
        self.gradient = aligned_zeros(shape, dtype)
        self.views = network.layout.views(self.parameters)
        self._gradient_views = network.layout.views(self.gradient)
        self._weights = self.parameters[:, :n_weights]
        self._weights_gradient = self.gradient[:, :n_weights]
        strengths = [member.alpha / member.data.mean_weight for member in members]
        self._penalty: Penalty | None = None
        if any(strengths):
            self._penalty = L2Penalty(member_rates(strengths))
        self._scratch = scratch_for(self._weights)
        for row, member in zip(self.parameters, members, strict=True):
            row[...] = member.vector

    def value_and_gradient(
        self, batch: Batch, workspace: NetworkWorkspace, scale: float
    ) -> Array:
        """Write the gradient to `gradient` and return the loss of each member."""
        return self.loss_and_gradient(batch, workspace, scale) + self.add_penalty(scale)

    def loss_and_gradient(
        self, batch: Batch, workspace: NetworkWorkspace, scale: float
    ) -> Array:
        """Leave out the penalty."""
        return self.network.loss_and_gradient(
            batch, self.views, self._gradient_views, workspace, scale
        )

    def add_penalty(self, scale: float) -> Array | float:
        """Add the gradient of the penalty to `gradient` and return its value."""
        if self._penalty is None:
            return 0.0
        weights = self._weights
        self._penalty.add_gradient(
            weights, self._weights_gradient, scale, self._scratch
        )
        return self._penalty.value(weights, scale)
