"""What a penalty on the weights is.

A penalty is a function of the weights of each member of a stack, an array of shape
(n_members, n_weights). It scales as the loss does: `scale` is one over the number of
rows.
"""

from typing import Any, Protocol

from skregnet.kernels import Array


class Penalty(Protocol):
    """A term of the loss that depends on the weights alone."""

    def value(self, weights: Array, scale: float) -> Any:
        """Return `scale` times the penalty of each member, of shape (n_members,)."""
        ...

    def add_gradient(
        self, weights: Array, gradient: Array, scale: float, scratch: Array
    ) -> None:
        """Add `scale` times the gradient of the penalty to `gradient`."""
        ...
