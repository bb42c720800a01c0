"""Initial weights."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from skregnet.initializers import glorot_uniform
from tests.cases import ACTIVATION_NAMES


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("hidden", [(), (7,), (6, 5)])
def test_draws_are_those_of_scikit_learn(hidden, activation):
    layer_units = (4, *hidden, 2)
    weights, biases = glorot_uniform(layer_units, activation, np.random.RandomState(3))
    # A rate too small to change a weight leaves what was drawn.
    theirs = MLPRegressor(
        hidden_layer_sizes=hidden,
        activation=activation,
        learning_rate_init=1e-300,
        random_state=3,
    )
    random_state = np.random.RandomState(0)
    X, y = random_state.normal(size=(9, 4)), random_state.normal(size=(9, 2))
    theirs.partial_fit(X, y)
    for mine, other in zip(weights, theirs.coefs_, strict=True):
        np.testing.assert_array_equal(mine, other)
    for mine, other in zip(biases, theirs.intercepts_, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_bounds(activation):
    layer_units = (300, 200, 100)
    factor = 2 if activation == "logistic" else 6
    drawn = glorot_uniform(layer_units, activation, np.random.RandomState(0))
    for parts in drawn:
        for part, (fan_in, fan_out) in zip(parts, pairwise(layer_units), strict=True):
            bound = np.sqrt(factor / (fan_in + fan_out))
            assert 0.95 * bound < np.abs(part).max() <= bound
            assert abs(part.mean()) < 0.25 * bound
