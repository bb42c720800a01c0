"""Condition numbers and curvatures along directions, against their formulas."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from skregnet.curvature import (
    HessianOperator,
    condition_number,
    directional_curvature,
    hessian,
    taylor_estimate,
)
from tests.curvature.losses import case, ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def symmetric(values, seed=0):
    """Return a matrix of these eigenvalues, and its eigenvectors."""
    n_parameters = len(values)
    square = np.random.RandomState(seed).normal(size=(n_parameters, n_parameters))
    basis, _ = np.linalg.qr(square)
    return (basis * values) @ basis.T, basis


@pytest.mark.parametrize("sign", [1, -1])
def test_condition_number(sign):
    matrix, _ = symmetric(sign * np.array([-9.0, -1.0, 0.25, 3.0]))
    for given_as in (matrix, matrix.tolist(), aslinearoperator(matrix)):
        assert condition_number(given_as) == pytest.approx(36, rel=1e-10)
    assert condition_number(matrix) == pytest.approx(np.linalg.cond(matrix), rel=1e-10)
    assert condition_number(np.linalg.eigvalsh(matrix)) == pytest.approx(36, rel=1e-10)
    assert condition_number(7 * np.eye(3)) == 1


def test_condition_number_of_a_hessian():
    it = ours("multiclass", alpha=20.0)
    operator = HessianOperator(it.model, it.X, it.y, penalties=True)
    matrix = hessian(it.model, it.X, it.y, penalties=True)
    # Biases of a softmax may all change by the same.
    assert condition_number(operator) == np.inf
    values = sorted(abs(np.linalg.eigvalsh(matrix)))
    found = condition_number(operator, ignore_zeros=True)
    assert found == pytest.approx(values[-1] / values[1], rel=1e-8)


@pytest.mark.parametrize(
    ("values", "rtol", "all_of_them", "without_zeros"),
    [
        ([1.0, 4.0], None, 4, 4),
        ([0.0, 1.0, 4.0], None, np.inf, 4),
        ([1e-16, 1.0, 4.0], None, np.inf, 4),
        ([-1e-14, 1.0, 4.0], None, 4e14, 4e14),
        ([1e-16, 1.0, 4.0], 0.0, 4e16, 4e16),
        ([0.0, 1.0, 4.0], 0.0, np.inf, 4),
        ([1e-3, -1.0, 4.0], 1e-3, np.inf, 4),
        ([1.0, 2.0, 4.0], 0.25, np.inf, 2),
        ([1.0, 2.0, 4.0], 0.249, 4, 4),
        ([0.0, 0.0], None, np.inf, np.inf),
        ([3.0], None, 1, 1),
    ],
)
def test_what_counts_as_zero(values, rtol, all_of_them, without_zeros):
    for operator in (values, np.diag(values)):
        found = condition_number(operator, rtol=rtol)
        assert found == pytest.approx(all_of_them)
        assert isinstance(found, float)
        found = condition_number(operator, rtol=rtol, ignore_zeros=True)
        assert found == pytest.approx(without_zeros)


def test_the_number_of_eigenvalues_sets_what_is_rounding():
    ratio = 100 * np.finfo(float).eps
    assert condition_number([1.0] * 90 + [ratio]) == pytest.approx(1 / ratio)
    assert condition_number([1.0] * 110 + [ratio]) == np.inf


def test_steepness_sets_learning_rates():
    values = np.array([0.1, 1.0, 5.0])
    # With the rate that suits the steepest, the flattest takes so many steps.
    n_steps = np.log(0.01) / np.log(1 - values.min() / values.max())
    assert n_steps == pytest.approx(-condition_number(values) * np.log(0.01), rel=0.02)


def refusing(n_parameters):
    """Return an operator that has no products."""

    def products(_):
        pytest.fail("no product is expected")

    shape = n_parameters, n_parameters
    return LinearOperator(shape, matvec=products, matmat=products, dtype=np.float64)


@pytest.mark.parametrize(
    ("operator", "rtol", "message"),
    [
        (refusing(5_001), None, "at most 5000 parameters, .* got 5001; pass the"),
        ([], None, "finite eigenvalues, got 0 eigenvalues"),
        ([1.0, np.nan], None, "finite eigenvalues, got 2 eigenvalues that are not all"),
        ([1.0, np.inf], None, "finite eigenvalues, got 2 eigenvalues that are not all"),
        ([[1.0, np.nan], [0.0, 1.0]], None, "expects finite numbers"),
        (np.ones((2, 3)), None, r"symmetric matrix.*\(2, 3\)"),
        ([1.0, 2.0], -0.1, r"rtol expects a number in \[0, 1\), got rtol=-0.1"),
        ([1.0, 2.0], 1.0, r"rtol expects a number in \[0, 1\), got rtol=1.0"),
        ([1.0, 2.0], np.nan, r"rtol expects a number in \[0, 1\), got rtol=nan"),
    ],
)
def test_errors_of_condition_numbers(operator, rtol, message):
    with pytest.raises(ValueError, match=message):
        condition_number(operator, rtol=rtol)


FINITE = {"allow_nan": False, "allow_infinity": False}
NUMBERS = st.floats(-1e3, 1e3, **FINITE)


@settings(max_examples=60, deadline=None)
@given(arrays(float, (4, 4), elements=NUMBERS), arrays(float, 4, elements=NUMBERS))
def test_curvatures_lie_between_the_eigenvalues(square, direction):
    matrix = square + square.T
    direction[0] += 0.1 if abs(direction).max() < 0.1 else 0
    values = np.linalg.eigvalsh(matrix)
    found = directional_curvature(matrix, direction)
    margin = 1e-10 * abs(values).max()
    assert values[0] - margin <= found <= values[-1] + margin
    unit = direction / np.linalg.norm(direction)
    np.testing.assert_allclose(found, unit @ matrix @ unit, atol=10 * margin)


def test_curvature_along_eigenvectors():
    values = np.array([-9.0, -1.0, 0.25, 3.0])
    matrix, vectors = symmetric(values)
    found = directional_curvature(aslinearoperator(matrix), vectors.T)
    assert found.shape == (4,)
    np.testing.assert_allclose(found, values, atol=1e-12)
    # Along a mixture it is the mean, weighted by squared cosines.
    found = directional_curvature(matrix, vectors @ [3.0, 0.0, 0.0, 4.0])
    assert isinstance(found, float)
    assert found == pytest.approx(0.36 * -9 + 0.64 * 3, rel=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e-5, -2.0, 1e200])
def test_lengths_do_not_matter(size):
    matrix, _ = symmetric([-9.0, -1.0, 0.25, 3.0])
    direction = np.array([1.0, 2.0, -0.5, 0.0])
    expected = directional_curvature(matrix, direction)
    found = directional_curvature(matrix, size * direction)
    assert found == pytest.approx(expected, rel=1e-12)


def test_curvature_of_a_loss():
    it = case("multiclass")
    directions = np.random.RandomState(0).normal(size=(3, len(it.vector)))
    operator = HessianOperator(it.model, it.X, it.y)
    found = directional_curvature(operator, directions)
    step = 1e-3
    for direction, curvature in zip(directions, found, strict=True):
        unit = direction / np.linalg.norm(direction)
        below, here, above = taylor_estimate(
            it.model, it.X, it.y, unit, sizes=[-step, 0, step]
        ).actual
        assert curvature == pytest.approx(
            (below - 2 * here + above) / step**2, rel=1e-3
        )
        alone = directional_curvature(operator, direction)
        assert alone == pytest.approx(curvature, rel=1e-12)


@pytest.mark.parametrize(
    "direction",
    [
        [1.0, 2.0],
        np.ones((4, 3)),
        [1.0, np.nan, 0.0],
        [1.0, np.inf, 0.0],
        [0.0, 0.0, 0.0],
        [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
        np.ones((1, 2, 3)),
        1.0,
        [],
    ],
    ids=str,
)
def test_errors_of_directions(direction):
    if np.shape(direction) == (4, 3):
        direction = direction.T
    message = (
        "direction expects vectors of 3 finite numbers, not all of them 0, got an "
        f"array of shape {np.shape(direction)}"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        directional_curvature(np.eye(3), direction)


def test_errors_of_matrices():
    with pytest.raises(ValueError, match=r"symmetric matrix.*\(2, 3\)"):
        directional_curvature(np.ones((2, 3)), [1.0, 2.0])
