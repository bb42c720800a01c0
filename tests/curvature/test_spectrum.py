"""Eigenvalues, by either way of finding them, against NumPy's."""

import warnings
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, aslinearoperator

from skregnet.curvature import HessianOperator, eigenvalues, hessian
from tests.curvature.losses import case

# The package has functions of the modules' names.
module = import_module("skregnet.curvature._spectrum")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WHICH = ("LM", "SM", "LA", "SA", "BE")


@pytest.fixture(params=["dense", "Lanczos"])
def way(request, monkeypatch):
    """Have small matrices decomposed, or their eigenvalues found by products."""
    if request.param == "Lanczos":
        monkeypatch.setattr(module, "DENSE", 0)
    return request.param


def symmetric(n_parameters=30, seed=0):
    """Return a matrix of eigenvalues of either sign, well apart."""
    random_state = np.random.RandomState(seed)
    basis, _ = np.linalg.qr(random_state.normal(size=(n_parameters, n_parameters)))
    values = np.linspace(-2.0, 3.1, n_parameters)
    return (basis * values) @ basis.T


def expected_of(values, k, which):
    """Return the chosen of ascending eigenvalues, descending."""
    by_magnitude = sorted(values, key=abs)
    n_above = k - k // 2
    chosen = {
        "LM": by_magnitude[-k:],
        "SM": by_magnitude[:k],
        "LA": values[-k:],
        "SA": values[:k],
        "BE": [*values[: k // 2], *values[len(values) - n_above :]],
    }
    return sorted(chosen[which], reverse=True)


@pytest.mark.parametrize("k", [1, 2, 5, 14])
@pytest.mark.parametrize("which", WHICH)
def test_numpy(which, k, way):
    matrix = symmetric()
    expected = expected_of(np.linalg.eigvalsh(matrix), k, which)
    found = eigenvalues(matrix, k, which)
    assert found.shape == (k,)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("which", WHICH)
def test_eigenvectors(which, k, way):
    matrix = symmetric()
    values, vectors = eigenvalues(matrix, k, which, return_eigenvectors=True)
    np.testing.assert_array_equal(values, eigenvalues(matrix, k, which))
    assert vectors.shape == (30, k)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(k), atol=1e-10)
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=8),
    st.integers(1, 10),
    st.sampled_from(WHICH),
)
def test_eigenvalues_that_occur_twice(values, k, which):
    found = eigenvalues(np.diag(values), k, which)
    expected = expected_of(sorted(values), min(k, len(values)), which)
    assert (np.diff(found) <= 0).all()
    if which in ("LM", "SM"):
        # Of two that differ in sign only, either may be taken.
        found, expected = sorted(abs(found)), sorted(map(abs, expected))
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("which", ["LM", "LA", "SA", "BE"])
def test_hessian(which, way):
    it = case("multiclass")
    operator = HessianOperator(it.model, it.X, it.y)
    values = np.linalg.eigvalsh(hessian(it.model, it.X, it.y))
    found, vectors = eigenvalues(operator, 3, which, return_eigenvectors=True)
    expected = expected_of(values, 3, which)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(operator @ vectors, vectors * found, atol=1e-9)


@pytest.mark.parametrize("k", [15, 29, 30, 31, 1000])
def test_most_of_them_or_more(k, way):
    matrix = symmetric()
    found, vectors = eigenvalues(matrix, k, return_eigenvectors=True)
    n_found = min(k, 30)
    expected = expected_of(np.linalg.eigvalsh(matrix), n_found, "LM")
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    assert vectors.shape == (30, n_found)


def test_defaults(way):
    matrix = symmetric()
    found = eigenvalues(matrix)
    np.testing.assert_array_equal(found, eigenvalues(matrix, 10, "LM"))


@pytest.mark.parametrize(
    "form", [np.ndarray.tolist, aslinearoperator, np.asfortranarray, np.matrix]
)
def test_forms_of_a_matrix(form, way):
    matrix = symmetric()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        found = eigenvalues(form(matrix), 3)
    np.testing.assert_allclose(found, eigenvalues(matrix, 3), rtol=1e-10)


def test_the_matrix_given_stays_as_it_is(way):
    matrix = symmetric()
    kept = matrix.copy()
    eigenvalues(matrix)
    np.testing.assert_array_equal(matrix, kept)


def counting(matrix):
    """Return an operator, and the list to which each product adds its columns."""
    counts = []

    def products(columns):
        counts.append(columns.size // len(matrix))
        return matrix @ columns

    operator = LinearOperator(
        matrix.shape, matvec=products, matmat=products, dtype=np.float64
    )
    return operator, counts


def test_lanczos_takes_few_products(monkeypatch):
    matrix = np.diag([*np.linspace(0, 1, 198), 5.0, -7.0])
    assert module.DENSE == 1_000
    for most in (1_000, 200):
        monkeypatch.setattr(module, "DENSE", most)
        operator, counts = counting(matrix)
        eigenvalues(operator, 2)
        # Two of them tell whether it is symmetric.
        assert sum(counts) == 202
    monkeypatch.setattr(module, "DENSE", 199)
    operator, counts = counting(matrix)
    eigenvalues(operator, 2)
    assert sum(counts) < 70
    operator, counts = counting(matrix)
    eigenvalues(operator, 100)
    assert sum(counts) == 202


def test_tolerance(monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    matrix = symmetric(200)
    largest = abs(np.linalg.eigvalsh(matrix)).max()
    errors, n_products = [], []
    for tol in (0.0, 0.1):
        operator, counts = counting(matrix)
        errors.append(abs(eigenvalues(operator, 4, tol=tol)[0] / largest - 1))
        n_products.append(sum(counts))
    assert errors[0] < 1e-12
    assert 1e-12 < errors[1] < 0.1
    assert n_products[1] < n_products[0]


def test_max_iter(monkeypatch):
    matrix = symmetric(200)
    expected = expected_of(np.linalg.eigvalsh(matrix), 4, "SA")
    # A dense decomposition has no iterations.
    np.testing.assert_allclose(eigenvalues(matrix, 4, "SA", max_iter=1), expected)
    monkeypatch.setattr(module, "DENSE", 0)
    with pytest.raises(ArpackNoConvergence):
        eigenvalues(matrix, 4, "SA", max_iter=1)
    found = eigenvalues(matrix, 4, "SA", max_iter=1000)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_random_state(monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    matrix = symmetric(200)

    def found(random_state):
        return eigenvalues(
            matrix, 4, return_eigenvectors=True, tol=0.1, random_state=random_state
        )[1]

    np.testing.assert_array_equal(found(3), found(3))
    np.testing.assert_array_equal(found(np.random.default_rng(3)), found(3))
    assert not np.array_equal(found(3), found(4))
    np.testing.assert_array_equal(
        eigenvalues(matrix, 4, tol=0.1), eigenvalues(matrix, 4, tol=0.1, random_state=0)
    )


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("k", [1, 3])
def test_matrices_with_one_eigenvalue(k, which, way):
    for size in (0.0, 2.0, -2.0):
        matrix = size * np.eye(20)
        found, vectors = eigenvalues(matrix, k, which, return_eigenvectors=True)
        np.testing.assert_allclose(found, size, atol=1e-12)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(k), atol=1e-10)


def test_low_rank(way):
    basis, _ = np.linalg.qr(np.random.RandomState(0).normal(size=(40, 2)))
    matrix = (basis * [5.0, -7.0]) @ basis.T
    np.testing.assert_allclose(eigenvalues(matrix, 3), [5, 0, -7], atol=1e-10)


def rotated(values):
    """Return a dense matrix of these eigenvalues."""
    values = np.asarray(values, dtype=float)
    random_state = np.random.RandomState(0)
    basis, _ = np.linalg.qr(random_state.normal(size=(len(values), len(values))))
    matrix = (basis * values) @ basis.T
    return (matrix + matrix.T) / 2


MANY = 120
CLUSTERS = {
    "rank 6": rotated([*range(1, 7), *[0] * (MANY - 6)]),
    "rank 6, either sign": rotated([-3, -1, 2, 3, 4, 5, *[0] * (MANY - 6)]),
    "rank 6, below zero": rotated([*range(-6, 0), *[0] * (MANY - 6)]),
    "zero rows": np.diag([*np.linspace(1, 2, 20), *[0.0] * (MANY - 20)]),
    "a zero among others": np.diag(np.linspace(0, 5, MANY)),
    "projection": rotated([0] * (MANY // 2) + [1] * (MANY // 2)),
    "reflection": rotated([-1] * (MANY // 2) + [1] * (MANY // 2)),
    "blocks": np.kron(np.eye(MANY // 2), [[2.0, 1.0], [1.0, 2.0]]),
    "pairs": rotated(np.repeat(np.logspace(0, 2, MANY // 2), 2)),
    "threefold ends": rotated([*[-5] * 3, *np.linspace(0, 1, MANY - 6), *[6] * 3]),
    "circle": sum(np.roll(np.eye(MANY), by, axis=0) for by in (-1, 1)),
    "nothing": np.zeros((MANY, MANY)),
}


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300])
@pytest.mark.parametrize("kind", CLUSTERS)
def test_many_equal_eigenvalues(kind, scale, monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    if kind != "circle":
        monkeypatch.setattr(module, "LARGEST_DENSE", 0)
    matrix = CLUSTERS[kind]
    all_values = np.linalg.eigvalsh(matrix)
    for which in WHICH:
        if which == "SM" and kind in ("pairs", "reflection", "threefold ends"):
            continue  # between others, which products are slow to part
        for k in (1, 3, 10):
            values, vectors = eigenvalues(
                scale * matrix, k, which, return_eigenvectors=True
            )
            values = values / scale
            expected = expected_of(all_values, k, which)
            if which in ("LM", "SM"):
                # Of two that differ in sign only, either may be taken.
                np.testing.assert_allclose(
                    sorted(abs(values)), sorted(np.abs(expected)), atol=1e-9
                )
            else:
                np.testing.assert_allclose(values, expected, atol=1e-9)
            np.testing.assert_allclose(vectors.T @ vectors, np.eye(k), atol=1e-9)
            np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=1e-9)


def test_what_products_do_not_find_is_decomposed(monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    matrix = rotated(np.linspace(-2, 3, 400))
    operator, counts = counting(matrix)
    found = eigenvalues(operator, 2, "SM")
    expected = expected_of(np.linalg.eigvalsh(matrix), 2, "SM")
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert 400 < sum(counts) < 2000
    monkeypatch.setattr(module, "LARGEST_DENSE", 399)
    with pytest.raises(ArpackNoConvergence, match=r"has found 0 of 2 .* restarts"):
        eigenvalues(matrix, 2, "SM", max_iter=3)


def test_float32_products(monkeypatch):
    monkeypatch.setattr(module, "DENSE", 0)
    matrix = symmetric(200).astype(np.float32)
    operator = aslinearoperator(matrix)
    expected = expected_of(np.linalg.eigvalsh(matrix.astype(float)), 4, "SA")
    found, vectors = eigenvalues(operator, 4, "SA", return_eigenvectors=True)
    assert found.dtype == vectors.dtype == np.float64
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": 0}, "k expects a whole number >= 1, got 0"),
        ({"k": -1}, "k expects a whole number >= 1, got -1"),
        ({"k": 2.0}, r"k expects a whole number >= 1, got 2\.0"),
        ({"k": True}, "k expects a whole number >= 1, got True"),
        ({"which": "XX"}, r"which expects one of \('LM', .*got which='XX'"),
        ({"operator": np.ones((2, 3))}, r"symmetric matrix, .* the shape \(2, 3\)"),
        ({"operator": np.ones(3)}, r"symmetric matrix, .* the shape \(3,\)"),
        ({"operator": np.ones((0, 0))}, r"symmetric matrix, .* the shape \(0, 0\)"),
        ({"operator": 3.0}, r"symmetric matrix, .* the shape \(\)"),
        ({"operator": [[np.nan]]}, "operator expects finite numbers, got others"),
        ({"operator": [[np.inf]]}, "operator expects finite numbers, got others"),
        (
            {"operator": LinearOperator((2, 3), matvec=np.ravel, dtype=float)},
            r"symmetric matrix, .* the shape \(2, 3\)",
        ),
    ],
)
def test_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        eigenvalues(**{"operator": np.eye(3), **changes})


def test_numpy_integers(way):
    found = eigenvalues(symmetric(), np.int64(3))
    np.testing.assert_array_equal(found, eigenvalues(symmetric(), 3))
