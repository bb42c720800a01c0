"""What a penalty on the weights is.

A penalty is a function of the weights of each member of a stack, an array of shape
(n_members, n_weights). It scales as the loss does: `scale` is one over the number of
rows. Its smooth part enters the gradient, what has a corner at zero acts on the weights
after each step.
"""

from typing import Any, Protocol

from skregnet._kernels import Array, Rate


class Penalty(Protocol):
    """A term of the loss that depends on the weights alone."""

    @property
    def strength(self) -> Rate:
        """Factor of each member; a penalty whose factors are all 0 is left out."""
        ...

    def value(self, weights: Array, scale: float) -> Any:
        """Return `scale` times the penalty of each member, of shape (n_members,)."""
        ...

    def add_gradient(self, weights: Array, gradient: Array, scale: float) -> Any:
        """Add `scale` times the gradient of the smooth part, and return the value."""
        ...

    def add_derivative(self, weights: Array, gradient: Array, scale: float) -> Any:
        """Add the whole gradient, a subgradient at corners, and return the value.

        It is for looking at; training takes what is not smooth by `shrink`.
        """
        ...

    def add_product(self, directions: Array, products: Array, scale: float) -> None:
        """Add `scale` times the second derivatives times directions to `products`."""
        ...

    def shrink(self, weights: Array, step_sizes: Array, scale: float) -> None:
        """Take the proximal step of what is not smooth, in place.

        Parameters
        ----------
        weights : ndarray of shape (n_members, n_weights)
            The weights after a step down the gradient.
        step_sizes : ndarray of shape (n_members, n_weights)
            How far that step goes along a unit gradient; overwritten.
        scale : float
            One over the number of rows, as for the loss.
        """
        ...

    def add_least_subgradient(
        self, weights: Array, gradient: Array, scale: float
    ) -> Any:
        """Add the subgradient that leaves least of the gradient, and return the value.

        Along it optimizers step that go by signs, and keep to the orthant by `confine`.
        """
        ...

    def confine(self, weights: Array, orthant: Array, scale: float) -> None:
        """Set to zero the weights of members that have left their orthant, in place.

        Parameters
        ----------
        weights : ndarray of shape (n_members, n_weights)
            The weights after a step.
        orthant : ndarray of shape (n_members, n_weights)
            The sign that each weight may have: -1, 0 or 1.
        scale : float
            One over the number of rows, as for the loss.
        """
        ...

    @property
    def is_smooth(self) -> bool:
        """Whether `shrink` does nothing."""
        ...
