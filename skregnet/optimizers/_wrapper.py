"""What optimizers around optimizers share."""

from typing import Any

from skregnet._kernels import Array, Rate
from skregnet.optimizers._base import State


class Wrapper:
    """Hands on what it does not change; abstract.

    The state of the optimizer within is the entry `inner` of its own.
    """

    optimizer: Any

    @property
    def learning_rate(self) -> Rate:
        """Learning rate, at the start, of the optimizer within."""
        rate: Rate = self.optimizer.learning_rate
        return rate

    @property
    def full_batch(self) -> bool:
        """Whether the optimizer within needs the gradient over all rows."""
        return getattr(self.optimizer, "full_batch", False)

    @property
    def goes_by_signs(self) -> bool:
        """Whether the optimizer within goes by the signs of the gradient."""
        return getattr(self.optimizer, "goes_by_signs", False)

    def settle(self, parameters: Array, state: State) -> None:
        """Tell the optimizer within where proximal steps have moved the parameters.

        Parameters
        ----------
        parameters : ndarray of shape (n_members, n_parameters)
            Where the parameters are after a step and the proximal steps that follow it.
        state : dict
            What `step` has left; updated.
        """
        settle(self.optimizer, parameters, state["inner"])

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write those of the optimizer within."""
        self.optimizer.write_step_sizes(out, state["inner"], learning_rate)


def settle(optimizer: Any, parameters: Array, state: State) -> None:
    """Tell an optimizer, if it asks, where proximal steps have moved the parameters."""
    if hasattr(optimizer, "settle"):
        optimizer.settle(parameters, state)
