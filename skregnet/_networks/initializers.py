"""Initial weights, drawn in float64 in the order of the layers."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from skregnet._kernels import Array

# Glorot and Bengio (2010) derive 6 for a symmetric unit with slope one at zero; the
# logistic unit, whose slope there is a quarter, keeps scikit-learn's 2.
_GLOROT_FACTORS = {"logistic": 2.0}
_GLOROT_DEFAULT = 6.0


def glorot_uniform(
    layer_units: tuple[int, ...],
    activations: str | Sequence[str],
    random_state: np.random.RandomState,
) -> tuple[list[Array], list[Array]]:
    """Draw weights and biases of a network, uniform within Glorot's bound.

    The bound is ``sqrt(factor / (fan_in + fan_out))``; the factor is that of the
    activation after the layer, and the output layer takes that of the last hidden
    layer. For each layer the weights are drawn first, then the biases. With one
    activation the draws are those of scikit-learn.

    Parameters
    ----------
    layer_units : tuple of int
        Numbers of inputs, of each hidden layer's units and of outputs.
    activations : str or sequence of str
        Name of the activation of all hidden layers, or one name a hidden layer.
    random_state : RandomState
        Source of the draws.

    Returns
    -------
    weights : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer, float64.
    biases : list of ndarray of shape (fan_out,)
        Biases of each layer, float64.

    Raises
    ------
    ValueError
        If there are not as many names as hidden layers.

    References
    ----------
    X. Glorot and Y. Bengio (2010). Understanding the difficulty of training deep
    feedforward neural networks. AISTATS.
    """
    if isinstance(activations, str):
        activations = (activations,) * (len(layer_units) - 1)
    else:
        # A linear model has no hidden layer to take a factor from.
        last = activations[-1] if len(activations) else "identity"
        activations = (*activations, last)
    weights, biases = [], []
    layers = zip(pairwise(layer_units), activations, strict=True)
    for (fan_in, fan_out), activation in layers:
        factor = _GLOROT_FACTORS.get(activation, _GLOROT_DEFAULT)
        bound = np.sqrt(factor / (fan_in + fan_out))
        weights.append(random_state.uniform(-bound, bound, (fan_in, fan_out)))
        biases.append(random_state.uniform(-bound, bound, fan_out))
    return weights, biases
