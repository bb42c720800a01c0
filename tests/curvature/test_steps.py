"""Step sizes, against their formulas, their limits and what they are for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skregnet.curvature import (
    HessianOperator,
    axis_step_sizes,
    eigenvalues,
    gradient,
    hessian,
    step_sizes,
    taylor_estimate,
)
from tests.curvature.losses import ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CURVATURES = st.floats(-1e300, 1e300, allow_nan=False)
RATES = st.floats(1e-300, 1e300)


def by_formula(curvature, rate, max_growth):
    """Return the size of one step."""
    if curvature > 0:
        return rate / (1 + rate * curvature)
    return min(rate * (1 + rate * abs(curvature)), max_growth * rate)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5),
    st.floats(1e-6, 1e6),
    st.floats(1, 1e3),
)
def test_formula(curvatures, rate, max_growth):
    found = step_sizes(curvatures, rate, max_growth=max_growth)
    expected = [by_formula(k, rate, max_growth) for k in curvatures]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.lists(CURVATURES, min_size=1, max_size=5), RATES)
def test_steeper_upward_is_shorter(curvatures, rate):
    curvatures = np.sort(curvatures)
    found = step_sizes(curvatures, rate, max_growth=3.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) <= 1e-12 * found[:-1]).all()
    assert (found <= 3.0 * rate * (1 + 1e-12)).all()
    upward = curvatures > 0
    assert (found[upward] <= rate * (1 + 1e-12)).all()
    # Never farther than to where the landscape is level.
    with np.errstate(over="ignore"):
        assert (found[upward] * curvatures[upward] <= 1 + 1e-12).all()
    assert (found[~upward] >= rate * (1 - 1e-12)).all()


@pytest.mark.parametrize("rate", [1e-200, 1e-3, 0.1, 7.0, 1e200])
def test_without_curvature_the_step_is_the_usual_one(rate):
    np.testing.assert_allclose(step_sizes([0.0, -0.0], rate), rate, rtol=1e-15)


def test_large_rates_are_newton_steps():
    curvatures = np.array([0.01, 1.0, 50.0])
    for rate in (1e12, 1e300, np.inf):
        found = step_sizes(curvatures, rate)
        np.testing.assert_allclose(found, 1 / curvatures, rtol=1e-9)
    np.testing.assert_array_equal(step_sizes(curvatures, np.inf), 1 / curvatures)


def test_small_rates_know_no_curvature():
    found = step_sizes([-50.0, -1.0, 0.5, 40.0], 1e-9)
    np.testing.assert_allclose(found, 1e-9, rtol=1e-6)


@pytest.mark.parametrize("max_growth", [1.0, 2.0, 10.0, np.inf])
def test_growth_is_bounded(max_growth):
    found = step_sizes([-1e9, -8.0, -2.0], 0.5, max_growth=max_growth)
    expected = 0.5 * np.minimum([1 + 0.5e9, 5.0, 2.0], max_growth)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_growth_is_bounded_by_default():
    assert step_sizes([-1e9], 0.5)[0] == pytest.approx(5.0, rel=1e-12)


def test_steps_do_not_overshoot_where_gradient_descent_does():
    curvatures = np.array([0.5, 3.0, 3.5])
    basis, _ = np.linalg.qr(np.random.RandomState(0).normal(size=(3, 3)))
    matrix = (basis * curvatures) @ basis.T
    # Above 2 / 3.5 and 2 / 3, below 2 / 0.5.
    rate = 0.7
    values, vectors = eigenvalues(matrix, return_eigenvectors=True)
    sizes = step_sizes(values, rate)
    plain = suited = basis @ [1.0, 1.0, 1.0]
    for _ in range(60):
        plain = plain - rate * (matrix @ plain)
        before = vectors.T @ suited
        suited = suited - vectors @ (sizes * (vectors.T @ (matrix @ suited)))
        after = vectors.T @ suited
        # Along each eigenvector nearer to the minimum, and never beyond it.
        is_far = abs(before) > 1e-12
        assert (abs(after) < abs(before))[is_far].all()
        assert (after * before > 0)[is_far].all()
    distances = abs(vectors.T @ plain)
    assert (distances[:2] > 100).all()
    assert distances[2] < 1e-3
    assert np.linalg.norm(suited) < 1e-7


def test_steps_leave_a_saddle_sooner():
    curvatures = np.array([-0.1, 1.0])
    rate = 0.5
    plain = suited = np.array([1e-6, 1.0])
    for _ in range(100):
        plain = plain - rate * curvatures * plain
        suited = suited - step_sizes(curvatures, rate) * curvatures * suited
    assert suited[0] > 1.2 * plain[0]
    assert abs(plain[1]) < 1e-6
    assert abs(suited[1]) < 1e-6


def test_steps_on_a_network():
    it = ours("multiclass", alpha=1.0, solver="lbfgs", max_iter=5)
    options = {"penalties": True}
    slope = gradient(it.model, it.X, it.y, **options)
    operator = HessianOperator(it.model, it.X, it.y, **options)
    values, vectors = eigenvalues(operator, 1000, return_eigenvectors=True)
    rate = 20 / values[0]
    plain = -rate * slope
    suited = -vectors @ (step_sizes(values, rate) * (vectors.T @ slope))
    before, far, near = (
        taylor_estimate(it.model, it.X, it.y, step, **options).actual
        for step in (0 * slope, plain, suited)
    )
    assert near < before < far


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
def test_axes_that_are_eigenvectors(order):
    values = np.array([-3.0, 0.0, 0.5, 20.0])
    vectors = np.eye(4)[:, order]
    found = axis_step_sizes(values, vectors, 0.7, max_growth=2.0)
    expected = vectors @ step_sizes(values, 0.7, max_growth=2.0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    # The sign of an eigenvector is no one's choice.
    np.testing.assert_array_equal(
        axis_step_sizes(values, -vectors, 0.7, max_growth=2.0), found
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 6), st.floats(0.01, 100))
def test_axes_take_means_by_squared_cosines(seed, n_known, rate):
    random_state = np.random.RandomState(seed)
    vectors, _ = np.linalg.qr(random_state.normal(size=(6, 6)))
    values = 5 * random_state.normal(size=6)
    # Those left out count as without curvature.
    values[n_known:] = 0
    found = axis_step_sizes(values[:n_known], vectors[:, :n_known], rate)
    sizes = step_sizes(values, rate)
    expected = [
        sum(cosine**2 * size for cosine, size in zip(row, sizes, strict=True))
        for row in vectors
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert (found <= sizes.max() * (1 + 1e-9)).all()
    assert (found >= sizes.min() * (1 - 1e-9)).all()


def test_axes_without_eigenvectors():
    found = axis_step_sizes([], np.empty((3, 0)), 0.3)
    np.testing.assert_array_equal(found, 0.3)


def test_axes_of_a_network():
    it = ours("real", alpha=1.0)
    matrix = hessian(it.model, it.X, it.y, penalties=True)
    values, vectors = eigenvalues(matrix, 3, return_eigenvectors=True)
    found = axis_step_sizes(values, vectors, 0.5)
    assert found.shape == it.vector.shape
    shares = vectors**2
    nearest = shares.sum(axis=1).argmax()
    others = (1 - shares[nearest].sum()) * 0.5
    expected = others + shares[nearest] @ step_sizes(values, 0.5)
    assert found[nearest] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("function", [step_sizes, axis_step_sizes])
@pytest.mark.parametrize(
    ("values", "rate", "max_growth", "message"),
    [
        ([np.nan, 1.0], 0.1, 10, r"eigenvalues expects finite numbers, got \[nan, 1"),
        ([np.inf, 1.0], 0.1, 10, "eigenvalues expects finite numbers, got"),
        ([1.0, 1.0], 0.0, 10, "a number > 0, got learning_rate=0.0"),
        ([1.0, 1.0], -0.1, 10, "a number > 0, got learning_rate=-0.1"),
        ([1.0, 1.0], np.nan, 10, "a number > 0, got learning_rate=nan"),
        ([1.0, 1.0], 0.1, 0.9, "a number >= 1, got max_growth=0.9"),
        ([1.0, 1.0], 0.1, np.nan, "a number >= 1, got max_growth=nan"),
        ([1.0, 0.0], np.inf, 10, "finite number where .* not all above 0"),
        ([1.0, -1.0], np.inf, 10, "finite number where .* not all above 0"),
    ],
)
def test_errors(values, rate, max_growth, message, function):
    arguments = (values,) if function is step_sizes else (values, np.eye(2))
    with pytest.raises(ValueError, match=message):
        function(*arguments, rate, max_growth=max_growth)


@pytest.mark.parametrize(
    "vectors",
    [
        np.eye(3)[:, :1],
        np.eye(3),
        np.ones(3),
        2 * np.eye(3)[:, :2],
        np.ones((3, 2)) / np.sqrt(3),
        np.full((3, 2), np.nan),
        np.eye(3)[:2],
    ],
    ids=["one", "three", "vector", "long", "parallel", "NaN", "rows"],
)
def test_errors_of_eigenvectors(vectors):
    message = "eigenvectors expects 2 orthonormal columns, .* got an array of shape"
    with pytest.raises(ValueError, match=message):
        axis_step_sizes([1.0, 2.0], vectors, 0.1)


def test_axes_take_no_infinite_rate():
    with pytest.raises(ValueError, match="a finite number, got inf"):
        axis_step_sizes([1.0, 2.0], np.eye(2), np.inf)
