"""Initial weights."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from skregnet._networks.initializers import glorot_uniform
from tests.cases import ACTIVATION_NAMES

THEIR_ACTIVATIONS = ["identity", "logistic", "relu", "tanh"]


@pytest.mark.parametrize("activation", THEIR_ACTIVATIONS)
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


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
@pytest.mark.parametrize("hidden", [(7,), (6, 5)])
def test_one_name_stands_for_each_hidden_layer(hidden, activation):
    units, names = (4, *hidden, 2), [activation] * len(hidden)
    one = glorot_uniform(units, activation, np.random.RandomState(3))
    each = glorot_uniform(units, names, np.random.RandomState(3))
    for parts, others in zip(one, each, strict=True):
        for part, other in zip(parts, others, strict=True):
            np.testing.assert_array_equal(part, other)


@pytest.mark.parametrize("names", [("logistic", "tanh"), ("gelu", "logistic")])
def test_a_layer_has_the_factor_of_its_own_activation(names):
    units = (4, 6, 5, 2)
    mixed = glorot_uniform(units, names, np.random.RandomState(3))
    # The output layer follows the last hidden one.
    for layer, name in enumerate((*names, names[-1])):
        plain = glorot_uniform(units, name, np.random.RandomState(3))
        for parts, others in zip(mixed, plain, strict=True):
            np.testing.assert_array_equal(parts[layer], others[layer])


def test_linear_model_has_the_default_factor():
    drawn = glorot_uniform((4, 2), (), np.random.RandomState(3))
    expected = glorot_uniform((4, 2), "identity", np.random.RandomState(3))
    np.testing.assert_array_equal(drawn[0][0], expected[0][0])
    np.testing.assert_array_equal(drawn[1][0], expected[1][0])


@pytest.mark.parametrize("names", [(), ("relu",), ("relu", "relu", "relu")])
def test_a_wrong_number_of_names_is_an_error(names):
    with pytest.raises(ValueError, match="zip"):
        glorot_uniform((4, 6, 5, 2), names, np.random.RandomState(3))
