"""Ensembles and estimators for tables, fitted with hostile input."""

import copy
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    TableEncoder,
    TabularClassifier,
    TabularRegressor,
)
from skregnet.augmentation import AugmentedEstimator, AugmentingSampler, Mixup
from tests.reliability import hostile, strategies
from tests.reliability.trials import assert_answers, assert_harmless

ROWS = np.random.RandomState(0).normal(size=(12, 3))
LABELS = np.arange(12) % 2


class First(RegressorMixin, BaseEstimator):
    """A regressor that is no network: it predicts the first target."""

    def fit(self, X, y):
        with np.errstate(all="ignore"):
            self.first_ = np.nan_to_num(np.asarray(y, float)[0])
        return self

    def predict(self, X):
        return np.repeat([self.first_], X.shape[0], axis=0)


CLASSIFIER = MLPClassifier((3,), max_iter=2)
REGRESSOR = MLPRegressor("squared_error", (3,), max_iter=2)
TASKS = MultiTaskMLP("auto", (3,), max_iter=2)

CLASSES = ("binary", "three classes", "strings", "rare", "one class", "indicators")
NUMBERS = ("real", "counts", "positive", "several reals", "list", "large")
ONE_NUMBER = ("real", "counts", "positive", "list", "large")
# An estimator that learns in milliseconds, and what suits it.
SUBJECTS = {
    "bag of classifiers": (BaggingEnsemble(CLASSIFIER, 2), CLASSES),
    "bag of regressors": (BaggingEnsemble(REGRESSOR, 2), NUMBERS),
    "bag of others": (BaggingEnsemble(First(), 2), NUMBERS),
    "bag of tasks": (
        BaggingEnsemble(TASKS, 2),
        CLASSES,
    ),
    "augmented classifier": (AugmentedEstimator(CLASSIFIER, Mixup()), CLASSES),
    "augmented regressor": (AugmentedEstimator(REGRESSOR, Mixup()), NUMBERS),
    "sampler": (AugmentingSampler(Mixup()), CLASSES),
    "tabular classifier": (TabularClassifier(network=CLASSIFIER, n_members=2), CLASSES),
    "tabular regressor": (TabularRegressor(network=REGRESSOR, n_members=2), ONE_NUMBER),
    "encoder": (TableEncoder(), CLASSES),
}
EVERY = pytest.mark.parametrize("name", SUBJECTS)


@cache
def fitted(name):
    """Return a fitted estimator, to be copied."""
    estimator, suited = SUBJECTS[name]
    estimator = copy.deepcopy(estimator)
    if hasattr(estimator, "random_state"):
        estimator.random_state = 0
    y = ROWS[:, 0] if suited is not CLASSES else LABELS
    return strategies.quietly(lambda: estimator.fit(ROWS, y))


def fit(estimator, X, y, **weights):
    """Fit an estimator."""
    return estimator.fit(X, y, **weights)


def try_to_fit(name, changed, X, y, weights):
    """Call with hostile arguments, and ask what was fitted about its own rows."""
    estimator = copy.deepcopy(fitted(name))
    former = estimator.get_params(deep=False)
    strategies.set_parameters(estimator, changed)
    arguments = {"X": X, "y": y}
    if weights is not None and not isinstance(estimator, AugmentingSampler):
        arguments["sample_weight"] = weights
    if assert_harmless(name, estimator, fit, arguments, (ROWS, former)):
        assert_answers(f"{name}, own rows", estimator, X)


@EVERY
@strategies.trials(quick=50, long=2500)
@given(data=st.data())
def test_any_call(name, data):
    cls = type(SUBJECTS[name][0])
    changed = data.draw(strategies.parameters(cls), "parameters")
    X, n_rows = data.draw(strategies.features(), "X")
    y = data.draw(strategies.targets(n_rows, SUBJECTS[name][1]), "y")
    weights = data.draw(strategies.weights(n_rows), "sample_weight")
    try_to_fit(name, changed, X, y, weights)


@EVERY
@strategies.trials(quick=40, long=2000)
@given(data=st.data())
def test_any_data(name, data):
    X, n_rows = data.draw(strategies.features(), "X")
    y = data.draw(strategies.targets(n_rows, SUBJECTS[name][1]), "y")
    weights = data.draw(strategies.weights(n_rows), "sample_weight")
    try_to_fit(name, {}, X, y, weights)


@EVERY
@strategies.trials(quick=30, long=1500)
@given(data=st.data())
def test_any_rows_to_predict(name, data):
    X, _ = data.draw(strategies.features(), "X")
    assert_answers(f"{name}, other rows", fitted(name), X)


@pytest.mark.parametrize("name", ["tabular classifier", "tabular regressor", "encoder"])
@strategies.trials(quick=50, long=2500)
@given(data=st.data())
def test_any_table(name, data):
    table = data.draw(strategies.tables(), "X")
    y = data.draw(strategies.targets(len(table), SUBJECTS[name][1]), "y")
    weights = data.draw(strategies.weights(len(table)), "sample_weight")
    try_to_fit(name, {}, table, y, weights)
    assert_answers(f"{name}, other rows", fitted(name), table)


def test_tables_are_of_every_column():
    assert set(hostile.COLUMNS) >= {"numbers", "text", "dates"}
