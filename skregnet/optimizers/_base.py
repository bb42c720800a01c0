"""What an optimizer is.

Its hyperparameters are set by the constructor and never change; each is a number, or
an array of shape (n_members, 1) where members of a stack differ. What changes is the
state: a dict of arrays and numbers that `init` makes and `step` updates in place.
Arrays of the state whose first axis is that of the parameters belong to members, one
row each; all else is shared.
"""

from typing import Any, Protocol

from skregnet.kernels import Array, Rate

State = dict[str, Any]


class Optimizer(Protocol):
    """A rule for steps in parameter space."""

    def init(self, parameters: Array) -> State:
        """Return the state before the first step.

        Parameters
        ----------
        parameters : ndarray of shape (n_members, n_parameters)
            Where the steps will start; only its shape and dtype matter.
        """
        ...

    def step(
        self, parameters: Array, gradient: Array, state: State, learning_rate: Rate
    ) -> None:
        """Move the parameters and update the state, both in place.

        Parameters
        ----------
        parameters, gradient : ndarray of shape (n_members, n_parameters)
            The parameters, and the gradient of the loss there.
        state : dict
            What `init` made.
        learning_rate : float or ndarray of shape (n_members, 1)
            Length scale of the step.
        """
        ...
