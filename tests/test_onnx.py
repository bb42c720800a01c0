"""Converted networks, run by onnxruntime, against the networks themselves."""

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    StringTensorType,
)
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor
from skregnet._networks.activations import ACTIVATIONS
from skregnet.onnx import register_converters
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

register_converters()

TOLERANCES = {np.float32: 1e-5, np.float64: 1e-12}


def run(model, X, **options):
    """Return what the converted model makes of features."""
    options = {id(model): {"zipmap": False}} if options.get("plain", True) else None
    if not hasattr(model, "predict_proba"):
        options = None
    converted = skl2onnx.to_onnx(model, X[:1], options=options)
    session = onnxruntime.InferenceSession(converted.SerializeToString())
    return session.run(None, {"X": X})


def assert_classifies_alike(model, X, dtype, tolerance=1e-5):
    labels, probabilities = run(model, X)
    np.testing.assert_array_equal(labels, model.predict(X))
    np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=tolerance)
    assert probabilities.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_classifier(kind, activation, dtype):
    X, y = problem(kind, n_rows=60)
    X = (3 * X).astype(dtype)
    mlp = MLPClassifier((7, 5), activation=activation, max_iter=30, random_state=0)
    # Runtimes have the error function in single precision only.
    tolerance = 1e-6 if activation == "gelu" else TOLERANCES[np.float64]
    tolerance = max(TOLERANCES[dtype], tolerance)
    assert_classifies_alike(mlp.fit(X, y), X, dtype, tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["real", "many real", "counts"])
def test_regressor(kind, dtype):
    X, y = problem("real", n_rows=60)
    loss = "squared_error"
    if kind == "many real":
        y = np.column_stack([y, -y, 2 * y])
    elif kind == "counts":
        y, loss = np.abs(np.round(y)), "poisson"
    X = X.astype(dtype)
    mlp = MLPRegressor(loss, (6,), max_iter=30, random_state=0).fit(X, y)
    (found,) = run(mlp, X)
    expected = mlp.predict(X).reshape(len(X), -1)
    assert found.dtype == dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=TOLERANCES[dtype])


@pytest.mark.parametrize(
    "parameters",
    [
        {"batch_norm": "before"},
        {"batch_norm": "after", "dropout": 0.3},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": (4, 3), "activation": ["mish", "tanh"]},
        {"solver": "lbfgs"},
    ],
    ids=str,
)
def test_networks_of_other_kinds(parameters):
    X, y = problem("multiclass", n_rows=60)
    X = X.astype(np.float32)
    mlp = MLPClassifier(max_iter=30, random_state=0).set_params(**parameters)
    assert_classifies_alike(mlp.fit(X, y), X, np.float32)


@pytest.mark.parametrize(
    "names",
    [["no", "yes"], [-1, 7], [False, True], [0.0, 2.0], ["only"]],
    ids=str,
)
def test_classes(names):
    X, y = problem("binary", n_rows=60)
    X, y = X.astype(np.float32), np.array(names)[y % len(names)]
    mlp = MLPClassifier((4,), max_iter=20, random_state=0).fit(X, y)
    assert_classifies_alike(mlp, X, np.float32)


def test_within_others():
    X, y = problem("multiclass", n_rows=60)
    X = X.astype(np.float32)
    mlp = MLPClassifier((4,), max_iter=20, random_state=0)
    pipeline = make_pipeline(StandardScaler(), mlp)
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [1e-4, 1]}, cv=2)
    voting = VotingClassifier(
        [("a", mlp), ("b", pipeline)], voting="soft", flatten_transform=False
    )
    for model in (pipeline, search, voting):
        model.fit(X, y)
        labels, probabilities = run(model, X, plain=model is not search)
        np.testing.assert_array_equal(labels, model.predict(X))
        if model is not search:
            expected = model.predict_proba(X)
            np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_integers_are_computed_with_in_float32():
    X, y = problem("binary", n_rows=60)
    X = np.round(10 * X).astype(np.int64)
    mlp = MLPClassifier((4,), max_iter=20, random_state=0).fit(X, y)
    labels, probabilities = run(mlp, X)
    np.testing.assert_array_equal(labels, mlp.predict(X))
    np.testing.assert_allclose(probabilities, mlp.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_scikit_learns_estimator_is_converted_too(activation):
    X, y = problem("multiclass", n_rows=60)
    X = X.astype(np.float32)
    mlp = MLPClassifier((5,), activation=activation, max_iter=30, random_state=0)
    exported = mlp.fit(X, y).to_sklearn()
    labels, probabilities = run(exported, X)
    np.testing.assert_array_equal(labels, mlp.predict(X))
    np.testing.assert_allclose(probabilities, mlp.predict_proba(X), atol=1e-5)


def table(n_rows=200):
    """Return a table of several kinds of columns, its types in ONNX, and numbers."""
    rng = np.random.RandomState(0)
    X = pd.DataFrame(
        {
            "x": rng.normal(size=n_rows),
            "group": pd.Categorical(rng.choice(["a", "b", "c"], n_rows)),
            "flag": rng.rand(n_rows) > 0.5,
            "gaps": np.where(rng.rand(n_rows) < 0.1, np.nan, rng.normal(size=n_rows)),
            "text": rng.choice(["u", "v", None], n_rows),
            "sex": rng.choice(["f", "m"], n_rows),
            "few": rng.choice([1.0, 2.0], n_rows),
        }
    )
    kinds = dict.fromkeys(X, DoubleTensorType)
    kinds |= dict.fromkeys(["group", "text", "sex"], StringTensorType)
    kinds["flag"] = BooleanTensorType
    types = [(name, kind([None, 1])) for name, kind in kinds.items()]
    y = np.sin(2 * X["x"]) + (X["group"] == "b") * 1.5 + X["flag"]
    return X, types, y.to_numpy()


def columns_of(X):
    """Return what a runtime is fed of a table, missing texts as empty ones."""
    texts = {name: X[name].astype(object).where(X[name].notna(), "") for name in X}
    return {
        name: (texts[name] if X[name].dtype.kind not in "fb" else X[name]).to_numpy()[
            :, np.newaxis
        ]
        for name in X
    }


def run_table(model, types, feed):
    is_classifier = hasattr(model, "classes_")
    options = {id(model): {"zipmap": False}} if is_classifier else None
    converted = skl2onnx.to_onnx(model, initial_types=types, options=options)
    session = onnxruntime.InferenceSession(converted.SerializeToString())
    return session.run(None, feed)


@pytest.mark.parametrize("n_rows", [50, 200])
@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_table_classifier(n_classes, n_rows):
    X, types, y = table(n_rows)
    bounds = np.quantile(y, np.linspace(0, 1, n_classes + 1)[1:-1])
    y = np.array(["one", "two", "three"], object)[np.searchsorted(bounds, y)]
    model = TabularClassifier("fast", n_members=3, random_state=0).fit(X, y)
    new = X.assign(group="never seen")
    for rows in (X, new):
        labels, found = run_table(model, types, columns_of(rows))
        np.testing.assert_array_equal(labels, model.predict(rows))
        np.testing.assert_allclose(found, model.predict_proba(rows), atol=1e-5)
    assert found.shape == (n_rows, n_classes)


@pytest.mark.parametrize("n_rows", [50, 200])
def test_table_regressor(n_rows):
    X, types, y = table(n_rows)
    model = TabularRegressor("fast", n_members=3, random_state=0).fit(X, y)
    far = X.assign(x=1e12 * X["x"])
    for rows in (X, far):
        (found,) = run_table(model, types, columns_of(rows))
        np.testing.assert_allclose(found[:, 0], model.predict(rows), atol=1e-4)
    assert found.shape == (n_rows, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["binary", "real"])
def test_table_of_numbers_alone(kind, dtype):
    X, y = problem(kind, n_rows=90)
    X = X.astype(dtype)
    X[::7, 0] = np.nan
    X[:, 1] = np.digitize(X[:, 1], [-0.5, 0.5])
    estimator = TabularRegressor if kind == "real" else TabularClassifier
    model = estimator("fast", n_members=2, random_state=0, categorical_features=[1])
    model.fit(X, y)
    outputs = run(model, X)
    assert outputs[-1].dtype == dtype
    if kind == "real":
        np.testing.assert_allclose(outputs[0][:, 0], model.predict(X), rtol=1e-4)
        return
    np.testing.assert_array_equal(outputs[0], model.predict(X))
    np.testing.assert_allclose(outputs[1], model.predict_proba(X), atol=1e-5)


def test_tables_that_are_refused():
    X, types, y = table(80)
    X["day"] = pd.date_range("2020-01-01", periods=len(X))
    model = TabularRegressor("fast", n_members=1, random_state=0).fit(X, y)
    with pytest.raises(NotImplementedError, match=r"'day.*dates into numbers"):
        skl2onnx.to_onnx(model, initial_types=[*types, ("day", types[0][1])])
    with pytest.raises(ValueError, match="expected 8 inputs, one a column"):
        skl2onnx.to_onnx(model, initial_types=types)
    model.fit(X[["x"]], y)
    with pytest.raises(ValueError, match="'x' expects numbers, got strings"):
        skl2onnx.to_onnx(model, initial_types=[("x", StringTensorType([None, 1]))])
