"""What the affine layers share: their size and their parameters."""

from dataclasses import dataclass
from typing import ClassVar

from skregnet.kernels import Array
from skregnet.parameters import Shapes


@dataclass(frozen=True)
class Affine:
    """Weights and biases between two layers of units; abstract.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Units below and in this layer.
    has_biases : bool, default=True
        False where a normalization follows, which would take them out again.
    """

    n_inputs: int
    n_outputs: int
    has_biases: bool = True
    activates: ClassVar[bool] = False
    """Whether the outputs are those of an activation already."""

    def to_plain(self, weights: Array) -> Array:
        """Return one network's weights as a matrix, (n_inputs, n_outputs)."""
        return weights

    def from_plain(self, plain: Array) -> Array:
        """Return weights in the layer's own shape from a matrix."""
        return plain

    @property
    def parameter_shapes(self) -> Shapes:
        """Weights and biases."""
        weights = ("weights", (self.n_inputs, self.n_outputs))
        biases = ("biases", (1, self.n_outputs))
        return (weights, biases) if self.has_biases else (weights,)
