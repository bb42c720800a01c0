"""Matrices and operators of others: taken alike by all functions, or refused."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from skregnet._networks.matrix import as_operator
from skregnet.curvature import (
    condition_number,
    directional_curvature,
    eigenvalues,
    spectral_density,
    trace,
)

N = 30
DIRECTION = np.linspace(-1, 1, N)

FUNCTIONS = {
    "eigenvalues": lambda matrix: eigenvalues(matrix, 3),
    "condition_number": condition_number,
    "trace": lambda matrix: trace(matrix, 10),
    "spectral_density": lambda matrix: spectral_density(matrix, 5, 2).nodes,
    "directional_curvature": lambda matrix: directional_curvature(matrix, DIRECTION),
}


def symmetric(n_parameters=N):
    """Return a sparse-looking matrix of whole numbers."""
    matrix = np.random.RandomState(0).randint(-2, 3, (n_parameters, n_parameters))
    return (
        np.where(np.abs(matrix) == 2, matrix, 0)
        + np.diag(range(n_parameters))
        + (np.where(np.abs(matrix) == 2, matrix, 0).T)
    )


class Foreign:
    """An operator that is none of SciPy's, whose products take vectors only."""

    def __init__(self, matrix, dtype=np.float64):
        self.matrix, self.shape, self.dtype = matrix, matrix.shape, np.dtype(dtype)

    def matvec(self, x):
        if x.ndim != 1:
            raise IndexError("one vector at a time")
        return self.matrix @ x


def given_by(function, dtype=np.float64, shape=(N, N)):
    """Return an operator of SciPy's that multiplies by a function."""
    return LinearOperator(shape, matvec=function, dtype=dtype)


TAKEN = {
    "list": np.ndarray.tolist,
    "Fortran order": np.asfortranarray,
    "integers": lambda m: m.astype(np.int8),
    "float32": lambda m: m.astype(np.float32),
    "objects": lambda m: m.astype(object),
    "np.matrix": np.matrix,
    **{
        f"{form}_{kind}": lambda m, name=f"{form}_{kind}": getattr(sparse, name)(m)
        for form in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
        for kind in ("array", "matrix")
    },
    "sparse integers": lambda m: sparse.csr_array(m.astype(np.int16)),
    "sparse float32": lambda m: sparse.coo_array(m.astype(np.float32)),
    "aslinearoperator": aslinearoperator,
    "of a function": lambda m: given_by(lambda x: m @ x),
    "of vectors only": lambda m: given_by(lambda x: (np.ravel(x) @ m)[: len(m)]),
    "of lists": lambda m: given_by(lambda x: (m @ x).tolist()),
    "of integers": lambda m: aslinearoperator(m.astype(np.int64)),
    "foreign": Foreign,
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("form", TAKEN)
def test_forms_of_one_matrix(form, function):
    matrix = symmetric().astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        given = TAKEN[form](matrix)
    expected = FUNCTIONS[function](matrix)
    np.testing.assert_allclose(FUNCTIONS[function](given), expected, rtol=1e-9)


REFUSED = {
    "complex Hermitian": (
        lambda m: m + 1j * (np.triu(m, 1) - np.tril(m, -1)),
        "real numbers, got the dtype complex128",
    ),
    "complex without imaginary parts": (
        lambda m: m.astype(np.complex64),
        "real numbers, got the dtype complex64",
    ),
    "sparse complex": (
        lambda m: sparse.csc_array(1j * m),
        "real numbers, got the dtype complex128",
    ),
    "complex operator": (
        lambda m: given_by(lambda x: m @ x, complex),
        "real numbers, got the dtype complex128",
    ),
    "complex products": (
        lambda m: given_by(lambda x: 1j * (m @ x)),
        "real numbers, got the dtype complex128",
    ),
    "text": (lambda m: m.astype(str), "real numbers, got the dtype <U"),
    "objects": (lambda m: np.where(m, "a", None), "real numbers, got others"),
    "huge integers": (lambda m: [[10**400]], "real numbers, got others"),
    "not square": (lambda m: m[:-1], r"the shape \(29, 30\)"),
    "sparse, not square": (
        lambda m: sparse.csr_array(m[:-1]),
        r"the shape \(29, 30\)",
    ),
    "operator, not square": (
        lambda m: aslinearoperator(m[:-1]),
        r"the shape \(29, 30\)",
    ),
    "empty": (lambda m: sparse.csr_array((0, 0)), r"the shape \(0, 0\)"),
    "not symmetric": (np.triu, r"symmetric matrix, .* its transpose"),
    "sparse, not symmetric": (
        lambda m: sparse.csr_array(np.triu(m)),
        r"symmetric matrix, .* its transpose",
    ),
    "operator, not symmetric": (
        lambda m: aslinearoperator(np.triu(m)),
        r"symmetric matrix, .* its transpose",
    ),
    "NaN": (lambda m: np.where(m, np.nan, 0), "finite numbers, got others"),
    "sparse NaN": (
        lambda m: sparse.dok_array(np.where(m, np.nan, 0)),
        "finite numbers, got others",
    ),
    "products of NaN": (
        lambda m: given_by(lambda x: np.nan * x),
        "products that are finite, got others",
    ),
    "products that overflow": (
        lambda m: given_by(lambda x: 1e308 * (m @ (1e10 * x))),
        "products that are finite, got others",
    ),
    "short products": (
        lambda m: given_by(lambda x: (m @ x)[:-1]),
        r"products of shape \(30, \d+\)",
    ),
    "foreign, short products": (
        lambda m: Foreign(np.asarray(m)[:, :-1]),
        r"the shape \(30, 29\)",
    ),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("form", REFUSED)
def test_what_is_refused(form, function):
    make, message = REFUSED[form]
    with pytest.raises(ValueError, match=f"operator expects .*{message}"):
        FUNCTIONS[function](make(symmetric().astype(float)))


def test_asymmetry_of_rounding_is_taken():
    matrix = symmetric().astype(float)
    noise = 1e-8 * np.random.RandomState(0).normal(size=matrix.shape)
    found = eigenvalues(matrix + noise, 3)
    np.testing.assert_allclose(found, eigenvalues(matrix, 3), atol=1e-6)
    np.testing.assert_array_equal(found, eigenvalues((matrix + noise).T, 3))


def test_an_operator_is_checked_once():
    operator = as_operator(symmetric())
    assert as_operator(operator) is operator


@pytest.mark.parametrize("scale", [1e-300, 1e300])
@pytest.mark.parametrize("function", ["eigenvalues", "condition_number", "trace"])
def test_matrices_at_the_ends_of_the_floats(function, scale):
    matrix = symmetric() / 50
    expected = FUNCTIONS[function](matrix)
    if function != "condition_number":
        expected = scale * np.asarray(expected)
    np.testing.assert_allclose(FUNCTIONS[function](scale * matrix), expected, rtol=1e-9)
