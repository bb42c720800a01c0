"""Networks fitted with hostile parameters, data, targets and weights."""

import copy
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skregnet import (
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
)
from tests.reliability import strategies
from tests.reliability.trials import assert_answers, assert_harmless

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
CLASSES = ("binary", "three classes", "indicators", "strings", "rare", "one class")
NUMBERS = ("real", "counts", "positive", "several reals", "list", "large")
TASKS = ("several reals", "several classes", "text and numbers", "several mixed")
SUBJECTS = {
    MLPClassifier: CLASSES,
    MLPRegressor: NUMBERS,
    MultiTaskMLP: (*TASKS, "binary", "several with NaN"),
    MultiTaskMLPClassifier: ("several classes", "several mixed", "indicators"),
    MultiTaskMLPRegressor: ("several reals", "several with NaN", "real"),
}
EVERY = pytest.mark.parametrize("cls", SUBJECTS, ids=lambda cls: cls.__name__)

ROWS = np.random.RandomState(0).normal(size=(12, 3))
LEARNED = {
    MLPClassifier: np.arange(12) % 2,
    MLPRegressor: ROWS[:, 0],
    MultiTaskMLP: np.column_stack([np.arange(12) % 2, ROWS[:, 0]]),
    MultiTaskMLPClassifier: np.column_stack([np.arange(12) % 2, np.arange(12) % 3]),
    MultiTaskMLPRegressor: ROWS[:, :2],
}


@cache
def fitted(cls):
    """Return a fitted estimator, to be copied."""
    return strategies.quietly(lambda: cls(**SMALL).fit(ROWS, LEARNED[cls]))


def fit(estimator, X, y, **weights):
    """Fit an estimator."""
    return estimator.fit(X, y, **weights)


def fit_further(estimator, X, y, **weights):
    """Go on training a fitted estimator."""
    return estimator.partial_fit(X, y, **weights)


def can_go_on(estimator):
    """Tell whether partial_fit can be called; it checks parameters in first calls."""
    try:
        estimator._validate_params()
    except ValueError:
        return False
    return hasattr(estimator, "partial_fit")


def try_to_fit(cls, call, changed, X, y, weights):
    """Call with hostile arguments, and ask what was fitted about its own rows."""
    estimator = copy.deepcopy(fitted(cls))
    former = estimator.get_params(deep=False)
    strategies.set_parameters(estimator, changed)
    if call is fit_further and not can_go_on(estimator):
        call = fit
    arguments = {"X": X, "y": y}
    if weights is not None:
        arguments["sample_weight"] = weights
    name = f"{cls.__name__}.{call.__name__}"
    if assert_harmless(name, estimator, call, arguments, (ROWS, former)):
        assert_answers(f"{cls.__name__}, own rows", estimator, X)


@EVERY
@strategies.trials(quick=120, long=9000)
@given(data=st.data())
def test_any_call(cls, data):
    changed = data.draw(strategies.parameters(cls), "parameters")
    X, n_rows = data.draw(strategies.features(), "X")
    y = data.draw(strategies.targets(n_rows, SUBJECTS[cls]), "y")
    weights = data.draw(strategies.weights(n_rows), "sample_weight")
    call = data.draw(st.sampled_from([fit, fit, fit_further]), "call")
    try_to_fit(cls, call, changed, X, y, weights)


@EVERY
@strategies.trials(quick=80, long=6000)
@given(data=st.data())
def test_any_parameters(cls, data):
    changed = data.draw(strategies.parameters(cls, most=8), "parameters")
    call = data.draw(st.sampled_from([fit, fit, fit_further]), "call")
    try_to_fit(cls, call, changed, ROWS, LEARNED[cls], None)


@EVERY
@strategies.trials(quick=60, long=4000)
@given(data=st.data())
def test_any_rows_to_predict(cls, data):
    X, _ = data.draw(strategies.features(), "X")
    assert_answers(f"{cls.__name__}, other rows", fitted(cls), X)
