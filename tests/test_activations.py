"""Activations: values, derivatives, and the in-place passes that layers make."""

import numpy as np
import pytest

from skregnet.activations import ACTIVATIONS
from tests import references
from tests.cases import ACTIVATION_NAMES

# The second width is where the rectifier changes its way of comparing with zero.
SHAPES = [(2, 5, 3), (1, 4, 200)]


def pre_activations(shape, dtype=np.float64):
    """Return numbers on both sides of zero, none so close that a step crosses it."""
    values = np.random.RandomState(0).uniform(0.05, 3.0, size=shape)
    values *= np.random.RandomState(1).choice([-1, 1], size=shape)
    return values.astype(dtype)


def value(name, inputs):
    """Return ``f(inputs)`` in a new array."""
    outputs = inputs.copy()
    ACTIVATIONS[name].apply(outputs)
    return outputs


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_value(name):
    inputs = np.append(pre_activations(40), 0.0)
    expected = [references.ACTIVATIONS[name](z) for z in inputs]
    np.testing.assert_allclose(value(name, inputs), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_derivatives(name):
    activation, step = ACTIVATIONS[name], 1e-5
    inputs = pre_activations(40)
    outputs = value(name, inputs)
    above, below = value(name, inputs + step), value(name, inputs - step)
    np.testing.assert_allclose(
        activation.derivative(inputs, outputs),
        (above - below) / (2 * step),
        rtol=1e-7,
        atol=1e-9,
    )
    slope_above = activation.derivative(inputs + step, above)
    slope_below = activation.derivative(inputs - step, below)
    np.testing.assert_allclose(
        activation.second_derivative(inputs, outputs),
        (slope_above - slope_below) / (2 * step),
        rtol=1e-7,
        atol=1e-9,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_passes(name, shape, dtype):
    activation = ACTIVATIONS[name]
    inputs = pre_activations(shape, dtype)
    expected = value(name, inputs)
    scratch = activation.scratch(shape, np.dtype(dtype))
    outputs = inputs if activation.in_place else np.empty_like(inputs)
    before = inputs.copy()
    activation.forward(inputs, outputs, scratch)
    np.testing.assert_array_equal(outputs, expected)
    delta = np.random.RandomState(2).normal(size=shape).astype(dtype)
    product = delta * activation.derivative(before, expected)
    activation.backward(delta, inputs, outputs, scratch)
    assert delta.dtype == dtype
    np.testing.assert_allclose(
        delta, product, rtol=1e-5 if dtype == np.float32 else 1e-14
    )


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_large_inputs_stay_finite(name):
    inputs = np.array([-800.0, 800.0])
    expected = {
        "identity": [-800, 800],
        "logistic": [0, 1],
        "tanh": [-1, 1],
        "relu": [0, 800],
    }
    np.testing.assert_allclose(value(name, inputs), expected[name], atol=1e-300)


def test_rectifier_is_off_at_zero():
    assert ACTIVATIONS["relu"].derivative(np.zeros(1), np.zeros(1)) == 0
