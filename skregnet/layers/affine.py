"""What the affine layers share: their size and their parameters."""

from dataclasses import dataclass

from skregnet.parameters import Shapes


@dataclass(frozen=True)
class Affine:
    """Weights and biases between two layers of units; abstract.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Units below and in this layer.
    """

    n_inputs: int
    n_outputs: int

    @property
    def parameter_shapes(self) -> Shapes:
        """Weights and biases."""
        return (
            ("weights", (self.n_inputs, self.n_outputs)),
            ("biases", (1, self.n_outputs)),
        )
