"""Steps within a radius, against the dense problem; reductions that round away."""

import numpy as np
import pytest
from scipy.optimize import brentq

from skregnet._training import trust_region
from skregnet._training.descent import Point, makes_progress, reduction
from skregnet._training.trust_region import step_within

SPECTRA = {
    "positive": np.linspace(0.5, 3.0, 8),
    "ill-conditioned": np.logspace(-9, 3, 8),
    "indefinite": np.linspace(-2.0, 3.0, 8),
    "negative": np.linspace(-3.0, -1.0, 8),
    "singular": np.array([0.0, 0, 0, 1, 1, 2, 2, 5]),
    "few distinct": np.array([1.0, 1, 1, 1, 4, 4, 4, 4]),
    "zero": np.zeros(8),
}


def problem(values, seed=0):
    """Return a symmetric matrix of these eigenvalues, and a gradient."""
    random_state = np.random.RandomState(seed)
    basis, _ = np.linalg.qr(random_state.normal(size=(len(values), len(values))))
    matrix = (basis * values) @ basis.T
    return (matrix + matrix.T) / 2, random_state.normal(size=len(values))


def dense_fall(matrix, gradient, radius):
    """Return how far the quadratic falls at most within the radius."""
    values, vectors = np.linalg.eigh(matrix)
    slopes = vectors.T @ gradient

    def move(shift):
        return -slopes / (values + shift)

    least = max(0.0, -values[0]) + 1e-13 * max(1.0, np.abs(values).max())
    shift = 0.0 if values[0] > 0 else least
    if np.linalg.norm(move(shift)) > radius:
        shift = brentq(
            lambda it: np.linalg.norm(move(it)) - radius, shift, least + 1e6 / radius
        )
    parts = move(shift)
    return -(slopes @ parts + 0.5 * values @ parts**2)


@pytest.mark.parametrize("radius", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("kind", SPECTRA)
def test_the_step_is_the_minimum_within_the_radius(kind, radius):
    matrix, gradient = problem(SPECTRA[kind])
    gradient *= 1e-9  # so that steps are exact to many digits
    step = step_within(lambda d: matrix @ d, gradient, radius * 1e-9)
    length = np.linalg.norm(step.move)
    assert length <= radius * 1e-9 * (1 + 1e-8)
    assert step.is_bounded == (length >= radius * 1e-9 * (1 - 1e-8))
    fall = -(gradient @ step.move + 0.5 * step.move @ matrix @ step.move)
    np.testing.assert_allclose(step.expected, fall, rtol=1e-6)
    most = dense_fall(matrix, gradient, radius * 1e-9)
    np.testing.assert_allclose(fall, most, rtol=1e-4)


def test_directions_without_slope_are_followed():
    # The least curvature lies where the gradient has nearly no part.
    gradient = 1e-9 * np.array([1.0, 1e-3])
    step = step_within(lambda d: np.array([1.0, -1.0]) * d, gradient, 3.0)
    assert step.is_bounded
    assert np.linalg.norm(step.move) == pytest.approx(3.0)
    assert step.expected > 0


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_matrix_that_overflows_counts_as_zero(wrong):
    gradient = np.array([3.0, 4.0])
    step = step_within(lambda d: np.full(2, wrong), gradient, 0.5)
    np.testing.assert_allclose(step.move, -0.5 * gradient / 5)
    assert step.expected == pytest.approx(2.5)


def test_bases_are_bounded_in_size(monkeypatch):
    monkeypatch.setattr(trust_region, "_MOST_NUMBERS", 0)
    monkeypatch.setattr(trust_region, "_LEAST_VECTORS", 3)
    matrix, gradient = problem(np.logspace(-3, 3, 40))
    products = []

    def product(direction):
        products.append(direction)
        return matrix @ direction

    step = step_within(product, gradient, 1e3)
    assert len(products) == 3
    assert step.expected > 0


def point(x, offset=0.0):
    """Return a point of the quadratic x @ x / 2, raised."""
    x = np.atleast_1d(np.float64(x))
    return Point(x, float(offset + 0.5 * x @ x), x)


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e12])
def test_reductions_that_the_loss_does_not_resolve(offset):
    here, there = point(2e-5, offset), point(1e-5, offset)
    assert reduction(here, there) == pytest.approx(1.5e-10)
    assert reduction(there, here) == pytest.approx(-1.5e-10)
    assert makes_progress(here, there)
    assert not makes_progress(here, here)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_no_progress(wrong):
    here, there = point(1.0), point(0.5)
    assert not reduction(here, there._replace(value=wrong)) > 0
    assert not makes_progress(here, there._replace(value=wrong))
    assert not makes_progress(here, there._replace(gradient=np.array([wrong])))
