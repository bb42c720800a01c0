"""Converted networks, run by onnxruntime, against the networks themselves."""

import numpy as np
import onnxruntime
import pytest
import skl2onnx
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor
from skregnet.activations import ACTIVATIONS
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
