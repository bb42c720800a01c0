"""What is public may be read from several threads at once."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier as SklearnClassifier

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    StackedSearchCV,
    TableEncoder,
    TabularClassifier,
    adversarial_examples,
    curvature,
)
from skregnet.augmentation import AdversarialNoise, AugmentedEstimator, GaussianNoise
from skregnet.callbacks import ParameterPath
from skregnet.optimizers import minimize
from tests.cases import AUGMENTERS, OPTIMIZERS, problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"hidden_layer_sizes": (6,), "max_iter": 2, "random_state": 0}
WIDE = SMALL | {"hidden_layer_sizes": (40,), "max_iter": 1, "batch_size": 1000}
N_THREADS, N_CALLS = 8, 24


@pytest.fixture(autouse=True)
def _switches_often():
    """Let threads take turns a thousand times more often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def assert_same_in_threads(call, n_calls=N_CALLS):
    """Compare calls, by their number, with those of one thread, bit by bit."""
    expected = [call(k) for k in range(n_calls)]
    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(call, range(n_calls)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_equal(one, other)


# Several blocks of rows.
X, LABELS = problem("multiclass", n_rows=5000, n_features=10)
Y = problem("reals", n_rows=5000, n_features=10)[1]
NETWORKS = {
    "classifier": (MLPClassifier(**WIDE), X, LABELS),
    "deep regressor": (
        MLPRegressor(**WIDE | {"hidden_layer_sizes": (30, 20)}, activation="tanh"),
        X.astype(np.float32),
        Y,
    ),
    "sparse": (MLPClassifier(**WIDE), sparse.csr_array(X), LABELS),
    "tasks": (MultiTaskMLP(**WIDE), X, Y),
    "scikit-learn's": (SklearnClassifier(**WIDE), X, LABELS),
}


def fitted(name):
    network, features, y = NETWORKS[name]
    return clone(network).fit(features, y), features, y


@pytest.mark.parametrize(
    "make", [curvature.HessianOperator, curvature.GaussNewtonOperator]
)
@pytest.mark.parametrize("name", NETWORKS)
def test_products_of_one_operator(name, make):
    operator = make(*fitted(name))
    directions = np.random.RandomState(0).normal(size=(N_CALLS, operator.shape[0]))
    assert_same_in_threads(lambda k: operator @ directions[k])


def test_products_with_several_directions():
    operator = curvature.HessianOperator(*fitted("classifier"))
    rng = np.random.RandomState(0)
    directions = rng.normal(size=(N_CALLS, operator.shape[0], 4))
    # Of several shapes, with spaces of their own.
    assert_same_in_threads(lambda k: operator.matmat(directions[k, :, : 2 + k % 3]))


@pytest.mark.parametrize(
    "function",
    [
        lambda operator, seed: curvature.eigenvalues(operator, 3, "LA"),
        lambda operator, seed: curvature.trace(operator, 9, random_state=seed),
        lambda operator, seed: (
            curvature.spectral_density(operator, 5, 2, random_state=seed).nodes
        ),
        lambda operator, seed: curvature.condition_number(operator),
    ],
    ids=["eigenvalues", "trace", "density", "condition"],
)
def test_functions_of_one_operator(function):
    network = MLPClassifier(**SMALL).fit(X, LABELS)
    operator = curvature.HessianOperator(network, X, LABELS)
    assert_same_in_threads(lambda k: function(operator, k), 8)


@pytest.mark.parametrize("function", [curvature.gradient, curvature.hessian])
def test_derivatives_of_one_network(function):
    model = MLPClassifier(**SMALL).fit(X, LABELS)
    assert_same_in_threads(
        lambda k: function(model, X[: 1200 + k], LABELS[: 1200 + k]), 12
    )


def of_rows(method, *targets):
    """Return a question to a model about other rows in each call."""
    return lambda model, features, k: getattr(model, method)(
        features[k : 9 * k + 9], *(y[k : 9 * k + 9] for y in targets)
    )


MODELS = {
    "predict_proba": (MLPClassifier(**SMALL), of_rows("predict_proba")),
    "hidden_features": (MLPClassifier(**SMALL), of_rows("hidden_features")),
    "input_gradient": (MLPClassifier(**SMALL), of_rows("input_gradient", LABELS)),
    "adversarial_examples": (
        MLPClassifier(**SMALL, batch_norm="after"),
        lambda model, features, k: adversarial_examples(
            model, features[k : k + 9], LABELS[k : k + 9], 0.1
        ),
    ),
    "ensemble": (
        BaggingEnsemble(MLPClassifier(**SMALL), 3, max_features=3, random_state=0),
        of_rows("predict_proba"),
    ),
    "ensemble of others": (
        BaggingEnsemble(LogisticRegression(), 3, random_state=0),
        of_rows("predict"),
    ),
    "search": (
        StackedSearchCV(MLPClassifier(**SMALL), {"alpha": [0.1, 1.0]}, cv=2),
        of_rows("predict_log_proba"),
    ),
    "augmented": (
        AugmentedEstimator(MLPClassifier(**SMALL), GaussianNoise(), random_state=0),
        of_rows("predict_proba"),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_questions_to_one_model(name):
    model, ask = MODELS[name]
    model = clone(model).fit(X[:200], LABELS[:200])
    assert_same_in_threads(lambda k: ask(model, X, k), 12)


@pytest.mark.parametrize("kind", [TableEncoder, TabularClassifier])
def test_one_model_of_tables(kind):
    y = LABELS[:300]
    table = pd.DataFrame(X[:300, :3], columns=["a", "b", "c"])
    table["d"] = np.array(["x", "y", "z"])[y]
    table["e"] = pd.date_range("2020-01-01", periods=300, freq="7h")
    if kind is TableEncoder:
        ask = TableEncoder().fit(table).transform
    else:
        network = MLPClassifier(**SMALL)
        model = TabularClassifier(network=network, n_members=2, random_state=0)
        ask = model.fit(table, y).predict_proba
    assert_same_in_threads(lambda k: ask(table.iloc[k : 9 * k + 9]))


@pytest.mark.parametrize("augmenter", [*AUGMENTERS, None], ids=str)
def test_one_augmenter_with_a_generator_each(augmenter):
    features, y = np.abs(X[:, :4]), Y[:, :1]
    if augmenter is None:
        augmenter = AdversarialNoise(MLPRegressor(**SMALL).fit(features, y[:, 0]))
    else:
        augmenter = clone(augmenter)
    augmenter.fit(features, y)

    def augment(k):
        rows = slice(k, 4 * k + 9)
        return augmenter.augment(features[rows], y[rows], np.random.default_rng(k))

    assert_same_in_threads(augment)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_one_optimizer(optimizer):
    def path(k):
        return minimize(
            lambda x: ((x**2).sum(), 2 * x),
            np.arange(1.0, 4 + k),
            optimizer,
            n_steps=8,
        ).x

    assert_same_in_threads(path, 8)


def test_one_callback_of_several_fits():
    path = ParameterPath()

    def fit(k):
        network = MLPRegressor(**SMALL | {"max_iter": 4, "random_state": k % 2})
        network.set_callbacks(path).fit(X, Y)

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(fit, range(N_CALLS)))
    found, whole = path.vectors_, []
    for k in range(2):
        fit(k)
        whole.append(path.vectors_)
    # It is that of the fit that began last.
    assert any(np.array_equal(found, vectors) for vectors in whole)
