"""Gradients by inputs, adversarial examples, hidden features."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skregnet import MLPClassifier, MLPRegressor, adversarial_examples
from tests.cases import problem
from tests.fitting import (
    PROBLEMS,
    fit,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def row_losses(mlp, X, y):
    """Return the loss of each row, up to what does not depend on X."""
    if isinstance(mlp, MLPRegressor):
        predictions = mlp.predict(X).reshape(len(X), -1)
        targets = y.reshape(len(X), -1)
        if mlp.loss == "poisson":
            return (predictions - targets * np.log(predictions)).sum(axis=1)
        return ((predictions - targets) ** 2).sum(axis=1) / 2
    logs = mlp.predict_log_proba(X)
    if y.ndim == 1:
        return -logs[np.arange(len(X)), y]
    return -np.where(y, logs, np.log1p(-np.exp(logs))).sum(axis=1)


@pytest.mark.parametrize("sizes", [(), (8, 5)])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_input_gradient_against_differences(cls, parameters, kind, sizes):
    X, y = problem(kind)
    mlp = fit(
        kind,
        hidden_layer_sizes=sizes,
        activation="gelu",
        batch_norm="before",
        **parameters,
    )
    X, y = np.tile(X, (5, 1)), np.tile(y, (5,) + (1,) * (y.ndim - 1))
    gradient = mlp.input_gradient(X, y)
    for feature in range(6):
        change = 1e-5 * np.eye(6)[feature]
        slopes = (
            row_losses(mlp, X + change, y) - row_losses(mlp, X - change, y)
        ) / 2e-5
        np.testing.assert_allclose(gradient[:, feature], slopes, rtol=1e-4, atol=1e-7)
    for make in (sparse.csr_array, sparse.csc_matrix):
        np.testing.assert_allclose(mlp.input_gradient(make(X), y), gradient)


def test_input_gradient_refuses():
    X, y = problem("multiclass")
    mlp = fit()
    with pytest.raises(ValueError, match="classes that the y of fit has not"):
        mlp.input_gradient(X, y + 1)
    with pytest.raises(ValueError, match="inconsistent"):
        mlp.input_gradient(X, y[:-1])
    with pytest.raises(ValueError, match="features"):
        mlp.input_gradient(X[:, :2], y)
    with pytest.raises(ValueError, match="outputs"):
        fit("reals").input_gradient(X, X[:, 0])
    with pytest.raises(NotFittedError):
        clone(mlp).input_gradient(X, y)


@pytest.mark.parametrize("iterations", [1, 2, 7])
@pytest.mark.parametrize("norm", ["gradient", "sign", "l2"])
def test_adversarial_examples_keep_their_bounds(norm, iterations):
    X, y = problem("multiclass")
    mlp = fit()
    step = 0.3
    away = adversarial_examples(mlp, X, y, step, norm, iterations) - X
    if norm == "sign":
        assert np.abs(away).max() == pytest.approx(step)
    if norm == "l2":
        assert np.linalg.norm(away, axis=1).max() == pytest.approx(step)
    if norm == "gradient" and iterations == 1:
        np.testing.assert_allclose(away, step * mlp.input_gradient(X, y), atol=1e-12)
    lower, upper = X.min(axis=0) + 0.2, X.max(axis=0) - 0.2
    for bounds in ((-0.5, 0.5), [lower, 1.0], (lower, upper)):
        moved = adversarial_examples(mlp, X, y, step, norm, iterations, bounds)
        assert (moved >= bounds[0]).all()
        assert (moved <= bounds[1]).all()
        assert (moved == bounds[0]).any()
    np.testing.assert_array_equal(adversarial_examples(mlp, X, y, 0.0, norm), X)
    assert X.shape == away.shape
    assert mlp.score(X + away, y) < mlp.score(X, y)


@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_adversarial_examples_of_scikit_learn(cls, parameters, kind):
    pandas = pytest.importorskip("pandas")
    X, y = problem(kind)
    frame = pandas.DataFrame(X).add_prefix("x")
    targets = pandas.DataFrame(y) if y.ndim == 2 else pandas.Series(y)
    mlp = cls((8,) if cls is MLPClassifier else "squared_error", random_state=0)
    mlp.set_params(**parameters, hidden_layer_sizes=(8,)).fit(frame, targets)
    ours = adversarial_examples(mlp, frame, targets, 0.3, "sign", 2)
    theirs = adversarial_examples(mlp.to_sklearn(), frame, targets, 0.3, "sign", 2)
    assert isinstance(ours, np.ndarray)
    np.testing.assert_allclose(theirs, ours)
    mlp.fit(X, y)
    plain = adversarial_examples(mlp.to_sklearn(), X, y, 0.3, "l2")
    np.testing.assert_allclose(plain, adversarial_examples(mlp, X, y, 0.3, "l2"))
    thin = adversarial_examples(mlp, sparse.csr_array(X), y, 0.3, "l2")
    np.testing.assert_allclose(thin, plain)


def test_adversarial_examples_of_names_and_float32():
    X, y = problem("multiclass", dtype=np.float32)
    names = np.array(["a", "b", "c"])[y]
    mlp = MLPClassifier((8,), random_state=0).fit(X, names)
    ours = adversarial_examples(mlp, X, names, 0.3, bounds=(-1, 1))
    assert ours.dtype == np.float32
    theirs = adversarial_examples(mlp.to_sklearn(), X, names, 0.3, bounds=(-1, 1))
    np.testing.assert_allclose(theirs, ours, rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"estimator": linear_model.LogisticRegression()}, TypeError, "of a Pipeline"),
        ({"estimator": MLPClassifier()}, NotFittedError, "not fitted"),
        ({"step": -0.1}, ValueError, "'step'"),
        ({"norm": "linf"}, ValueError, "'norm'"),
        ({"iterations": 0}, ValueError, "'iterations'"),
        ({"bounds": (0.0,)}, ValueError, "two items"),
        ({"bounds": 1.0}, ValueError, "'bounds'"),
        ({"bounds": (1.0, 0.0)}, ValueError, "no lower bound above"),
        ({"y": np.zeros(3)}, ValueError, "inconsistent"),
        ({"y": np.full(120, 7)}, ValueError, "classes that the y of fit has not"),
        ({"X": np.zeros((120, 2))}, ValueError, "features"),
    ],
)
def test_adversarial_examples_refuse(changes, error, message):
    X, y = problem("multiclass")
    arguments = {"estimator": fit(), "X": X, "y": y, "step": 0.1, **changes}
    with pytest.raises(error, match=message):
        adversarial_examples(**arguments)


@pytest.mark.parametrize("place", [None, "before", "after"])
def test_hidden_features(place):
    X, _ = problem("multiclass")
    mlp = fit(hidden_layer_sizes=(8, 5), batch_norm=place, activation="tanh")
    values = X
    for weights, biases in zip(mlp.coefs_[:-1], mlp.intercepts_[:-1], strict=True):
        values = np.tanh(values @ weights + biases)
    np.testing.assert_allclose(mlp.hidden_features(X), values, atol=1e-12)
    np.testing.assert_allclose(mlp.hidden_features(sparse.csr_array(X)), values)
    assert mlp.hidden_features(X.astype(np.float32)).shape == (120, 5)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(\)"):
        fit(hidden_layer_sizes=()).hidden_features(X)
    with pytest.raises(NotFittedError):
        clone(mlp).hidden_features(X)
    with pytest.raises(ValueError, match="features"):
        mlp.hidden_features(X[:, :2])


def test_regularizers_weaken_each_other_in_no_order():
    # Stronger in each of three ways: never closer to the training data.
    losses = []
    for strength in (0.0, 0.5, 1.0):
        mlp = fit(
            max_iter=100,
            learning_rate_init=0.01,
            dropout=0.5 * strength,
            label_smoothing=0.2 * strength,
            alpha=3 * strength,
        )
        X, y = problem("multiclass")
        losses.append(row_losses(mlp, X, y).mean())
    assert all(low < high for low, high in pairwise(losses))


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("multiclass", lambda y: y + 7, "labels of the kind that fit was given"),
        ("real", lambda y: np.column_stack([y, y]), "expects 1 finite numbers a row"),
        ("real", lambda y: y * np.nan, "finite numbers a row"),
    ],
)
def test_targets_that_scikit_learns_cannot_have_learned(kind, change, message):
    X, y = problem(kind)
    cls = MLPRegressor if kind == "real" else MLPClassifier
    mlp = cls(max_iter=2, random_state=0).fit(X, y).to_sklearn()
    with pytest.raises(ValueError, match=message):
        adversarial_examples(mlp, X, change(y), 0.1)
