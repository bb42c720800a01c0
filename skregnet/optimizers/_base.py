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

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write how far a constant unit gradient would move each parameter in a step.

        Momentum counts with all it gathers in the long run: the step along a gradient
        is this times the gradient. Proximal steps, such as that of an L1 penalty, take
        their size from it. It is called after `step`, and only where there are such.

        Parameters
        ----------
        out : ndarray of shape (n_members, n_weights)
            What to write to, for the first `n_weights` parameters.
        state : dict
            What `step` has left.
        learning_rate : float or ndarray of shape (n_members, 1)
            That of the step.
        """
        ...
