"""What optimizers around optimizers share."""

from typing import Any

from skregnet.kernels import Array, Rate
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

    def write_step_sizes(self, out: Array, state: State, learning_rate: Rate) -> None:
        """Write those of the optimizer within."""
        self.optimizer.write_step_sizes(out, state["inner"], learning_rate)
