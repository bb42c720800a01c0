"""What early stopping watches, with scorers of every kind and odd validation data."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy import sparse
from sklearn.metrics import (
    accuracy_score,
    get_scorer,
    make_scorer,
    mean_squared_error,
    r2_score,
)

from skregnet import MLPClassifier, MLPRegressor, MultiTaskMLP
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

STOPPING = {"early_stopping": True, "random_state": 0, "max_iter": 4}


def plain_scorer(estimator, X, y):
    """Score by a function that knows nothing of weights."""
    return r2_score(y, estimator.predict(X))


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize(
    "scoring", [plain_scorer, "neg_max_error", "neg_mean_squared_error"]
)
@pytest.mark.parametrize("given", [False, True])
def test_scorers_with_weights(scoring, given, routing):
    X, y = problem("real")
    weights = np.random.RandomState(0).uniform(0.5, 2, len(y))
    mlp = MLPRegressor(**STOPPING, scoring=scoring)
    validation = {"X_val": X[60:], "y_val": y[60:]} if given else {}
    if given:
        validation["sample_weight_val"] = weights[60:]
    with sklearn.config_context(enable_metadata_routing=routing):
        mlp.fit(X, y, weights, **validation)
    assert len(mlp.validation_scores_) == mlp.n_iter_
    if given and scoring != "neg_mean_squared_error":
        scorer = get_scorer(scoring)
        assert scorer(mlp, X[60:], y[60:]) == pytest.approx(mlp.best_validation_score_)


def test_a_scorer_heeds_weights_where_it_can():
    X, y = problem("real")
    weights = np.random.RandomState(0).uniform(0, 2, 60)
    mlp = MLPRegressor(**STOPPING, scoring="neg_mean_squared_error")
    mlp.fit(X, y, X_val=X[60:], y_val=y[60:], sample_weight_val=weights)
    error = mean_squared_error(y[60:], mlp.predict(X[60:]), sample_weight=weights)
    assert mlp.best_validation_score_ == pytest.approx(-error)


def test_a_scorer_may_keep_what_it_is_given():
    # It sees an estimator of its own at each check.
    X, y = problem("real")
    seen = []

    def scorer(estimator, X, y):
        seen.append((estimator, estimator.predict(X)))
        return -mean_squared_error(y, estimator.predict(X))

    mlp = MLPRegressor(**STOPPING, scoring=scorer).fit(X, y, X_val=X, y_val=y)
    assert len(seen) == 4
    assert all(estimator is not mlp for estimator, _ in seen)
    for estimator, predictions in seen:
        np.testing.assert_array_equal(estimator.predict(X), predictions)


def test_a_failing_scorer_leaves_no_trace():
    X, y = problem("real")

    def scorer(estimator, X, y):
        raise ZeroDivisionError("a scorer's own error")

    mlp = MLPRegressor(**STOPPING).fit(X, y)
    before = dict(vars(mlp))
    mlp.set_params(scoring=scorer)
    with pytest.raises(ZeroDivisionError, match="own error"):
        mlp.fit(X, y)
    assert vars(mlp) == {**before, "scoring": scorer}


def test_scores_that_are_not_numbers_do_not_count():
    X, y = problem("real")
    scorer = make_scorer(lambda y, predictions: np.nan)
    mlp = MLPRegressor(early_stopping=True, scoring=scorer, random_state=0, max_iter=9)
    mlp.fit(X, y, X_val=X, y_val=y)
    assert np.isnan(mlp.validation_scores_).all()
    assert mlp.best_validation_score_ == -np.inf
    plain = MLPRegressor(random_state=0, max_iter=9).fit(X, y)
    np.testing.assert_allclose(mlp.coefs_[0], plain.coefs_[0])


@pytest.mark.parametrize("score", [10**400, "high", None, 1j])
def test_scores_expect_numbers(score):
    X, y = problem("real")
    mlp = MLPRegressor(**STOPPING, scoring=lambda estimator, X, y: score)
    with pytest.raises(ValueError, match=r"scoring=.* cannot score"):
        mlp.fit(X, y)


@pytest.mark.parametrize(
    "scoring", ["f1_macro", "roc_auc", "neg_log_loss", make_scorer(accuracy_score)]
)
@pytest.mark.parametrize("cls", [MLPClassifier, MultiTaskMLP])
def test_labels_that_metrics_cannot_tell_apart(cls, scoring):
    X, y = problem("multiclass")
    labels = np.array(["a", "a\0", "b\0"], dtype=object)[y]
    mlp = cls(hidden_layer_sizes=(4,), **STOPPING, scoring=scoring)
    with pytest.raises(ValueError, match=r"y expects labels that differ.*scoring="):
        mlp.fit(X, labels)
    assert not hasattr(mlp, "coefs_")
    # A single one of a name is told apart.
    apart = np.array(["a", "c\0", "b\0"], dtype=object)[y]
    if scoring == "f1_macro":
        mlp.fit(X, apart)


@pytest.mark.parametrize(
    "scoring",
    [None, "loss", lambda mlp, X, y: np.mean(mlp.predict(X) == y)],
    ids=["own", "loss", "callable"],
)
def test_labels_that_end_in_nul(scoring):
    X, y = problem("multiclass")
    labels = np.array(["a", "a\0", "b\0"], dtype=object)[y]
    mlp = MLPClassifier((4,), **STOPPING, scoring=scoring)
    mlp.fit(X, labels, X_val=X, y_val=labels)
    if scoring != "loss":
        assert mlp.best_validation_score_ == np.mean(mlp.predict(X) == labels)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("make_val", [np.asarray, sparse.csr_matrix, sparse.coo_array])
def test_any_mixture_of_dense_and_sparse(make, make_val):
    X, y = problem("multiclass")
    X[np.abs(X) < 0.7] = 0
    reference = MLPClassifier(**STOPPING).fit(X, y, X_val=X[50:], y_val=y[50:])
    mlp = MLPClassifier(**STOPPING)
    mlp.fit(make(X), y, X_val=make_val(X[50:]), y_val=y[50:])
    assert mlp.validation_scores_ == reference.validation_scores_


@pytest.mark.parametrize(
    "make",
    [
        list,
        lambda y: pd.Series(y, dtype="string"),
        lambda y: pd.Series(y, dtype="category"),
        lambda y: pl.Series(list(y)),
        lambda y: y.astype(object),
        lambda y: y[:, np.newaxis],
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_any_labels(make):
    X, y = problem("multiclass")
    labels = np.array(["a", "b", "long"])[y]
    reference = MLPClassifier(**STOPPING).fit(X, y, X_val=X[50:], y_val=y[50:])
    mlp = MLPClassifier(**STOPPING)
    mlp.fit(X, make(labels), X_val=X[50:], y_val=make(labels[50:]))
    assert mlp.validation_scores_ == reference.validation_scores_


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, sparse.csc_matrix])
def test_any_indicators(make):
    X, y = problem("multilabel")
    reference = MLPClassifier(**STOPPING).fit(X, y, X_val=X[50:], y_val=y[50:])
    mlp = MLPClassifier(**STOPPING)
    mlp.fit(X, make(y), X_val=X[50:], y_val=make(y[50:]))
    assert mlp.validation_scores_ == reference.validation_scores_


@pytest.mark.parametrize("scoring", [None, "loss", "accuracy"])
@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("multilabel", lambda y: y[:, 0]),
        ("multilabel", lambda y: y[:, :2]),
        ("binary", lambda y: np.c_[y, y, y]),
        ("multiclass", lambda y: np.eye(3, dtype=int)[y]),
        ("multiclass", lambda y: y.astype(str)),
    ],
)
def test_targets_of_another_kind(kind, make, scoring):
    X, y = problem(kind)
    mlp = MLPClassifier(**STOPPING, scoring=scoring)
    with pytest.raises(ValueError, match="y_val"):
        mlp.fit(X, y, X_val=X, y_val=make(y))
    assert not hasattr(mlp, "classes_")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_validation_data_that_is_not_finite(bad):
    X, y = problem("real")
    mlp = MLPRegressor(**STOPPING)
    with pytest.raises(ValueError, match="contains"):
        mlp.fit(X, y, X_val=np.where(X > 2, bad, X), y_val=y)
    with pytest.raises(ValueError, match="y_val contains"):
        mlp.fit(X, y, X_val=X, y_val=np.where(y > 1, bad, y))
    with pytest.raises(ValueError, match="minimum of 1 is required"):
        mlp.fit(X, y, X_val=X[:0], y_val=y[:0])


def test_negative_targets_of_poisson():
    X, y = problem("count")
    mlp = MLPRegressor("poisson", **STOPPING)
    with pytest.raises(ValueError, match="expects y >= 0"):
        mlp.fit(X, y, X_val=X, y_val=y - 1)


def test_the_names_of_other_features():
    X, y = problem("real")
    frame = pd.DataFrame(X).add_prefix("x")
    mlp = MLPRegressor(**STOPPING)
    with pytest.raises(ValueError, match="feature names"):
        mlp.fit(frame, y, X_val=frame[frame.columns[::-1]], y_val=y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        mlp.fit(frame, y, X_val=X, y_val=y)


def test_validation_data_is_left_alone():
    X, y = problem("multilabel")
    copies = X.copy(), y.copy()
    for array in (X, y):
        array.setflags(write=False)
    MLPClassifier(**STOPPING, scoring="loss").fit(X, y, X_val=X, y_val=y)
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(y, copies[1])
