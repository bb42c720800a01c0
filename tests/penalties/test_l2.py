"""The squared norm of the weights."""

import numpy as np
import pytest

from skregnet._networks.penalties import L2Penalty

STRENGTHS = [0.7, np.array([[0.7], [0.0], [3.0]])]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [6, 5000])
@pytest.mark.parametrize("strength", STRENGTHS, ids=["shared", "own"])
def test_value_and_gradient(strength, length, dtype):
    random_state = np.random.RandomState(0)
    # Weights are the head of longer vectors: their rows are not adjacent.
    vectors = random_state.normal(size=(3, length + 2)).astype(dtype)
    gradients = random_state.normal(size=(3, length + 2)).astype(dtype)
    before = gradients.copy()
    weights, gradient = vectors[:, :length], gradients[:, :length]
    penalty = L2Penalty(strength)
    value = penalty.value(weights, 0.25)
    penalty.add_gradient(weights, gradient, 0.25)
    factors = np.broadcast_to(strength, (3, 1))
    rtol = 1e-4 if dtype == np.float32 else 1e-12
    squares = (weights.astype(float) ** 2).sum(axis=1)
    np.testing.assert_allclose(
        value, 0.25 * factors[:, 0] / 2 * squares, rtol=rtol, atol=0
    )
    np.testing.assert_allclose(
        gradient, before[:, :length] + 0.25 * factors * weights, rtol=rtol, atol=rtol
    )
    np.testing.assert_array_equal(gradients[:, length:], before[:, length:])


def test_a_member_in_a_stack_has_the_value_it_has_alone():
    weights = np.random.RandomState(0).normal(size=(2, 50)).astype(np.float32)
    together = L2Penalty(np.array([[0.3], [0.1]])).value(weights, 1 / 3)
    assert together.dtype == np.float32
    for k, strength in enumerate([0.3, 0.1]):
        assert together[k] == L2Penalty(strength).value(weights[k : k + 1], 1 / 3)
