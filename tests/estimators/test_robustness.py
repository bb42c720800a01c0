"""Where estimators break: odd data, copies, pickles, pipelines, searches."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import ESTIMATORS, problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"max_iter": 4, "random_state": 0}
PROBLEMS = [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS]


def assert_same(ours, other, X):
    """Compare predictions, which are bit for bit the same."""
    np.testing.assert_array_equal(ours.predict(X), other.predict(X))
    for a, b in zip(ours.coefs_, other.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_layouts(cls, parameters, kind, solver, tmp_path):
    X, y = problem(kind)
    mlp = cls(**SHORT, solver=solver, **parameters)
    reference = clone(mlp).fit(X, y)
    joblib.dump((X, y), tmp_path / "data")
    mapped, y_mapped = joblib.load(tmp_path / "data", mmap_mode="r")
    assert_same(clone(mlp).fit(mapped, y_mapped), reference, mapped)
    columns = np.asfortranarray(X)
    assert_same(clone(mlp).fit(columns, y), reference, X)
    assert_same(clone(mlp).fit(X.tolist(), y.tolist()), reference, X)
    names = [f"f{k}" for k in range(X.shape[1])]
    for frame in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)):
        fitted = clone(mlp).fit(frame, y)
        assert fitted.feature_names_in_.tolist() == names
        np.testing.assert_array_equal(fitted.predict(frame), reference.predict(X))


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_sparse(cls, parameters, kind, solver, make):
    X, y = problem(kind)
    X[np.abs(X) < 0.7] = 0
    thin = make(X)
    mlp = cls(**SHORT, solver=solver, **parameters)
    fitted, reference = clone(mlp).fit(thin, y), clone(mlp).fit(X, y)
    for a, b in zip(fitted.coefs_, reference.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fitted.predict(thin), fitted.predict(X))
    if hasattr(mlp, "partial_fit"):
        stopped = clone(mlp).set_params(early_stopping=True).fit(thin, y)
        assert stopped.score(thin, y) == pytest.approx(stopped.score(X, y))


@pytest.mark.parametrize(
    "make",
    [
        lambda y: y.astype(str),
        lambda y: pd.Series(y.astype(str), dtype="category"),
        lambda y: pd.Series(y.astype(str), dtype="string"),
        lambda y: pd.Series(y, dtype="Int64"),
        lambda y: pl.Series(y.astype(str)),
        lambda y: y.astype(str).astype(object),
        lambda y: y > 0,
        lambda y: y - 1.0,
    ],
)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_labels(make, early_stopping):
    X, y = problem("multiclass")
    labels = make(y)
    mlp = MLPClassifier(**SHORT, early_stopping=early_stopping).fit(X, labels)
    assert set(mlp.predict(X)) <= set(mlp.classes_) == set(np.unique(np.array(labels)))
    assert 0 <= mlp.score(X, labels) <= 1


@pytest.mark.parametrize("make", [sparse.csr_array, np.asarray])
def test_multilabel_targets(make):
    X, y = problem("multilabel")
    mlp = MLPClassifier(**SHORT).fit(X, make(y))
    predictions = mlp.predict(X)
    assert predictions.shape == y.shape
    assert mlp.predict_proba(X).shape == y.shape
    stopped = MLPClassifier(**SHORT, early_stopping=True).fit(X, make(y))
    assert 0 <= stopped.best_validation_score_ <= 1


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_odd_data(cls, solver):
    mlp = cls(**SHORT, solver=solver)
    X, y = problem("binary")
    for odd, targets in [
        (X[:1], y[:1]),
        (X[:2], [0, 1]),
        (X[:, :1], y),
        (np.ones_like(X), y),
        (X, np.zeros_like(y)),
        (1e-150 * X, y),
        (np.repeat(X[:1], 50, axis=0), y[:50]),
    ]:
        fitted = clone(mlp).fit(odd, targets)
        assert np.isfinite(fitted.predict(odd)).all()
        assert all(np.isfinite(coefs).all() for coefs in fitted.coefs_)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_huge_data_fits_or_is_refused(cls, solver):
    X, y = problem("binary")
    mlp = cls(**SHORT, solver=solver)
    try:
        mlp.fit(1e150 * X, y)
    except ValueError as error:
        assert "large values" in str(error)  # noqa: PT017
        assert not hasattr(mlp, "coefs_")
    else:
        assert all(np.isfinite(coefs).all() for coefs in mlp.coefs_)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_finite(bad):
    X, y = problem("real")
    spoiled = X.copy()
    spoiled[3, 2] = bad
    with pytest.raises(ValueError, match="Input X contains"):
        MLPRegressor(**SHORT).fit(spoiled, y)
    targets = y.copy()
    targets[3] = bad
    with pytest.raises(ValueError, match="Input y contains"):
        MLPRegressor(**SHORT).fit(X, targets)
    with pytest.raises(ValueError, match="sample_weight contains"):
        MLPRegressor(**SHORT).fit(X, y, targets)
    with pytest.raises(ValueError, match="Input X contains"):
        MLPRegressor(**SHORT).fit(X, y).predict(spoiled)


def test_targets_too_large_for_float32():
    X, y = problem("real", dtype=np.float32)
    with pytest.raises(ValueError, match="y contains values too large for float32"):
        MLPRegressor(**SHORT).fit(X, 1e200 * y)


def test_live_weights():
    X, y = problem("real")
    mlp = MLPRegressor(**SHORT).fit(X, y)
    predictions = mlp.predict(X)
    mlp.intercepts_[-1] += 1.5
    np.testing.assert_allclose(mlp.predict(X), predictions + 1.5)
    mlp.coefs_[-1] *= 0
    np.testing.assert_allclose(mlp.predict(X), mlp.intercepts_[-1][0])


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_size_of_a_pickle(solver):
    X, y = problem("binary")
    mlp = MLPClassifier((300, 300), solver=solver, **SHORT).fit(X, y)
    n_bytes = sum(array.nbytes for array in mlp.coefs_ + mlp.intercepts_)
    assert len(pickle.dumps(mlp)) < 1.02 * n_bytes + 5_000
    if solver in ("adam", "sgd"):
        copy = pickle.loads(pickle.dumps(mlp)).partial_fit(X, y)
        n_vectors = 3 if solver == "adam" else 2
        assert len(pickle.dumps(copy)) < 1.02 * n_vectors * n_bytes + 5_000


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_pickle_goes_on(solver, early_stopping):
    X, y = problem("binary")
    given = {"X_val": X, "y_val": y} if early_stopping else {}
    whole = MLPClassifier(solver=solver, **SHORT, early_stopping=early_stopping)
    whole.partial_fit(X, y, classes=[0, 1], **given)
    for _ in range(3):
        copy = pickle.loads(pickle.dumps(whole))
        whole.partial_fit(X, y, **given)
        copy.partial_fit(X, y, **given)
        assert_same(copy, whole, X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_in_a_search(cls, parameters, kind, dtype):
    X, y = problem(kind, dtype=dtype)
    frame = pd.DataFrame(X).add_prefix("feature ")
    model = make_pipeline(StandardScaler(), cls(**SHORT, **parameters))
    grid = {
        f"{cls.__name__.lower()}__alpha": [0.01, 1.0],
        f"{cls.__name__.lower()}__solver": ["adam", "lbfgs"],
    }
    apart = GridSearchCV(model, grid, cv=2, n_jobs=2).fit(frame, y)
    here = GridSearchCV(model, grid, cv=2).fit(frame, y)
    np.testing.assert_array_equal(
        apart.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"]
    )
    assert apart.best_estimator_[-1].coefs_[0].dtype == dtype
    assert clone(apart).get_params()["cv"] == 2
    assert len(cross_val_score(model, frame, y, cv=2)) == 2


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_reproducible(cls):
    X, y = problem("binary")
    first, second = (cls(**SHORT).fit(X, y) for _ in range(2))
    assert_same(first, second, X)
    shared = np.random.RandomState(5)
    one = cls(max_iter=2, random_state=shared).fit(X, y)
    two = cls(max_iter=2, random_state=shared).fit(X, y)
    assert not np.array_equal(one.coefs_[0], two.coefs_[0])


def test_inputs_are_left_alone():
    X, y = problem("multiclass")
    weights = np.random.RandomState(0).uniform(size=len(y))
    copies = X.copy(), y.copy(), weights.copy()
    mlp = MLPClassifier(**SHORT, early_stopping=True).fit(X, y, weights)
    mlp.predict_proba(X)
    for array, copy in zip((X, y, weights), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_prediction_in_blocks():
    X, y = problem("multiclass", n_rows=1300)
    mlp = MLPClassifier(**SHORT).fit(X, y)
    whole = mlp.predict_proba(X)
    parts = np.vstack([mlp.predict_proba(X[k : k + 100]) for k in range(0, 1300, 100)])
    np.testing.assert_allclose(whole, parts, rtol=1e-10)
