"""Data that are no numbers are refused by column; values by sample are told by type."""

import datetime
from collections import UserDict, UserList, UserString, deque

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from skregnet import BaggingEnsemble, MLPClassifier, MultiTaskMLP, StackedSearchCV
from skregnet._sklearn.data_checks import rows_of_parameters
from skregnet.augmentation import AugmentedEstimator, GaussianNoise
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

N_ROWS = 6
DATES = np.array(["2020", "2021", "2022"] * 2, "M8[s]")
ONES = np.ones((N_ROWS, 2))
NO_NUMBERS = {
    "datetime64": (np.column_stack([DATES] * 3), 0),
    "NaT": (np.full((N_ROWS, 3), "NaT", "M8[s]"), 0),
    "timedelta64": (np.column_stack([DATES - DATES[0]] * 3), 0),
    "complex": (np.ones((N_ROWS, 3)) * 1j, 0),
    "dates among objects": (np.column_stack([ONES.astype(object), [*DATES]]), 2),
    "list of dates": ([[1.0, date, 2.0] for date in DATES], 1),
    "list of Python's dates": ([[1, datetime.date.min, 2]] * N_ROWS, 1),
    "text": (np.array([["1", "2", "x"]] * N_ROWS, np.dtypes.StringDType()), 2),
    "NA": (np.array([[1, pd.NA, 2]] * N_ROWS, object), 1),
    "huge integers": (np.array([[1, 2, 10**400]] * N_ROWS, object), 2),
    "complex objects": (np.array([[1, 2, 1j]] * N_ROWS, object), 2),
    "frame": (pd.DataFrame({"a": 1.0, "b": DATES, "c": 2.0}), "b"),
    "frame of dates": (pd.DataFrame({"a": DATES, "b": DATES, "c": DATES}), "a"),
    "zone": (pd.DataFrame({"a": pd.Series(DATES).dt.tz_localize("UTC")}), "a"),
    "periods": (pd.DataFrame({"a": pd.period_range("2020", periods=N_ROWS)}), "a"),
    "categories": (pd.DataFrame({"a": 1.0, "b": pd.Categorical([*"uv"] * 3)}), "b"),
    "twice": (pd.DataFrame([[1.0, DATES[0]]] * N_ROWS, columns=["a", "a"]), "a"),
    "polars": (pl.DataFrame({"a": [1.0] * N_ROWS, "b": DATES.astype("M8[us]")}), "b"),
}


@pytest.mark.parametrize(("X", "column"), NO_NUMBERS.values(), ids=NO_NUMBERS)
@pytest.mark.parametrize(
    "model",
    [
        MLPClassifier((2,), max_iter=1),
        MultiTaskMLP(hidden_layer_sizes=(2,), max_iter=1),
        BaggingEnsemble(MLPClassifier((2,), max_iter=1), 2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_features_that_are_no_numbers_are_refused_by_column(model, X, column):
    words = rf"X expects .*numbers.* in column {column!r}"
    y = np.arange(N_ROWS) % 2
    with pytest.raises((TypeError, ValueError), match=words):
        model.fit(X, y)
    numbers = np.random.default_rng(0).normal(size=(N_ROWS, np.shape(X)[1]))
    if hasattr(X, "columns") and len(set(X.columns)) == X.shape[1]:
        numbers = pd.DataFrame(numbers, columns=list(X.columns))
    model.fit(numbers, y)
    with pytest.raises((TypeError, ValueError), match=words):
        model.predict(X)


BY_SAMPLE = {
    "list": [*range(N_ROWS)],
    "tuple": (*range(N_ROWS),),
    "range": range(N_ROWS),
    "deque": deque(range(N_ROWS)),
    "UserList": UserList(range(N_ROWS)),
    "array": np.arange(N_ROWS),
    "matrix": np.arange(2 * N_ROWS).reshape(N_ROWS, 2),
    "series": pd.Series(np.arange(N_ROWS), index=[*"fedcba"]),
    "frame": pd.DataFrame({"a": np.arange(N_ROWS)}),
    "extension": pd.array([*range(N_ROWS)], "Int64"),
    "polars": pl.Series([*range(N_ROWS)]),
    "sparse": sparse.csr_array(np.eye(N_ROWS)),
}
AS_THEY_ARE = {
    "text": "abcdef",
    "UserString": UserString("abcdef"),
    "UserDict": UserDict(dict.fromkeys("abcdef")),
    "NumPy's text": np.str_("abcdef"),
    "bytes": b"abcdef",
    "bytearray": bytearray(b"abcdef"),
    "dict": dict.fromkeys("abcdef"),
    "set": {*"abcdef"},
    "frozenset": frozenset("abcdef"),
    "keys": dict.fromkeys("abcdef").keys(),
    "estimator with a length": make_pipeline(*[DummyClassifier()] * N_ROWS),
    "number": 6,
    "array of no dimension": np.array(6),
    "None": None,
    "other length": [1, 2],
}


@pytest.mark.parametrize("value", BY_SAMPLE.values(), ids=BY_SAMPLE)
def test_what_is_by_sample(value):
    rows = np.array([4, 1, 1])
    found = rows_of_parameters(ONES, {"name": value}, rows)["name"]
    dense = found.toarray() if sparse.issparse(found) else np.asarray(found)
    given = value.toarray() if sparse.issparse(value) else np.asarray(value)
    np.testing.assert_array_equal(dense, given[rows])


@pytest.mark.parametrize("value", AS_THEY_ARE.values(), ids=AS_THEY_ARE)
def test_what_is_not_by_sample(value):
    parameters = {"before": [*range(N_ROWS)], "name": value, "after": 1}
    found = rows_of_parameters(ONES, parameters, np.array([0, 1]))
    assert list(found) == ["before", "name", "after"]
    assert found["name"] is value


class Recorder(ClassifierMixin, BaseEstimator):
    """Classifier that remembers what else it was fitted with."""

    def fit(self, X, y, word=None, mark=None):
        self.classes_, self.word_, self.mark_ = np.unique(y), word, mark
        self.n_samples_ = len(X)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.mark.parametrize("word", ["a" * 120, b"a" * 120, {*range(120)}], ids=type)
@pytest.mark.parametrize(
    ("wrap", "fitted"),
    [
        (lambda own: BaggingEnsemble(own, 2), lambda m: m.estimators_[0]),
        (lambda own: AugmentedEstimator(own, GaussianNoise()), lambda m: m.estimator_),
    ],
    ids=["ensemble", "augmented"],
)
def test_fit_parameters_reach_estimators_as_they_are(wrap, fitted, word):
    X, y = problem("binary")
    with config_context(enable_metadata_routing=True):
        own = Recorder().set_fit_request(word=True, mark=True)
        found = fitted(wrap(own).fit(X, y, word=word, mark=np.arange(120)))
    assert found.word_ == word
    assert type(found.word_) is type(word)
    assert len(found.mark_) == found.n_samples_


def test_fit_parameters_of_a_search_reach_estimators_as_they_are():
    X, y = problem("binary")
    word = "a" * 60 + "b" * 60
    template = make_pipeline(Listener(), MLPClassifier((2,), max_iter=1))
    search = StackedSearchCV(template, {"mlpclassifier__alpha": [0.1, 1.0]}, cv=2)
    search.fit(X, y, listener__word=word)
    assert search.best_estimator_[0].word_ == word


class Listener(BaseEstimator):
    """Transformer that remembers what else it was fitted with."""

    def fit(self, X, y=None, word=None):
        # Of the folds, and of all samples.
        assert word == "a" * 60 + "b" * 60
        self.word_ = word
        return self

    def transform(self, X):
        return X
