"""Statistics over all rows, against those of all rows at once, layer by layer."""

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import SQUARED_ERROR
from skregnet._training import TrainingData, statistics, with_exact_statistics
from tests import references

N_ROWS = 30


def make_data(container, weighted, dtype=np.float64):
    """Return data of which some rows are left out and some count twice."""
    random_state = np.random.RandomState(0)
    X = random_state.normal(size=(N_ROWS, 3)).astype(dtype)
    X[random_state.rand(N_ROWS, 3) < 0.3] = 0
    weights = None
    if weighted:
        weights = random_state.uniform(0.1, 3, size=N_ROWS).astype(dtype)
    rows = random_state.permutation(np.r_[np.arange(2, N_ROWS), 5, 5, 8])
    return TrainingData(container(X), np.zeros((N_ROWS, 2), dtype), weights, rows)


def make_network(place, *, is_sparse=False, n_hidden=2):
    """Return a network with noise in training, and its parameters."""
    network = multilayer_perceptron(
        (3, *[4, 5, 3][:n_hidden], 2),
        "tanh",
        SQUARED_ERROR,
        sparse=is_sparse,
        batch_norm=place,
        input_dropout=0.5,
        dropout=(0.5,) * n_hidden,
    )
    vector = np.random.RandomState(1).normal(size=network.layout.n_parameters)
    return network, vector


def naive_statistics(network, vector, data, place):
    """Return mean and variance of each normalization, by all rows at once."""
    inputs = data.inputs.toarray() if data.is_sparse else data.inputs
    values = inputs[data.rows].astype(float)
    weights = np.ones(N_ROWS) if data.weights is None else data.weights
    weights = weights[data.rows]
    coefs, intercepts = network.layout.unpack(vector)
    norms = [v for v in network.layout.views(vector[np.newaxis]) if "scale" in v]
    found = []
    for layer, norm in enumerate(norms):
        values = values @ coefs[layer] + intercepts[layer]
        if place == "after":
            values = np.tanh(values)
        values, *moments = references.standardize(values, weights)
        found.append(moments)
        values = norm["scale"][0] * values + norm["shift"][0]
        if place == "before":
            values = np.tanh(values)
    return found


@pytest.mark.parametrize("block_rows", [1, 7, N_ROWS + 1, 512])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("place", ["before", "after"])
def test_statistics_of_all_rows(place, container, weighted, block_rows, monkeypatch):
    monkeypatch.setattr(statistics, "_BLOCK_ROWS", block_rows)
    network, vector = make_network(place, is_sparse=container is sparse.csr_array)
    data = make_data(container, weighted)
    before = vector.copy()
    found = with_exact_statistics(network, vector, data)
    np.testing.assert_array_equal(vector, before)

    # All but the statistics stays.
    is_statistic = np.zeros((1, len(vector)), bool)
    for layer in network.layout.views(is_statistic):
        for name in ("statistics", "n_batches"):
            if name in layer:
                layer[name][...] = True
    kept = ~is_statistic[0]
    np.testing.assert_array_equal(found[kept], vector[kept])

    expected = naive_statistics(network, vector, data, place)
    norms = [v for v in network.layout.views(found[np.newaxis]) if "scale" in v]
    assert len(norms) == len(expected) == 2
    for norm, moments in zip(norms, expected, strict=True):
        np.testing.assert_allclose(
            norm["statistics"][0], moments, rtol=1e-11, atol=1e-13
        )
        assert norm["n_batches"] == 10


def test_sparse_data_of_a_dense_network(monkeypatch):
    monkeypatch.setattr(statistics, "_BLOCK_ROWS", 7)
    network, vector = make_network("before", n_hidden=1)
    dense = with_exact_statistics(network, vector, make_data(np.asarray, True))
    thin = with_exact_statistics(network, vector, make_data(sparse.csr_array, True))
    np.testing.assert_array_equal(thin, dense)


def test_means_that_are_large_beside_the_deviations(monkeypatch):
    monkeypatch.setattr(statistics, "_BLOCK_ROWS", 7)
    network, vector = make_network("before", n_hidden=1)
    # A mean of squares less the square of the mean would lose the variance.
    data = make_data(np.asarray, False, np.float32)
    data = dataclasses.replace(data, inputs=data.inputs + np.float32(500))
    found = with_exact_statistics(network, vector.astype(np.float32), data)
    assert found.dtype == np.float32
    ((mean, variance),) = naive_statistics(network, vector, data, "before")
    (norm,) = [v for v in network.layout.views(found[np.newaxis]) if "scale" in v]
    np.testing.assert_allclose(norm["statistics"][0, 0], mean, rtol=1e-6)
    np.testing.assert_allclose(norm["statistics"][0, 1], variance, rtol=1e-3)


def test_nothing_is_copied_where_nothing_is_normalised():
    network, vector = make_network(None)
    data = make_data(np.asarray, False)
    assert with_exact_statistics(network, vector, data) is vector
