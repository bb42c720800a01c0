"""Operators, against matrices and against derivatives of what models predict."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, cg, eigsh
from scipy.special import logit

from skregnet.curvature import GaussNewtonOperator, HessianOperator, hessian
from tests.cases import problem
from tests.curvature.losses import MAKERS, case, moved, ours, small
from tests.fitting import fit

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

OPERATORS = [HessianOperator, GaussNewtonOperator]
WEIGHTS = np.random.RandomState(5).uniform(0.1, 2.0, size=40)


def operator_of(cls, it, sample_weight=None, **options):
    """Return an operator of a case."""
    parameters = it.parameters
    return cls(it.model, it.X, it.y, sample_weight, parameters=parameters, **options)


def matrix_of(operator):
    """Return the matrix that an operator's products with unit vectors make."""
    columns = [operator.matvec(unit) for unit in np.eye(operator.shape[0])]
    return np.column_stack(columns)


@pytest.mark.parametrize("name", MAKERS)
def test_products_with_the_hessian(name):
    it = case(name)
    weights = WEIGHTS[: len(it.y)]
    operator = operator_of(HessianOperator, it, weights)
    expected = hessian(it.model, it.X, it.y, weights, parameters=it.parameters)
    assert operator.shape == expected.shape
    np.testing.assert_allclose(matrix_of(operator), expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("cls", OPERATORS)
def test_all_kinds_of_products(cls):
    it = case("multiclass")
    operator = operator_of(cls, it)
    matrix = matrix_of(operator)
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-10, atol=1e-14)
    n_parameters = len(it.vector)
    many = np.random.RandomState(0).normal(size=(n_parameters, 40))
    one = many[:, 0]
    expected = matrix @ many
    pairs = [
        (operator.matvec(one), expected[:, 0]),
        (operator @ one[:, np.newaxis], expected[:, :1]),
        (operator.rmatvec(one), expected[:, 0]),
        (operator @ one, expected[:, 0]),
        (operator.H @ one, expected[:, 0]),
        (operator.T @ one, expected[:, 0]),
        (one @ operator, expected[:, 0]),
        (operator.matmat(many), expected),
        (operator.rmatmat(many), expected),
        (operator @ many, expected),
        (operator @ np.asfortranarray(many), expected),
        (operator @ many[:, ::2], expected[:, ::2]),
        (operator @ many[:, :0], expected[:, :0]),
        ((2 * operator + operator) @ one, 3 * expected[:, 0]),
        (operator @ np.eye(n_parameters, dtype=int), matrix),
    ]
    for found, wanted in pairs:
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-13)
    assert isinstance(operator, LinearOperator)
    assert operator.dtype == np.float64
    with pytest.raises(ValueError, match="dimension mismatch"):
        operator @ one[1:]


@pytest.mark.parametrize("cls", OPERATORS)
def test_products_are_linear_and_own_their_arrays(cls):
    it = case("regression, 3 outputs")
    operator = operator_of(cls, it)
    first, second = np.random.RandomState(0).normal(size=(2, len(it.vector)))
    given = first.copy()
    product = operator @ first
    kept = product.copy()
    both = operator @ (first - 3 * second)
    np.testing.assert_allclose(both, product - 3 * (operator @ second), atol=1e-12)
    np.testing.assert_array_equal(product, kept)
    np.testing.assert_array_equal(first, given)
    np.testing.assert_array_equal(operator @ np.zeros_like(first), 0)


def test_penalties():
    it = ours("multiclass", alpha=4.0, activity_alpha=0.5, activity_penalty="l2")
    full, part = (
        matrix_of(operator_of(cls, it, WEIGHTS, penalties=True)) for cls in OPERATORS
    )
    expected = hessian(it.model, it.X, it.y, WEIGHTS, penalties=True)
    np.testing.assert_allclose(full, expected, rtol=1e-10, atol=1e-14)
    # Half the squares of activations, by the derivatives of these.
    jacobian = jacobian_of(lambda mlp: mlp.hidden_features(it.X), it)
    expected = 0.5 * np.einsum("iru,r,jru->ij", jacobian, WEIGHTS, jacobian)
    is_weight = np.arange(len(it.vector)) < sum(w.size for w in it.model.coefs_)
    expected += 4.0 * np.diag(is_weight)
    expected /= WEIGHTS.sum()
    plain = matrix_of(operator_of(GaussNewtonOperator, it, WEIGHTS))
    np.testing.assert_allclose(part - plain, expected, atol=1e-7)


def jacobian_of(outputs, it):
    """Return derivatives by differences, of shape (parameters, rows, outputs)."""
    step = 1e-6
    changes = [
        outputs(moved(it.model, it.vector + unit))
        - outputs(moved(it.model, it.vector - unit))
        for unit in step * np.eye(len(it.vector))
    ]
    return np.array(changes) / (2 * step)


@pytest.mark.parametrize("cls", OPERATORS)
def test_parameters(cls):
    it = case("multiclass")
    there = it.vector + 0.3
    found = matrix_of(cls(it.model, it.X, it.y, parameters=there))
    expected = matrix_of(cls(moved(it.model, there), it.X, it.y))
    np.testing.assert_array_equal(found, expected)
    assert abs(found - matrix_of(cls(it.model, it.X, it.y))).max() > 1e-2


@pytest.mark.parametrize("cls", OPERATORS)
def test_the_point_is_copied(cls):
    X, y = small("real")
    mlp = fit("real", (X, y), hidden_layer_sizes=(3,))
    there = np.full(3 * 3 + 3 + 3 + 1, 0.5)
    operators = [cls(mlp, X, y), cls(mlp, X, y, parameters=there)]
    before = [matrix_of(operator) for operator in operators]
    mlp.coefs_[0] *= 2
    there *= 2
    for operator, matrix in zip(operators, before, strict=True):
        np.testing.assert_array_equal(matrix_of(operator), matrix)
    assert not np.array_equal(matrix_of(cls(mlp, X, y)), before[0])
    assert not np.array_equal(matrix_of(cls(mlp, X, y, parameters=there)), before[1])


# Outputs by what is predicted, and the second derivatives of a row's loss by them; a
# constant added to the outputs of a softmax changes nothing.
OUTPUTS = {
    "binary": lambda mlp, X: logit(mlp.predict_proba(X)[:, 1:]),
    "multiclass": lambda mlp, X: mlp.predict_log_proba(X),
    "multilabel": lambda mlp, X: logit(mlp.predict_proba(X)),
    "regression": lambda mlp, X: mlp.predict(X)[:, np.newaxis],
    "regression, 3 outputs": lambda mlp, X: mlp.predict(X),
    "poisson": lambda mlp, X: np.log(mlp.predict(X))[:, np.newaxis],
}


def bend(name, outputs):
    """Return the second derivatives of a row's loss by its outputs."""
    if name == "multiclass":
        return np.diag(np.exp(outputs)) - np.outer(np.exp(outputs), np.exp(outputs))
    if name in ("binary", "multilabel"):
        return np.diag(1 / (2 + np.exp(outputs) + np.exp(-outputs)))
    return np.diag(np.exp(outputs) if name == "poisson" else np.ones_like(outputs))


@pytest.mark.parametrize("name", OUTPUTS)
def test_gauss_newton(name):
    it = case(name)
    outputs = OUTPUTS[name](it.model, it.X)
    jacobian = jacobian_of(lambda mlp: OUTPUTS[name](mlp, it.X), it)
    expected = np.zeros((len(it.vector), len(it.vector)))
    for row, weight in enumerate(WEIGHTS):
        of_row = jacobian[:, row]
        expected += weight * of_row @ bend(name, outputs[row]) @ of_row.T
    found = matrix_of(operator_of(GaussNewtonOperator, it, WEIGHTS))
    np.testing.assert_allclose(found, expected / WEIGHTS.sum(), atol=1e-7)


@pytest.mark.parametrize("name", MAKERS)
def test_gauss_newton_has_no_negative_curvature(name):
    it = case(name)
    matrix = matrix_of(operator_of(GaussNewtonOperator, it))
    values = np.linalg.eigvalsh(matrix)
    assert values[-1] > 1e-2
    assert values[0] > -1e-12 * values[-1]


@pytest.mark.parametrize("name", ["regression, linear", "multiclass"])
def test_gauss_newton_is_the_hessian_of_what_is_linear(name):
    it = case(name)
    full, part = (matrix_of(operator_of(cls, it)) for cls in OPERATORS)
    if name == "regression, linear":
        np.testing.assert_allclose(part, full, rtol=1e-12, atol=1e-15)
    else:
        assert abs(part - full).max() > 1e-2


def test_the_hessian_of_linear_regression():
    it = case("regression, linear")
    found = matrix_of(operator_of(HessianOperator, it))
    X = np.column_stack([it.X, np.ones(len(it.X))])
    # Weights of each feature lie together, biases behind them all.
    expected = np.kron(X.T @ X, np.eye(3)) / len(X)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)


def test_rectified_units_have_no_second_derivatives():
    it = ours("reals", activation="relu", hidden_layer_sizes=(4, 3))
    full, part = (matrix_of(operator_of(cls, it)) for cls in OPERATORS)
    start = 0
    for layer in it.model.coefs_:
        own = slice(start, start + layer.size)
        # Outputs are linear in each layer alone, not in several at once.
        np.testing.assert_allclose(full[own, own], part[own, own], atol=1e-12)
        start += layer.size
    assert abs(full - part).max() > 1e-2


@pytest.mark.parametrize("cls", OPERATORS)
@pytest.mark.parametrize("is_used", [False, True])
@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda operator: pickle.loads(pickle.dumps(operator))],
    ids=["deepcopy", "pickle"],
)
@pytest.mark.parametrize("name", ["multiclass", "tasks", "network"])
def test_copies(name, duplicate, is_used, cls):
    it = case(name)
    operator = operator_of(cls, it)
    directions = np.random.RandomState(0).normal(size=(len(it.vector), 3))
    if is_used:
        operator @ directions
    twin = duplicate(operator)
    assert type(twin) is cls
    np.testing.assert_array_equal(twin @ directions, operator @ directions)
    np.testing.assert_array_equal(twin @ directions[:, 0], operator @ directions[:, 0])


@pytest.mark.parametrize("cls", OPERATORS)
def test_eigsh(cls):
    it = case("multiclass")
    operator = operator_of(cls, it)
    expected = np.linalg.eigvalsh(matrix_of(operator))
    found = eigsh(operator, k=3, which="LA", return_eigenvectors=False)
    np.testing.assert_allclose(np.sort(found), expected[-3:], rtol=1e-8)


def test_newton_step_by_conjugate_gradients():
    it = ours("multiclass", solver="lbfgs", alpha=8.0, max_iter=1000)
    operator = operator_of(HessianOperator, it, penalties=True)
    damped = operator + 0.01 * identity(len(it.vector))
    slope = np.random.RandomState(0).normal(size=len(it.vector))
    found, status = cg(damped, slope, rtol=1e-10, maxiter=1000)
    assert status == 0
    dense = matrix_of(operator) + 0.01 * np.eye(len(it.vector))
    np.testing.assert_allclose(found, np.linalg.solve(dense, slope), rtol=1e-6)


def identity(n_parameters):
    """Return the operator that changes nothing."""
    shape = n_parameters, n_parameters
    return LinearOperator(shape, matvec=np.ravel, matmat=np.array, dtype=np.float64)


def peak_of(function, *arguments):
    """Return the most memory that is allocated during a call, and its result."""
    tracemalloc.start()
    try:
        result = function(*arguments)
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cls", OPERATORS)
def test_memory_does_not_grow_with_the_rows(cls):
    peaks = []
    # Whole blocks of 1,024 rows: there is one set of buffers.
    for n_rows in (2_048, 40_960):
        X, y = problem("real", n_rows=n_rows, n_features=20)
        mlp = fit("real", (X[:200], y[:200]), activation="tanh", max_iter=1)
        making, operator = peak_of(cls, mlp, X, y)
        assert making < 0.5 * X.nbytes
        peak, _ = peak_of(operator.matvec, np.ones(operator.shape[0]))
        peaks.append(peak)
    # A tenth of a number a row.
    assert abs(peaks[1] - peaks[0]) < 8 * 4_000


def test_blocks_of_rows_and_of_directions():
    X, y = problem("multiclass", n_rows=2_500, n_features=3)
    mlp = fit("multiclass", (X[:50], y[:50]), hidden_layer_sizes=(3,), max_iter=5)
    found = HessianOperator(mlp, X, y) @ np.eye(24)
    parts = [slice(0, 700), slice(700, 2_500)]
    expected = sum(
        len(X[rows]) / len(X) * hessian(mlp, X[rows], y[rows]) for rows in parts
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)
    many = np.random.RandomState(0).normal(size=(24, 70))
    products = HessianOperator(mlp, X, y) @ many
    np.testing.assert_allclose(products, expected @ many, rtol=1e-9, atol=1e-12)
