"""Estimates of traces, against the traces of matrices that are written down."""

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from skregnet.curvature import HessianOperator, hessian, trace
from tests.curvature.losses import ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def symmetric(values, seed=0):
    """Return a matrix of these eigenvalues."""
    n_parameters = len(values)
    square = np.random.RandomState(seed).normal(size=(n_parameters, n_parameters))
    basis, _ = np.linalg.qr(square)
    return (basis * values) @ basis.T


def errors_of(matrix, n_products, n_seeds):
    """Return by how much the estimates of several seeds are too large."""
    estimates = [trace(matrix, n_products, random_state=k) for k in range(n_seeds)]
    return np.array(estimates) - np.trace(matrix)


@pytest.mark.parametrize("n_products", [3, 4, 9, 20])
def test_there_is_no_bias(n_products):
    matrix = symmetric([*np.linspace(-1, 2, 28), 8.0, -5.0])
    errors = errors_of(matrix, n_products, 1_000)
    assert errors.std() > 0.1
    assert abs(errors.mean()) < 4 * errors.std() / np.sqrt(len(errors))


@pytest.mark.parametrize("n_products", [30, 31, 60])
def test_exact_for_few_parameters(n_products):
    matrix = symmetric(np.linspace(-1, 2, 30))
    for seed in range(3):
        found = trace(matrix, n_products, random_state=seed)
        assert found == pytest.approx(15, rel=1e-12)
    assert abs(trace(matrix, 29) - 15) > 1e-3


@pytest.mark.parametrize("rank", [0, 1, 3, 5])
def test_exact_for_low_rank(rank):
    values = np.zeros(200)
    values[:rank] = [7.0, -2.0, 0.5, 3.0, 1.0][:rank]
    matrix = symmetric(values)
    for seed in range(5):
        found = trace(matrix, 3 * 5, random_state=seed)
        assert found == pytest.approx(values.sum(), rel=1e-10, abs=1e-12)


def test_not_exact_beyond_a_third():
    values = np.zeros(200)
    values[:5] = 1
    assert abs(errors_of(symmetric(values), 3 * 4, 5)).max() > 1e-3


def relative_error(matrix, n_products):
    """Return the root of the mean squared error, as a share of the trace."""
    errors = errors_of(matrix, n_products, 40)
    return np.sqrt((errors**2).mean()) / np.trace(matrix)


@pytest.mark.parametrize("decay", [0.0, 0.5, 1.0, 2.0])
def test_the_error_is_bounded_by_one_over_the_number_of_products(decay):
    # Random signs alone err more where few eigenvalues are large.
    matrix = symmetric(np.arange(1.0, 301) ** -decay)
    for n_products in (12, 48, 192):
        assert relative_error(matrix, n_products) < 1 / n_products


@pytest.mark.parametrize("decay", [1.0, 2.0])
def test_the_error_falls_with_the_number_of_products(decay):
    matrix = symmetric(np.arange(1.0, 301) ** -decay)
    few, some, many = (relative_error(matrix, n) for n in (12, 48, 192))
    assert some < few / 3
    assert many < some / 3


def test_products_are_counted():
    counts = []

    def products(columns):
        counts.append(columns.size // 100)
        return columns

    operator = LinearOperator(
        (100, 100), matvec=products, matmat=products, dtype=np.float64
    )
    for n_products in (3, 4, 5, 60):
        trace(operator, n_products)
        # Two more tell whether it is symmetric.
        assert sum(counts) == n_products + 2
        counts.clear()
    trace(operator)
    assert sum(counts) == 62


def test_random_state():
    matrix = symmetric(np.linspace(-1, 2, 100))
    one = trace(matrix, random_state=5)
    assert trace(matrix, random_state=5) == one
    assert trace(matrix, random_state=np.random.default_rng(5)) == one
    assert trace(matrix, random_state=6) != one
    assert trace(matrix) == trace(matrix, random_state=0)
    rng = np.random.default_rng(5)
    trace(matrix, random_state=rng)
    assert trace(matrix, random_state=rng) != one


def test_hessian():
    it = ours("multiclass", hidden_layer_sizes=(20,), alpha=1.0)
    operator = HessianOperator(it.model, it.X, it.y, penalties=True)
    expected = np.trace(hessian(it.model, it.X, it.y, penalties=True))
    assert operator.shape[0] == 143
    assert trace(operator, 143) == pytest.approx(expected, rel=1e-10)
    estimates = [trace(operator, random_state=seed) for seed in range(20)]
    assert np.std(estimates) < 0.15 * expected
    margin = 4 * np.std(estimates) / np.sqrt(20)
    assert np.mean(estimates) == pytest.approx(expected, abs=margin)


@pytest.mark.parametrize("form", [np.ndarray.tolist, aslinearoperator, np.asarray])
def test_forms_of_a_matrix(form):
    matrix = symmetric(np.linspace(-1, 2, 70))
    found = trace(form(matrix))
    assert isinstance(found, float)
    assert found == pytest.approx(trace(matrix), rel=1e-12)
    assert found == pytest.approx(35, rel=0.2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_products": 2}, "n_products expects a whole number >= 3, got 2"),
        ({"n_products": 6.0}, "n_products expects a whole number >= 3, got 6.0"),
        ({"n_products": True}, "n_products expects a whole number >= 3, got True"),
        ({"operator": np.ones((2, 3))}, r"symmetric matrix.*\(2, 3\)"),
        ({"operator": [[np.nan]]}, "operator expects finite numbers"),
    ],
)
def test_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        trace(**{"operator": np.eye(3), **changes})
