"""Rows judged by the members that have not learned from them, by a slow loop."""

import numpy as np
import pytest
from sklearn.ensemble import BaggingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.tree import DecisionTreeClassifier

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 6}


def slow_outputs(bag, X, method, middle=np.mean):
    """Return the output of each row by the members it is new to."""
    found = []
    for k in range(len(X)):
        of_row = [
            getattr(member, method)(X[k : k + 1, columns])[0]
            for member, rows, columns in zip(
                bag.estimators_,
                bag.estimators_samples_,
                bag.estimators_features_,
                strict=True,
            )
            if k not in rows
        ]
        found.append(middle(of_row, axis=0))
    return np.array(found)


@pytest.mark.parametrize("base", [MLPClassifier(**SHORT), DecisionTreeClassifier()])
@pytest.mark.parametrize("max_features", [1.0, 0.5])
def test_classification(base, max_features):
    X, y = problem("multiclass")
    bag = BaggingEnsemble(
        base, 25, oob_score=True, max_features=max_features, random_state=0
    ).fit(X, y)
    expected = slow_outputs(bag, X, "predict_proba")
    np.testing.assert_allclose(bag.oob_decision_function_, expected, rtol=1e-6)
    assert bag.oob_score_ == accuracy_score(y, expected.argmax(axis=1))


def test_hard_votes():
    X, y = problem("binary")
    base = MLPClassifier(**SHORT)
    bag = BaggingEnsemble(base, 25, oob_score=True, voting="hard", random_state=0)
    bag.fit(X, y)
    of_one = slow_outputs(bag, X, "predict")
    expected = np.column_stack([1 - of_one, of_one])
    np.testing.assert_allclose(bag.oob_decision_function_, expected)


@pytest.mark.parametrize(
    ("voting", "middle"), [("mean", np.mean), ("median", np.median)]
)
@pytest.mark.parametrize("kind", ["real", "reals"])
def test_regression(kind, voting, middle):
    X, y = problem(kind)
    bag = BaggingEnsemble(
        MLPRegressor(**SHORT), 25, oob_score=True, voting=voting, random_state=0
    ).fit(X, y)
    expected = slow_outputs(bag, X, "predict", middle)
    np.testing.assert_allclose(bag.oob_prediction_, expected, rtol=1e-6)
    assert bag.oob_score_ == pytest.approx(r2_score(y, expected))


def test_scores_are_like_scikit_learns():
    X, y = problem("real", n_rows=400)
    ours = BaggingEnsemble(Ridge(), 100, oob_score=True, random_state=0).fit(X, y)
    theirs = BaggingRegressor(Ridge(), 100, oob_score=True, random_state=0).fit(X, y)
    assert ours.oob_score_ == pytest.approx(theirs.oob_score_, abs=0.01)


def test_multilabel():
    X, y = problem("multilabel")
    bag = BaggingEnsemble(MLPClassifier(**SHORT), 25, oob_score=True, random_state=0)
    bag.fit(X, y)
    expected = slow_outputs(bag, X, "predict_proba")
    np.testing.assert_allclose(bag.oob_decision_function_, expected, rtol=1e-6)
    assert bag.oob_score_ == accuracy_score(y, expected > 0.5)


def test_rows_that_all_members_know():
    X, y = problem("binary")
    bag = BaggingEnsemble(MLPClassifier(**SHORT), 2, oob_score=True, random_state=0)
    with pytest.warns(UserWarning, match="have no out-of-bag outputs"):
        bag.fit(X, y)
    known = np.ones(120, bool)
    for rows in bag.estimators_samples_:
        known &= np.isin(np.arange(120), rows)
    np.testing.assert_array_equal(
        np.isnan(bag.oob_decision_function_).any(axis=1), known
    )
    expected = bag.oob_decision_function_[~known].argmax(axis=1)
    assert bag.oob_score_ == accuracy_score(y[~known], expected)


def test_no_row_is_left_out():
    X, y = problem("real", n_rows=3)
    bag = BaggingEnsemble(Ridge(), 1, oob_score=True, max_samples=500, random_state=0)
    with pytest.warns(UserWarning, match="3 of 3 rows"):
        bag.fit(X, y)
    assert np.isnan(bag.oob_score_)


def test_weights_count_in_the_score():
    X, y = problem("multiclass")
    weights = 1.0 + np.arange(120) % 5
    bag = BaggingEnsemble(
        MLPClassifier(**SHORT), 30, oob_score=True, max_samples=None, random_state=0
    ).fit(X, y, weights)
    predicted = bag.oob_decision_function_.argmax(axis=1)
    assert bag.oob_score_ == accuracy_score(y, predicted, sample_weight=weights)


@pytest.mark.parametrize("max_samples", [1.0, None, 120])
def test_some_rows_must_be_left_out(max_samples):
    X, y = problem("binary")
    bag = BaggingEnsemble(oob_score=True, bootstrap=False, max_samples=max_samples)
    with pytest.raises(ValueError, match="oob_score=True expects members to leave"):
        bag.fit(X, y)


def test_subsets_leave_rows_out():
    X, y = problem("real")
    bag = BaggingEnsemble(
        Ridge(), 20, oob_score=True, bootstrap=False, max_samples=0.5, random_state=0
    ).fit(X, y)
    np.testing.assert_allclose(bag.oob_prediction_, slow_outputs(bag, X, "predict"))


def test_growing():
    X, y = problem("multiclass")
    parameters = {"oob_score": True, "random_state": 0}
    base = MLPClassifier(**SHORT)
    grown = BaggingEnsemble(base, 15, warm_start=True, **parameters).fit(X, y)
    grown.set_params(n_estimators=25).fit(X, y)
    whole = BaggingEnsemble(base, 25, **parameters).fit(X, y)
    np.testing.assert_array_equal(
        grown.oob_decision_function_, whole.oob_decision_function_
    )
    assert grown.oob_score_ == whole.oob_score_
    with pytest.raises(ValueError, match="expects the data of the first call"):
        grown.set_params(n_estimators=26).fit(X[:100], y[:100])
