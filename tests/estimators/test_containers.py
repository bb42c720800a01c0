"""The same data in any container and any type give the same network."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS = {"max_iter": 3, "random_state": 0, "hidden_layer_sizes": (6,)}


def thin_problem():
    """Return features of which many are zero, and all are small integers."""
    X, y = problem("binary")
    return np.where(np.abs(X) < 0.7, 0.0, np.rint(3 * X)), y


def assert_same_network(ours, other, rtol=1e-7):
    """Compare all parameters."""
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(ours, name), getattr(other, name), strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-10)


def duplicated(X):
    """Return CSR with each value in two halves, in reverse order."""
    coo = sparse.coo_array(X)
    order = np.argsort(coo.row * 100 - coo.col, kind="stable").repeat(2)
    starts = np.r_[0, np.cumsum(2 * np.bincount(coo.row, minlength=len(X)))]
    return sparse.csr_array((coo.data[order] / 2, coo.col[order], starts), X.shape)


def wide_indices(X):
    """Return CSR with indices of 64 bits."""
    csr = sparse.csr_array(X)
    csr.indices, csr.indptr = csr.indices.astype(np.int64), csr.indptr.astype(np.int64)
    return csr


@pytest.mark.parametrize(
    "make",
    [
        duplicated,
        wide_indices,
        sparse.coo_array,
        sparse.lil_matrix,
        lambda X: sparse.csr_array(X.astype(int)),
        lambda X: X.astype(np.int16),
        lambda X: X.astype(np.float16),
        lambda X: X.astype(">f8"),
        lambda X: X.astype(np.longdouble),
        lambda X: X.astype(object),
        lambda X: X[:, ::-1].copy()[:, ::-1],
        lambda X: np.repeat(X, 2, axis=0)[::2],
        lambda X: pd.DataFrame(X).astype("Int64"),
        lambda X: pd.DataFrame(X).astype("Float64").add_prefix("x"),
        lambda X: pd.DataFrame(X).astype(pd.SparseDtype(float, 0.0)).add_prefix("x"),
        lambda X: pl.DataFrame(X.astype(np.int32)),
    ],
)
@pytest.mark.filterwarnings("ignore:pandas.DataFrame with sparse columns")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_features(make, solver):
    X, y = thin_problem()
    reference = MLPClassifier(**SETTINGS, solver=solver).fit(X, y)
    made = make(X)
    mlp = MLPClassifier(**SETTINGS, solver=solver).fit(made, y)
    assert_same_network(mlp, reference, rtol=1e-6)
    assert mlp.coefs_[0].dtype == np.float64
    np.testing.assert_allclose(
        mlp.predict_proba(made), reference.predict_proba(X), rtol=1e-6
    )


@pytest.mark.parametrize(
    "make",
    [
        list,
        pd.Series,
        lambda y: pd.Series(y, dtype="Float64"),
        pl.Series,
        lambda y: y.astype(">f8"),
        lambda y: y.astype(object),
        lambda y: pd.DataFrame({"y": y})["y"],
        lambda y: np.repeat(y, 2)[::2],
    ],
)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_targets(make, solver):
    X, y = problem("real")
    reference = MLPRegressor(**SETTINGS, solver=solver).fit(X, y)
    mlp = MLPRegressor(**SETTINGS, solver=solver).fit(X, make(y))
    assert_same_network(mlp, reference)
    assert mlp.score(X, make(y)) == pytest.approx(reference.score(X, y))


@pytest.mark.parametrize("make", [list, pd.Series, pl.Series, np.float32])
def test_weights(make):
    X, y = problem("real")
    weights = np.arange(len(y)) % 4 / 4
    reference = MLPRegressor(**SETTINGS).fit(X, y, weights)
    assert_same_network(MLPRegressor(**SETTINGS).fit(X, y, make(weights)), reference)
    assert_same_network(
        MLPRegressor(**SETTINGS).fit(X, y, 0.3), MLPRegressor(**SETTINGS).fit(X, y, 0.3)
    )


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_memory_maps(make, solver, early_stopping, tmp_path):
    X, y = thin_problem()
    weights = np.arange(len(y)) % 3 + 1.0
    joblib.dump((make(X), y, weights), tmp_path / "data")
    mapped = joblib.load(tmp_path / "data", mmap_mode="r")
    settings = {**SETTINGS, "solver": solver, "early_stopping": early_stopping}
    mlp = MLPClassifier(**settings).fit(*mapped)
    assert_same_network(mlp, MLPClassifier(**settings).fit(make(X), y, weights))
    np.testing.assert_array_equal(mlp.predict(mapped[0]), mlp.predict(make(X)))


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_inputs_are_left_alone(make, solver):
    X, y = thin_problem()
    thin = make(X)
    thin.indices, thin.data = thin.indices[::-1].copy(), thin.data[::-1].copy()
    parts = [getattr(thin, name).copy() for name in ("indptr", "indices", "data")]
    settings = {**SETTINGS, "solver": solver, "early_stopping": solver == "adam"}
    MLPClassifier(**settings).fit(thin, y).predict(thin)
    for name, part in zip(("indptr", "indices", "data"), parts, strict=True):
        np.testing.assert_array_equal(getattr(thin, name), part)


def test_sparse_stays_sparse():
    # Dense, these features would take 80 GB.
    n_rows, n_features = 100_000, 100_000
    rows = np.arange(n_rows)
    X = sparse.csr_array((np.ones(n_rows), (rows, rows)), (n_rows, n_features))
    y = (rows < n_rows // 2).astype(int)
    mlp = MLPClassifier((2,), max_iter=1, batch_size=20_000, random_state=0).fit(X, y)
    assert mlp.predict(X).shape == (n_rows,)


@pytest.mark.parametrize(
    "y",
    [
        pd.Series([None, *"ab" * 5], dtype=object),
        [None, *"ab" * 5],
        np.r_[np.nan, np.arange(10) % 2],
    ],
)
def test_missing_labels(y):
    with pytest.raises((ValueError, TypeError)):
        MLPClassifier(**SETTINGS).fit(np.ones((11, 2)), y)
