"""Predictions of tables by blocks of rows: the same bits, little memory."""

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skregnet import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from skregnet._tables import blocks as _blocks
from tests.tabular.test_estimators import outputs, problem, quick

ESTIMATORS = [TabularClassifier, TabularRegressor]


def fitted(kind, n_units=(5,), dtype=np.float64, n_rows=200):
    """Return a fitted estimator of few epochs, and a table of several kinds."""
    network = MLPClassifier if kind is TabularClassifier else MLPRegressor
    own = network(hidden_layer_sizes=n_units, max_iter=2, random_state=0)
    X, y = problem(kind is TabularClassifier, n_rows=n_rows)
    numbers = [name for name in X.columns if name != "group"]
    X = X.astype(dict.fromkeys(numbers, dtype))
    return kind(network=own, n_members=2, random_state=0).fit(X, y), X


def all_outputs(model, X):
    names = ("predict", "predict_proba", "predict_log_proba", "predict_std")
    return [getattr(model, name)(X) for name in names if hasattr(model, name)]


def as_polars(X):
    """Return a table of pandas as one of polars."""
    return pl.DataFrame({name: X[name].to_list() for name in X}, nan_to_null=True)


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_blocks_change_no_bit(kind, library, monkeypatch):
    model, X = fitted(kind, n_rows=1700)
    X = X if library == "pandas" else as_polars(X)
    expected = all_outputs(model, X)
    # One block of networks at a time.
    monkeypatch.setattr(_blocks, "_NUMBERS", 1)
    for found, other in zip(all_outputs(model, X), expected, strict=True):
        np.testing.assert_array_equal(found, other)


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_units", [(3,), (7, 40), (130, 20)])
def test_rows_alone_in_pieces_and_together(kind, n_units, dtype):
    model, X = fitted(kind, n_units, dtype, n_rows=600)
    expected = all_outputs(model, X)
    for size in (1, 2, 5, 17, 300, 511):
        for start in (0, 299, 600 - size):
            rows = slice(start, min(start + size, 600))
            for found, other in zip(
                all_outputs(model, X.iloc[rows]), expected, strict=True
            ):
                np.testing.assert_array_equal(found, other[rows])


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_lists_and_arrays_in_blocks(kind, monkeypatch):
    monkeypatch.setattr(_blocks, "_NUMBERS", 1)
    X = np.random.RandomState(0).normal(size=(1100, 3)).round(3)
    y = X[:, 0] > 0
    model, _, _ = quick(kind, n_members=1)
    model.set_params(network=None, time_limit=1e-9).fit(X, y * 1)
    expected = outputs(model, X)
    for table in (X.tolist(), np.asfortranarray(X), X.astype(object)):
        np.testing.assert_array_equal(outputs(model, table), expected)
    bad = X.copy()
    bad[-1, 1] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        model.predict(bad)


def test_memory_does_not_grow_with_the_rows(monkeypatch):
    monkeypatch.setattr(_blocks, "_NUMBERS", 1)
    model, _ = fitted(TabularClassifier)
    peaks = []
    for n_rows in (10_000, 40_000):
        X, _ = problem(True, n_rows=n_rows)
        tracemalloc.start()
        model.predict_proba(X)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    outputs_of_more = 30_000 * 2 * 8
    assert peaks[1] - peaks[0] < 1.2 * outputs_of_more


@pytest.mark.parametrize("method", ["predict", "score"])
def test_memory_does_not_grow_with_the_classes(method):
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(12_000, 2)), np.arange(12_000) % 400
    own = MLPClassifier((2,), max_iter=1, random_state=0)
    model = TabularClassifier(network=own, n_members=1, random_state=0)
    model.fit(X[:1000], y[:1000])
    expected = model.classes_[model.predict_proba(X).argmax(axis=1)]
    tracemalloc.start()
    found = model.predict(X) if method == "predict" else model.score(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000 * 400 * 8 / 2
    if method == "score":
        expected = np.mean(expected == y)
    np.testing.assert_array_equal(found, expected)


TABLES = {
    "float32": ({"a": "float32", "b": "float32"}, np.float32),
    "float32 beside integers": ({"a": "float32", "b": "int64"}, np.float32),
    "float32 beside float64": ({"a": "float32", "b": "float64"}, np.float64),
    "nullable": ({"a": "Float32", "b": "Int64"}, np.float32),
    "integers": ({"a": "int64", "b": "int32"}, np.float64),
    "float64": ({"a": "float64", "b": "float64"}, np.float64),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("n_rows", [40, 100])
def test_precision_is_that_of_the_floats(kind, name, n_rows):
    dtypes, expected = TABLES[name]
    values = np.random.RandomState(0).normal(scale=9, size=(n_rows, 2)).round()
    y = (values[:, 0] > 0) * 1
    X = pd.DataFrame(values, columns=["a", "b"]).astype(dtypes)
    model, _, _ = quick(kind, n_members=1)
    model.set_params(time_limit=1e-9).fit(X, y)
    methods = {"predict_proba", "predict_log_proba", "predict_std"}
    if kind is TabularRegressor:
        methods.add("predict")
    for method in methods & set(dir(model)):
        assert getattr(model, method)(X).dtype == expected
        # As of networks: the wider of the data in fit and in prediction.
        assert getattr(model, method)(X.astype(float)).dtype == np.float64
    wide = outputs(model, X.astype(float))
    np.testing.assert_allclose(outputs(model, X), wide, rtol=1e-4, atol=1e-5)


def test_precision_of_polars():
    values = np.random.RandomState(0).normal(size=(100, 2))
    for kinds, expected in (
        ((pl.Float32, pl.Int64), np.float32),
        ((pl.Float32, pl.Float64), np.float64),
        ((pl.Int8, pl.Int64), np.float64),
    ):
        schema = dict(zip("ab", kinds, strict=True))
        X = pl.DataFrame(values.round(), schema=["a", "b"]).cast(schema)
        model, _, _ = quick(TabularClassifier, n_members=1, time_limit=1e-9)
        model.fit(X, values[:, 0] > 0)
        assert model.predict_proba(X).dtype == expected


def test_logarithms_of_sure_probabilities_are_finite():
    X = np.random.RandomState(0).normal(size=(100, 2)).astype(np.float32)
    model, _, _ = quick(TabularClassifier, n_members=1, time_limit=1e-9)
    model.fit(X, X[:, 0] > 0)
    model.power_ = 200.0
    found = model.predict_log_proba(X)
    assert found.dtype == np.float32
    assert found.min() < -100
    assert np.isfinite(found).all()


def test_precision_of_arrays_and_of_targets_beyond_it():
    X = np.random.RandomState(0).normal(size=(100, 2)).astype(np.float32)
    model, _, _ = quick(TabularRegressor, n_members=1)
    model.set_params(time_limit=1e-9)
    assert model.fit(X, X[:, 0]).predict(X).dtype == np.float32
    for scale in (1e100, 1e-100):
        found = model.fit(X, X[:, 0].astype(float) * scale).predict(X)
        assert found.dtype == np.float64
        assert np.abs(found).max() > 0.1 * scale


THREADS = """
import sys
import numpy as np
from skregnet import MLPClassifier, TabularClassifier
rng = np.random.RandomState(0)
X = rng.normal(size=(800, 30))
y = (X[:, 0] * X[:, 1] > rng.normal(size=800)) * 1
own = MLPClassifier((64,), max_iter=2, random_state=0)
model = TabularClassifier(network=own, n_members=2, random_state=0).fit(X, y)
found = [model.power_, *model.feature_importances_, *model.predict_proba(X)[:, 0]]
sys.stdout.write(np.array(found).tobytes().hex())
"""


def test_results_do_not_depend_on_threads_of_blas():
    found = {
        subprocess.run(
            [sys.executable, "-c", THREADS],
            env={**os.environ, "OPENBLAS_NUM_THREADS": n, "OMP_NUM_THREADS": n},
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for n in ("1", "2")
    }
    assert len(found) == 1


@pytest.mark.parametrize("are_named_in_fit", [False, True])
def test_names_are_warned_of_once(are_named_in_fit, monkeypatch):
    monkeypatch.setattr(_blocks, "_NUMBERS", 1)
    values = np.random.RandomState(0).normal(size=(1500, 2))
    tables = [values, pd.DataFrame(values, columns=["a", "b"])]
    model, _, _ = quick(TabularClassifier, n_members=1, time_limit=1e-9)
    model.fit(tables[are_named_in_fit], values[:, 0] > 0)
    expected = model.predict_proba(tables[are_named_in_fit])
    with pytest.warns(UserWarning, match="feature names") as caught:
        found = model.predict_proba(tables[not are_named_in_fit])
    assert len(caught) == 1
    np.testing.assert_array_equal(found, expected)
    if are_named_in_fit:
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(tables[1].rename(columns={"a": "c"}))
