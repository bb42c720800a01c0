"""Numbers at the edges: saturated outputs, tiny and huge targets, long training."""

import numpy as np
import pytest
from scipy import special
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor, MultiTaskMLP
from skregnet._kernels import LossWorkspace
from skregnet._networks.losses import BINARY_LOG_LOSS, LOG_LOSS, POISSON, SQUARED_ERROR
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
# Outputs before their activation, of 3 outputs and 6 rows; times a size.
PATTERN = np.array(
    [
        [1.0, -1.0, 0.0, 1.0, 1.0, 0.5],
        [-1.0, 1.0, 0.0, 1.0, -1.0, 0.25],
        [0.0, 0.0, 0.0, 1.0, -1.0, -0.5],
    ]
)
SIZES = pytest.mark.parametrize("size", [1.0, 30.0, 1e3, 1e4])
INDICATORS = np.array([[1, 0, 1, 0, 0, 1], [0, 0, 1, 1, 1, 0], [0, 1, 0, 1, 1, 1.0]])
ONE_HOT = np.eye(3)[[0, 0, 1, 2, 1, 2]].T
SHARES = 0.9 * ONE_HOT + 0.1 / 3


def evaluate(loss, outputs, targets):
    """Return the sum of a loss over rows and its gradient by the outputs."""
    gradient = outputs[np.newaxis].copy()
    workspace = LossWorkspace.allocate(*gradient.shape, gradient.dtype)
    targets = targets[np.newaxis].astype(outputs.dtype)
    with np.errstate(all="raise", under="ignore"):
        value = loss.value_and_gradient(gradient, targets, None, 1.0, workspace)
    return float(np.sum(value)), gradient[0]


def softmax_reference(outputs, targets):
    """Return cross-entropy and its gradient from logarithms of probabilities."""
    logs = outputs - outputs.max(axis=0)
    logs = logs - np.log(np.exp(logs).sum(axis=0))
    return -(targets * logs).sum(), np.exp(logs) - targets


def logistic_reference(outputs, targets):
    """Return binary cross-entropy and its gradient, term by term."""
    losses = np.maximum(outputs, 0) - outputs * targets
    losses += np.log1p(np.exp(-np.abs(outputs)))
    smaller = np.exp(-np.abs(outputs)) / (1 + np.exp(-np.abs(outputs)))
    # p - y without the difference of numbers that are nearly 1.
    positive = (1 - targets) - smaller
    negative = smaller - targets
    return losses.sum(), np.where(outputs >= 0, positive, negative)


def squared_reference(outputs, targets):
    """Return half the squared error and its gradient."""
    return 0.5 * ((outputs - targets) ** 2).sum(), outputs - targets


REFERENCES = {
    "softmax": (LOG_LOSS, ONE_HOT, softmax_reference),
    "softmax, smoothed": (LOG_LOSS, SHARES, softmax_reference),
    "logistic": (BINARY_LOG_LOSS, INDICATORS, logistic_reference),
    "logistic, smoothed": (
        BINARY_LOG_LOSS,
        0.9 * INDICATORS + 0.05,
        logistic_reference,
    ),
    "squared": (SQUARED_ERROR, INDICATORS, squared_reference),
}


@DTYPES
@SIZES
@pytest.mark.parametrize("name", REFERENCES)
def test_losses_and_gradients_at_saturation(name, size, dtype):
    loss, targets, reference = REFERENCES[name]
    outputs = (size * PATTERN).astype(dtype)
    value, gradient = evaluate(loss, outputs, targets)
    expected, slope = reference(outputs.astype(np.float64), targets)
    epsilon = float(np.finfo(dtype).eps)
    # Terms as large as the outputs are added up.
    assert value == pytest.approx(expected, rel=40 * epsilon, abs=20 * epsilon * size)
    assert np.isfinite(gradient).all()
    bound = 8 * epsilon * (size if name == "squared" else 1)
    np.testing.assert_allclose(gradient, slope, rtol=8 * epsilon, atol=bound)


@pytest.mark.parametrize("target", [0.0, 1.0, 50.0])
@pytest.mark.parametrize("output", [-1e4, -700.0, -30.0, 0.0, 30.0, 80.0])
@DTYPES
def test_poisson_loss_and_gradient(output, target, dtype):
    outputs = np.full((1, 1), output, dtype)
    value, gradient = evaluate(POISSON, outputs, np.full((1, 1), target))
    mean = np.exp(np.float64(output))
    expected = special.xlogy(target, target) - target - output * target + mean
    epsilon = float(np.finfo(dtype).eps)
    size = mean + np.abs(output * target) + target + np.finfo(dtype).tiny / epsilon
    assert value == pytest.approx(expected, rel=1e3 * epsilon, abs=8 * epsilon * size)
    slope = mean - target
    bound = 8 * epsilon * max(target, 1)
    assert gradient[0, 0] == pytest.approx(slope, rel=200 * epsilon, abs=bound)


def with_outputs(kind, size, dtype):
    """Return a classifier without hidden layers, whose outputs are of a size."""
    X, y = problem(kind, dtype=dtype)
    mlp = MLPClassifier((), max_iter=1, random_state=0).fit(X, y)
    outputs = X @ mlp.coefs_[0] + mlp.intercepts_[0]
    factor = dtype(size / np.abs(outputs).max())
    mlp.coefs_ = [factor * mlp.coefs_[0]]
    mlp.intercepts_ = [factor * mlp.intercepts_[0]]
    return mlp, X, y


@DTYPES
@SIZES
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_log_probabilities_at_saturation(kind, size, dtype):
    mlp, X, _ = with_outputs(kind, size, dtype)
    outputs = (X @ mlp.coefs_[0] + mlp.intercepts_[0]).astype(np.float64)
    if kind == "binary":
        outputs = np.hstack([-outputs, outputs])
    expected = special.log_expit(outputs)
    if kind == "multiclass":
        expected = special.log_softmax(outputs, axis=1)
    with np.errstate(all="raise", under="ignore"):
        logs = mlp.predict_log_proba(X)
        probabilities = mlp.predict_proba(X)
    assert logs.dtype == dtype
    assert np.isfinite(logs).all()
    epsilon = float(np.finfo(dtype).eps)
    # Rounded outputs are off by their size times epsilon.
    np.testing.assert_allclose(
        logs, expected, rtol=1e2 * epsilon, atol=1e2 * epsilon * size
    )
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    if kind != "multilabel":
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=8 * epsilon)


@DTYPES
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_training_goes_on_from_saturation(kind, dtype):
    mlp, X, y = with_outputs(kind, 1e4, dtype)
    mlp.set_params(solver="sgd", warm_start=True, learning_rate_init=0.1)
    mlp.fit(X, y)
    assert np.isfinite(mlp.loss_)
    assert mlp.loss_ > 1e2
    assert np.isfinite(flat(mlp)).all()
    assert np.isfinite(mlp.input_gradient(X, y)).all()


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize(
    "parameters",
    [{}, {"batch_norm": "before"}, {"dropout": 0.2}, {"l1_ratio": 0.5, "alpha": 0.01}],
    ids=" ".join,
)
@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_float32_follows_float64_for_1000_steps(kind, parameters, solver):
    # Smooth activations: a kink would take rounding for a change of sides.
    settings = {
        "hidden_layer_sizes": (12,),
        "activation": "tanh",
        "solver": solver,
        "batch_size": 24,
        "max_iter": 200,  # of 5 steps each
        "tol": 0.0,
        "n_iter_no_change": 10**6,
        "learning_rate_init": 3e-3,
        "random_state": 0,
    }
    cls = MLPRegressor if kind == "real" else MLPClassifier
    fits = {}
    for dtype in (np.float64, np.float32):
        X, y = problem(kind, dtype=dtype)
        fits[dtype] = cls(**settings, **parameters).fit(X, y)
    double, single = fits[np.float64], fits[np.float32]
    assert single.coefs_[0].dtype == np.float32
    assert double.t_ == 1000 * 24
    size = np.abs(flat(double)).max()
    # Rounding of 6e-8 a step, 1,000 times, and what training makes of it.
    assert np.abs(flat(single) - flat(double)).max() < 1e-3 * size
    np.testing.assert_allclose(single.loss_curve_, double.loss_curve_, rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("kind", ["real", "reals"])
def test_targets_of_any_scale(kind, solver, scale):
    X, y = problem(kind)
    network = MLPRegressor(
        hidden_layer_sizes=(8,),
        solver=solver,
        learning_rate_init=0.03,
        max_iter=40,
        random_state=0,
    )
    model = TransformedTargetRegressor(network, transformer=StandardScaler())
    known = model.fit(X, y).predict(X)
    found = model.fit(X, scale * y).predict(X)
    np.testing.assert_allclose(found / scale, known, rtol=1e-4, atol=1e-5)
    assert model.score(X, scale * y) > 0.1


@DTYPES
@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_tasks_of_any_scale(scale, dtype):
    X, y = problem("reals", dtype=dtype)
    mlp = MultiTaskMLP("regression", (8,), max_iter=60, random_state=0)
    known = mlp.fit(X, y).predict(X)
    found = mlp.fit(X, scale * y).predict(X)
    np.testing.assert_allclose(found / scale, known, rtol=1e-3, atol=1e-4)


ADVICE = (
    "Solver produced non-finite parameter weights. The input data may contain large "
    "values and need to be preprocessed."
)


def diverging(rate, **parameters):
    """Return a linear regressor whose weights grow by a factor with every step."""
    return MLPRegressor(
        "squared_error",
        (),
        solver="sgd",
        momentum=0.0,
        nesterovs_momentum=False,
        alpha=0.0,
        learning_rate_init=rate,
        batch_size=50,
        tol=0.0,
        n_iter_no_change=10**6,
        shuffle=False,
        random_state=0,
        **parameters,
    )


@DTYPES
@pytest.mark.parametrize("rate", [1e2, 1e4, 1e8])
def test_divergence_is_found_in_its_epoch(rate, dtype):
    X, y = problem("real", n_rows=50, dtype=dtype)
    start = diverging(1e-300, max_iter=1).fit(X, y)
    weights, bias = start.coefs_[0].copy(), start.intercepts_[0].copy()
    with np.errstate(all="ignore"):
        epoch = 0
        while np.isfinite(weights).all() and np.isfinite(bias).all():
            error = X @ weights + bias - y.astype(dtype)[:, np.newaxis]
            weights -= dtype(rate) * (X.T @ error / dtype(50))
            bias -= dtype(rate) * error.mean(axis=0)
            epoch += 1
    assert 2 < epoch < 1000
    # All epochs before it are as finite as the weights.
    last = diverging(rate, max_iter=epoch - 1)
    last.fit(X, y)
    assert np.isfinite(flat(last)).all()
    assert last.n_iter_ == epoch - 1
    for max_iter in (epoch, epoch + 10**9):
        with pytest.raises(ValueError, match="Solver produced") as caught:
            diverging(rate, max_iter=max_iter).fit(X, y)
        assert str(caught.value) == ADVICE


@pytest.mark.parametrize("rate", [1e4, 1e8])
def test_divergence_under_early_stopping_names_the_epoch(rate):
    X, y = problem("real", n_rows=50)
    mlp = diverging(rate, max_iter=10**6, early_stopping=True)
    with pytest.warns(ConvergenceWarning, match="Training diverged in epoch") as caught:
        mlp.fit(X, y, X_val=X, y_val=y)
    assert f"in epoch {mlp.n_iter_};" in str(caught[0].message)
    assert "need to be preprocessed" in str(caught[0].message)
    assert np.isfinite(flat(mlp)).all()
