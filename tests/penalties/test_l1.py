"""The sum of magnitudes: its value, and its proximal step against the minimum."""

import numpy as np
import pytest

from skregnet._networks.penalties import L1Penalty
from tests import references

STRENGTHS = [0.7, np.array([[0.7], [0.0], [3.0]])]


def draw(dtype=np.float64, length=40):
    """Return weights, the heads of longer vectors, with zeros of both signs."""
    vectors = np.random.RandomState(0).normal(size=(3, length + 2)).astype(dtype)
    vectors[:, :2] = [0.0, -0.0]
    return vectors, vectors[:, :length]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("strength", STRENGTHS, ids=["shared", "own"])
def test_value(strength, dtype):
    _, weights = draw(dtype)
    value = L1Penalty(strength).value(weights, 0.25)
    assert value.dtype == dtype
    factors = np.broadcast_to(strength, (3, 1))[:, 0]
    expected = [
        0.25 * factor * sum(abs(w) for w in of_member)
        for factor, of_member in zip(factors, weights.tolist(), strict=True)
    ]
    np.testing.assert_allclose(
        value, expected, rtol=1e-5 if dtype == np.float32 else 1e-12
    )


def test_nothing_of_it_is_smooth():
    _, weights = draw()
    gradient = np.ones_like(weights)
    penalty = L1Penalty(0.7)
    penalty.add_gradient(weights, gradient, 0.25)
    assert (gradient == 1).all()
    assert not penalty.is_smooth


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("strength", STRENGTHS, ids=["shared", "own"])
def test_proximal_step(strength, dtype):
    vectors, weights = draw(dtype)
    before = vectors.copy()
    sizes = np.random.RandomState(1).uniform(0.01, 5, size=weights.shape)
    L1Penalty(strength).shrink(weights, sizes.astype(dtype), 0.25)
    np.testing.assert_array_equal(vectors[:, 40:], before[:, 40:])
    thresholds = 0.25 * np.broadcast_to(strength, (3, 1)) * sizes
    expected = np.vectorize(references.soft)(before[:, :40].astype(float), thresholds)
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(weights, expected, rtol=rtol, atol=rtol)
    is_within = abs(before[:, :40]) < 0.999 * thresholds
    assert is_within[0].any()
    assert (~is_within[0]).any()
    # Exact zeros, and no weight beyond them.
    assert (weights[is_within] == 0).all()
    assert (weights * before[:, :40] >= 0).all()


def test_proximal_step_is_the_minimum():
    # Of (w - weight)**2 / (2 * step size) + scale * strength * |w|, over a grid.
    grid = np.arange(-4000, 4001) / 1000
    weights = np.array([[-2.0, -0.3, 0.0, 0.1, 0.45, 1.7]])
    sizes = np.array([[0.5, 2.0, 1.0, 1.0, 0.2, 3.0]])
    expected = [
        grid[np.argmin((grid - w) ** 2 / (2 * size) + 0.5 * 0.8 * abs(grid))]
        for w, size in zip(weights[0], sizes[0], strict=True)
    ]
    L1Penalty(0.8).shrink(weights, sizes.copy(), 0.5)
    np.testing.assert_allclose(weights[0], expected, atol=1e-9)
    assert 0 < (weights == 0).sum() < 6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_member_in_a_stack_moves_as_alone(dtype):
    _, weights = draw(dtype)
    stacked = weights.copy()
    L1Penalty(STRENGTHS[1]).shrink(stacked, np.full_like(stacked, 0.3), 1 / 3)
    values = L1Penalty(STRENGTHS[1]).value(weights, 1 / 3)
    for k, strength in enumerate([0.7, 0.0, 3.0]):
        alone = weights[k : k + 1].copy()
        assert L1Penalty(strength).value(alone, 1 / 3) == values[k]
        L1Penalty(strength).shrink(alone, np.full_like(alone, 0.3), 1 / 3)
        np.testing.assert_array_equal(alone[0], stacked[k])


@pytest.mark.parametrize("strength", STRENGTHS, ids=["shared", "own"])
def test_the_least_subgradient(strength):
    _, weights = draw()
    gradient = np.random.RandomState(1).normal(scale=0.3, size=weights.shape)
    whole = gradient.copy()
    value = L1Penalty(strength).add_least_subgradient(weights, whole, 0.25)
    np.testing.assert_array_equal(value, L1Penalty(strength).value(weights, 0.25))
    factors = 0.25 * np.broadcast_to(strength, (3, 1))
    # Of all that a subgradient may add, between the slopes on either side.
    shares = np.where(weights == 0, np.linspace(-1, 1, 2001)[:, None, None], 0)
    candidates = gradient + factors * np.where(weights == 0, shares, np.sign(weights))
    least = np.abs(candidates).min(axis=0)
    np.testing.assert_allclose(np.abs(whole), least, atol=1e-3)
    assert (whole * gradient >= 0)[weights == 0].all()


def test_weights_that_are_penalized_stay_in_their_orthant():
    orthant = np.array([[1.0, 1.0, -1.0, 0.0, 0.0]] * 2)
    weights = np.array([[0.5, -0.5, 0.5, 0.5, 0.0]] * 2)
    L1Penalty(np.array([[0.1], [0.0]])).confine(weights, orthant, 1.0)
    np.testing.assert_array_equal(weights[0], [0.5, 0, 0, 0, 0])
    np.testing.assert_array_equal(weights[1], [0.5, -0.5, 0.5, 0.5, 0])
