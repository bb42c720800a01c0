"""Rectified affine maps with dropout, against the two layers one after another."""

import numpy as np
import pytest
from scipy import sparse

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.hessian_product import HessianProduct
from skregnet._networks.layers import (
    Dropout,
    Pass,
    RectifiedDense,
    RectifiedDropoutDense,
    SparseRectifiedDense,
    SparseRectifiedDropoutDense,
)
from skregnet._networks.losses import LOG_LOSS
from skregnet._networks.penalties import L1Activity

N_ROWS, N_INPUTS, N_UNITS = 7, 4, 5


def sources(n_members):
    """Return a source of noise for each member."""
    return [np.random.Generator(np.random.SFC64(seed)) for seed in range(n_members)]


def passes(layers, inputs, n_members, dtype, training):
    """Return outputs, gradients and what goes back, of layers one after another."""
    random_state = np.random.RandomState(0)

    def draw(*shape):
        return random_state.normal(size=(n_members, *shape)).astype(dtype)

    parameters = {"weights": draw(N_INPUTS, N_UNITS), "biases": draw(1, N_UNITS)}
    gradient = {name: np.zeros_like(values) for name, values in parameters.items()}
    delta = draw(N_ROWS, N_UNITS)
    context = Pass(training, rngs=sources(n_members))
    spaces = [layer.workspace(n_members, N_ROWS, dtype, True) for layer in layers]
    values = inputs
    for layer, space in zip(layers, spaces, strict=True):
        values = layer.forward(values, parameters, space, context)
    outputs = values.copy()
    for layer, space in zip(reversed(layers), reversed(spaces), strict=True):
        delta = layer.backward(delta, parameters, gradient, space, context)
    return outputs, gradient["weights"], gradient["biases"], delta


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("is_sparse", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rate", [0.5, 0.25, 0.3, np.array([[0.1], [0.5], [0.75]])])
def test_it_is_both_layers_to_the_last_bit(rate, dtype, is_sparse, training):
    n_members = 3 if isinstance(rate, np.ndarray) else 1
    dtype = np.dtype(dtype)
    inputs = np.random.RandomState(1).normal(size=(n_members, N_ROWS, N_INPUTS))
    inputs = np.maximum(inputs, 0).astype(dtype)
    first, both = RectifiedDense, RectifiedDropoutDense
    if is_sparse:
        inputs = [sparse.csr_array(rows) for rows in inputs]
        first, both = SparseRectifiedDense, SparseRectifiedDropoutDense
    apart = [first(N_INPUTS, N_UNITS), Dropout(N_UNITS, rate, in_place=True)]
    expected = passes(apart, inputs, n_members, dtype, training)
    fused = [both(N_INPUTS, N_UNITS, rate=rate)]
    found = passes(fused, inputs, n_members, dtype, training)
    n_compared = 3 if is_sparse else 4  # data get no gradient
    for got, wanted in zip(found[:n_compared], expected, strict=False):
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, wanted)
    is_off = found[0] == 0
    assert is_off.any()
    assert not is_off.all()


def kinds(**parameters):
    """Return the names of a network's layers."""
    network = multilayer_perceptron((3, 4, 5, 2), "relu", LOG_LOSS, **parameters)
    return [type(layer).__name__ for layer in network.layers]


def test_where_a_network_has_it():
    dropped = "RectifiedDropoutDense"
    assert kinds(dropout=(0.5, 0.2)) == [dropped, dropped, "Readout"]
    assert kinds(dropout=(0.0, 0.2)) == ["RectifiedDense", dropped, "Readout"]
    assert kinds(dropout=(0.5, 0.2), sparse=True)[0] == "SparseRectifiedDropoutDense"
    apart = [
        {"batch_norm": "before"},
        {"batch_norm": "after"},
        {"activity_penalty": L1Activity(0.1)},
    ]
    for parameters in apart:
        names = kinds(dropout=(0.5, 0.2), **parameters)
        assert names.count("Dropout") == 2
        assert dropped not in names


def test_it_has_no_second_derivatives():
    network = multilayer_perceptron((3, 4, 2), "relu", LOG_LOSS, dropout=(0.5,))
    with pytest.raises(ValueError, match="leave out dropout"):
        HessianProduct(network)
