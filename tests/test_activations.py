"""Activations: values, derivatives, and the in-place passes that layers make."""

import tracemalloc

import numpy as np
import pytest

from skregnet._networks.activations import ACTIVATIONS
from tests import references
from tests.cases import ACTIVATION_NAMES

# The second width is where the rectifier changes its way of comparing with zero.
SHAPES = [(2, 5, 3), (1, 4, 200)]

DTYPES = [np.float32, np.float64]

# Of -800 and of 800: values, then derivatives.
LIMITS = {
    "identity": ([-800, 800], [1, 1]),
    "logistic": ([0, 1], [0, 0]),
    "tanh": ([-1, 1], [0, 0]),
    "relu": ([0, 800], [0, 1]),
    "leaky_relu": ([-8, 800], [0.01, 1]),
    "elu": ([-1, 800], [0, 1]),
    "selu": ([-1.7580993408473766, 840.5607898843844], [0, 1.0507009873554805]),
    "gelu": ([0, 800], [0, 1]),
    "silu": ([0, 800], [0, 1]),
    "mish": ([0, 800], [0, 1]),
    "softplus": ([0, 800], [0, 1]),
}

# The derivative at zero where the one from the left is not the one from the right.
AT_KINKS = {"relu": 0, "leaky_relu": 0.01, "selu": 1.7580993408473766}


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


def both_passes(name, inputs, delta):
    """Return ``f(inputs)`` and ``delta * f'(inputs)`` in new arrays, by the passes."""
    activation = ACTIVATIONS[name]
    inputs, delta = inputs.copy(), delta.copy()
    outputs = inputs if activation.in_place else np.full_like(inputs, np.nan)
    scratch = activation.scratch(inputs.shape, inputs.dtype)
    activation.forward(inputs, outputs, scratch)
    activation.backward(delta, inputs, outputs, scratch)
    return outputs, delta


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_value(name):
    inputs = np.append(pre_activations(40), [0.0, -20.0, 20.0, 60.0])
    expected = [references.ACTIVATIONS[name](z) for z in inputs]
    np.testing.assert_allclose(value(name, inputs), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 5), (0, 3)])
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_apply_takes_any_shape(name, shape):
    inputs = pre_activations((*shape, 2))[..., 0]  # not contiguous
    expected = value(name, inputs.ravel()).reshape(shape)
    ACTIVATIONS[name].apply(inputs)
    np.testing.assert_array_equal(inputs, expected)


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_derivatives(name):
    activation, step = ACTIVATIONS[name], 1e-5
    inputs = np.append(pre_activations(40), [-12.0, 12.0, 29.0, 31.0, 39.0, 41.0])
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


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_passes(name, shape, dtype):
    activation = ACTIVATIONS[name]
    inputs = pre_activations(shape, dtype)
    expected = value(name, inputs)
    delta = np.random.RandomState(2).normal(size=shape).astype(dtype)
    outputs, product = both_passes(name, inputs, delta)
    np.testing.assert_array_equal(outputs, expected)
    assert product.dtype == dtype
    rtol = 1e-5 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(
        product,
        delta * activation.derivative(inputs, expected),
        rtol=rtol,
        atol=rtol / 10,
    )


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_derivatives_in_place_need_the_outputs_alone(name):
    activation, inputs = ACTIVATIONS[name], pre_activations(40)
    outputs = value(name, inputs)
    for function in (activation.derivative, activation.second_derivative):
        same = np.array_equal(function(outputs, outputs), function(inputs, outputs))
        assert same == activation.in_place


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_a_stack_computes_what_its_members_do_alone(name, dtype):
    inputs = pre_activations((3, 5, 7), dtype)
    delta = np.random.RandomState(2).normal(size=inputs.shape).astype(dtype)
    stacked = both_passes(name, inputs, delta)
    for k in range(3):
        alone = both_passes(name, inputs[k : k + 1], delta[k : k + 1])
        for one, many in zip(alone, stacked, strict=True):
            np.testing.assert_array_equal(one[0], many[k])


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_passes_allocate_nothing_that_grows(name):
    activation, shape = ACTIVATIONS[name], (2, 500, 500)
    inputs, delta = pre_activations(shape), np.ones(shape)
    outputs = inputs if activation.in_place else np.empty_like(inputs)
    scratch = activation.scratch(shape, inputs.dtype)
    tracemalloc.start()
    activation.forward(inputs, outputs, scratch)
    activation.backward(delta, inputs, outputs, scratch)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Less than even a mask would take.
    assert peak < inputs.size / 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_large_inputs_stay_finite(name, dtype):
    activation, inputs = ACTIVATIONS[name], np.array([[[-800, 800]]], dtype)
    values, slopes = LIMITS[name]
    outputs, product = both_passes(name, inputs, np.ones_like(inputs))
    limits = {"rtol": 1e-6 if dtype == np.float32 else 1e-14, "atol": 1e-20}
    np.testing.assert_allclose(value(name, inputs)[0, 0], values, **limits)
    np.testing.assert_allclose(outputs[0, 0], values, **limits)
    # Functions of the outputs lose what a saturated output has rounded off.
    limits["atol"] = 1e-6 if dtype == np.float32 else 1e-15
    np.testing.assert_allclose(product[0, 0], slopes, **limits)
    slope = activation.derivative(inputs, outputs)[0, 0]
    np.testing.assert_allclose(slope, slopes, **limits)
    curvature = activation.second_derivative(inputs, outputs)[0, 0]
    np.testing.assert_allclose(curvature, 0, **limits)


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_single_precision_is_near_double(name):
    activation = ACTIVATIONS[name]
    single = np.append(np.linspace(-6, 6, 997), np.linspace(-800, 800, 998))
    single = single.astype(np.float32)
    double = single.astype(np.float64)
    outputs = value(name, double)
    found = value(name, single)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, outputs, rtol=1e-5, atol=1e-20)
    for kind in ("derivative", "second_derivative"):
        derivative = getattr(activation, kind)
        rounded = derivative(single, found)
        assert rounded.dtype == np.float32
        expected = derivative(double, outputs)
        np.testing.assert_allclose(rounded, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_not_a_number_is_not_hidden(name):
    inputs = np.full((1, 1, 2), np.nan)
    outputs, _ = both_passes(name, inputs, np.ones_like(inputs))
    assert np.isnan(outputs).all()
    assert np.isnan(value(name, inputs)).all()


@pytest.mark.parametrize("name", AT_KINKS)
def test_derivative_at_a_kink(name):
    zeros = np.zeros((1, 1, 2))
    _, product = both_passes(name, zeros, np.ones_like(zeros))
    np.testing.assert_allclose(product, AT_KINKS[name], rtol=1e-14)
    slope = ACTIVATIONS[name].derivative(zeros, zeros)
    np.testing.assert_allclose(slope, AT_KINKS[name], rtol=1e-14)


def test_scaled_exponential_unit_keeps_mean_and_variance():
    inputs, step = np.linspace(-12, 12, 240_001, retstep=True)
    weights = np.exp(-(inputs**2) / 2) / np.sqrt(2 * np.pi) * step
    outputs = value("selu", inputs)
    assert abs(weights @ outputs) < 1e-8
    assert abs(weights @ outputs**2 - 1) < 1e-8
