"""Outputs of plain weights."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._networks.plain import plain_outputs
from tests import references
from tests.cases import ACTIVATION_NAMES


def draw(hidden, dtype=np.float64):
    """Return weights and biases of a network of 4 inputs and 3 outputs."""
    random_state = np.random.RandomState(0)
    units = (4, *hidden, 3)
    coefs = [random_state.normal(size=shape).astype(dtype) for shape in pairwise(units)]
    return coefs, [random_state.normal(size=n).astype(dtype) for n in units[1:]]


def features(n_rows, dtype=np.float64):
    X = np.random.RandomState(1).normal(size=(n_rows, 4)).astype(dtype)
    X[np.abs(X) < 0.3] = 0
    return X


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("hidden", [(), (5,), (4, 6)])
def test_outputs(hidden, activation):
    coefs, intercepts = draw(hidden)
    X = features(6)
    expected = [references.forward(x, coefs, intercepts, activation) for x in X]
    found = plain_outputs(X, coefs, intercepts, activation)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
    thin = plain_outputs(sparse.csr_array(X), coefs, intercepts, activation)
    np.testing.assert_allclose(thin, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("n_rows", [1, 6, 700])
@pytest.mark.parametrize("names", [("tanh", "relu"), ["gelu", "identity"]])
def test_each_hidden_layer_has_its_own_activation(names, n_rows):
    coefs, intercepts = draw((5, 6))
    X = expected = features(n_rows)
    for weights, biases, name in zip(coefs, intercepts, names, strict=False):
        activation = np.vectorize(references.ACTIVATIONS[name], otypes=[float])
        expected = activation(expected @ weights + biases)
    expected = expected @ coefs[-1] + intercepts[-1]
    found = plain_outputs(X, coefs, intercepts, names)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("names", [(), ("relu",), ("relu", "relu", "relu")])
def test_a_wrong_number_of_names_is_an_error(names):
    coefs, intercepts = draw((5, 6))
    with pytest.raises(ValueError, match="a name for each of the 2 hidden layers"):
        plain_outputs(features(3), coefs, intercepts, names)


def test_linear_model_needs_no_activation():
    coefs, intercepts = draw(())
    X = features(6)
    found = plain_outputs(X, coefs, intercepts, ())
    np.testing.assert_allclose(found, X @ coefs[0] + intercepts[0], rtol=1e-13)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_rows", [1, 511, 512, 513, 1024, 1300])
def test_blocks_equal_one_product(n_rows, dtype, container):
    coefs, intercepts = draw((5,), dtype)
    X = features(n_rows, dtype)
    hidden = np.maximum(X @ coefs[0] + intercepts[0], 0)
    expected = hidden @ coefs[1] + intercepts[1]
    before = X.copy()
    found = plain_outputs(container(X), coefs, intercepts, "relu")
    rtol = 1e-3 if dtype == np.float32 else 1e-12
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * 1e-2)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_training_sees_the_same_outputs(activation):
    coefs, intercepts = draw((5, 4))
    network = multilayer_perceptron((4, 5, 4, 3), activation, SQUARED_ERROR)
    vector = network.layout.pack(coefs, intercepts)
    X = features(8)
    workspace = network.workspace(1, 8, np.dtype(np.float64))
    views = network.layout.views(vector[np.newaxis])
    outputs = network.outputs(X[np.newaxis], views, workspace)
    expected = plain_outputs(X, coefs, intercepts, activation)
    np.testing.assert_allclose(outputs[0].T, expected, rtol=1e-12, atol=1e-14)


def test_memory_does_not_grow_with_the_rows():
    random_state = np.random.RandomState(0)
    coefs = [random_state.normal(size=shape) for shape in ((4, 200), (200, 1))]
    X = features(20_000)
    tracemalloc.start()
    plain_outputs(X, coefs, [np.zeros(200), np.zeros(1)], "relu")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000 * 200 * 8 / 10
