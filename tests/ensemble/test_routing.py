"""Metadata that reaches the members, by scikit-learn's routing."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline

from skregnet import BaggingEnsemble, MLPClassifier
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 6}


def weights_of(bag):
    """Return the weights of all members in one vector."""
    return np.concatenate([flat(member) for member in bag.estimators_])


def test_routed_metadata():
    X, y = problem("binary")
    X_val, y_val = problem("binary", seed=1)
    base = MLPClassifier(**SHORT, early_stopping=True)
    bag = BaggingEnsemble(base, 2, random_state=0)
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        bag.fit(X, y, X_val=X_val, y_val=y_val)
    with config_context(enable_metadata_routing=True):
        base.set_fit_request(X_val=True, y_val=True)
        bag.fit(X, y, X_val=X_val, y_val=y_val)
        others = [
            clone(member).fit(X[rows], y[rows], X_val=X_val, y_val=y_val)
            for member, rows in zip(
                bag.estimators_, bag.estimators_samples_, strict=True
            )
        ]
    for member, other in zip(bag.estimators_, others, strict=True):
        np.testing.assert_array_equal(flat(member), flat(other))


def test_routed_weights_draw():
    X, y = problem("binary")
    weights = np.arange(120) % 3
    bag = BaggingEnsemble(MLPClassifier(**SHORT), 2, random_state=0)
    expected = weights_of(clone(bag).fit(X, y, weights))
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(clone(bag).set_fit_request(sample_weight=True))
        pipeline.fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(weights_of(pipeline[-1]), expected)


def test_routed_values_of_rows_are_drawn_along():
    X, y = problem("real")
    weights = np.arange(120.0) % 3

    class Weighted(Ridge):
        def fit(self, X, y, strength=None):
            return super().fit(X, y, sample_weight=strength)

    with config_context(enable_metadata_routing=True):
        base = Weighted().set_fit_request(strength=True)
        bag = BaggingEnsemble(base, 2, random_state=0).fit(X, y, strength=weights)
        for member, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
            other = Weighted().fit(X[rows], y[rows], weights[rows])
            np.testing.assert_allclose(member.coef_, other.coef_)


class Voter(ClassifierMixin, BaseEstimator):
    """Predicts the class of a number, which comes as metadata."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X, place=0):
        return np.full(len(X), self.classes_[place])


class Judge(Voter):
    """Has a method of each kind, which all say what they are told."""

    def predict_proba(self, X, place=0):
        return np.tile(np.eye(len(self.classes_))[place], (len(X), 1))

    def predict_log_proba(self, X, place=0):
        return np.tile(-np.ones(len(self.classes_)) * place, (len(X), 1))

    def decision_function(self, X, place=0):
        return np.tile(np.arange(len(self.classes_)) == place, (len(X), 1)) * 1.0


class Echo(RegressorMixin, BaseEstimator):
    """Predicts numbers that come as metadata, one a sample."""

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict(self, X, numbers=None):
        return np.zeros(len(X)) if numbers is None else np.asarray(numbers)


def requesting(estimator, *methods, **requests):
    """Return an estimator whose methods request metadata."""
    for method in methods:
        getattr(estimator, f"set_{method}_request")(**requests)
    return estimator


@pytest.mark.parametrize("base", [Voter(), Judge()])
@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_predictions(base, voting):
    X, y = problem("multiclass")
    votes = isinstance(base, Judge) and voting == "soft"
    with config_context(enable_metadata_routing=True):
        base = requesting(
            clone(base), "predict_proba" if votes else "predict", place=True
        )
        bag = BaggingEnsemble(base, 3, voting=voting, random_state=0).fit(X, y)
        assert (bag.predict(X, place=2) == 2).all()
        assert (bag.predict(X) == 0).all()
        assert bag.score(X, y, place=1) == accuracy_score(y, np.ones(120))
        weights = np.arange(120)
        assert bag.score(X, y, weights, place=1) == pytest.approx(
            np.average(y == 1, weights=weights)
        )
        if voting == "soft":
            assert (bag.predict_proba(X, place=2) == [0, 0, 1]).all()
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        bag.predict(X, place=2)


def test_each_method_reaches_its_own():
    X, y = problem("multiclass")
    with config_context(enable_metadata_routing=True):
        base = requesting(Judge(), "predict_log_proba", "decision_function", place=True)
        bag = BaggingEnsemble(base, 3, random_state=0).fit(X, y)
        np.testing.assert_allclose(bag.predict_log_proba(X, place=2), -2)
        assert (bag.decision_function(X, place=1) == [0, 1, 0]).all()
        with pytest.raises(UnsetMetadataPassedError, match=r"Judge\.predict_proba"):
            bag.predict(X, place=2)


def test_logarithms_of_members_that_only_vote():
    X, y = problem("multiclass")
    with config_context(enable_metadata_routing=True):
        base = requesting(Voter(), "predict", place=True)
        bag = BaggingEnsemble(base, 3, random_state=0).fit(X, y)
        expected = [-np.inf, -np.inf, 0]
        assert (bag.predict_log_proba(X, place=2) == expected).all()


@pytest.mark.parametrize("voting", ["mean", "median"])
def test_values_of_samples_go_along_with_blocks(voting, monkeypatch):
    X, y = problem("real", n_rows=1700)
    monkeypatch.setattr("skregnet.ensemble._combining.ROWS", 512)
    monkeypatch.setattr("skregnet.ensemble._combining._HELD", 1)
    with config_context(enable_metadata_routing=True):
        base = requesting(Echo(), "predict", numbers=True)
        bag = BaggingEnsemble(base, 3, voting=voting, random_state=0).fit(X, y)
        np.testing.assert_allclose(bag.predict(X, numbers=y), y)


def test_constant_members_get_none():
    X, y = problem("binary", n_rows=40)
    y[:], y[:2] = 0, 1

    class Weighted(LogisticRegression):
        def predict_proba(self, X, power=1):
            return super().predict_proba(X) ** power

    with config_context(enable_metadata_routing=True):
        base = requesting(Weighted(), "predict_proba", power=True)
        bag = BaggingEnsemble(base, 6, max_samples=10, random_state=0).fit(X, y)
        types = {type(member) for member in bag}
        assert len(types) == 2
        assert (bag.predict_proba(X, power=0)[:, 0] == 1).all()
