"""Results depend on the data, the parameters and the seed, and on nothing else.

Workers, joblib's backends, sizes of blocks and threads of BLAS, for ensembles of
networks, are in tests/ensemble/test_members.py; here are processes, kernels, tables,
and the ways of going on with training.
"""

import hashlib
import json
import os
import pickle
import subprocess
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    TableEncoder,
    TabularClassifier,
    TabularRegressor,
)
from skregnet.augmentation import (
    AugmentedEstimator,
    Compose,
    FeatureMasking,
    GaussianNoise,
    Mixup,
)
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"hidden_layer_sizes": (6,), "max_iter": 3, "batch_size": 16, "random_state": 0}
NOISY = {
    "dropout": 0.2,
    "batch_norm": "before",
    "target_noise": 0.1,
    "augmenter": Compose([GaussianNoise(), Mixup(), FeatureMasking()]),
    "weight_averaging": "ema",
}
# Name, estimator, kind of targets.
MODELS = {
    "adam": (MLPClassifier(**SMALL), "multiclass"),
    "adam, noisy": (MLPClassifier(**SMALL, **NOISY), "multiclass"),
    "sgd, stopping early": (
        MLPRegressor(solver="sgd", early_stopping=True, **SMALL),
        "real",
    ),
    "adversarial": (MLPClassifier(adversarial_step=0.1, **SMALL), "binary"),
    "sparse weights": (MLPRegressor(l1_ratio=0.5, alpha=0.1, **SMALL), "reals"),
    "l-bfgs": (MLPClassifier(solver="lbfgs", **SMALL), "binary"),
    "newton": (MLPRegressor(solver="newton_cg", **SMALL), "count"),
    "tasks": (MultiTaskMLP(task_weights="uncertainty", **SMALL), "multilabel"),
    "bag": (
        BaggingEnsemble(
            MLPClassifier(early_stopping=True, **SMALL),
            3,
            max_features=0.7,
            random_state=0,
        ),
        "multiclass",
    ),
    "augmented": (
        AugmentedEstimator(MLPRegressor(**SMALL), Mixup(), random_state=0),
        "real",
    ),
}


def table():
    """Return a table with every kind of column, and two targets."""
    n_rows = 100
    random_state = np.random.RandomState(0)
    words = np.array(["red", "green", "blue", "grey", None], dtype=object)
    X = pd.DataFrame(
        {
            "number": random_state.normal(size=n_rows),
            "word": words[random_state.randint(5, size=n_rows)],
            "truth": random_state.randint(2, size=n_rows) == 1,
            "day": pd.date_range("2020-01-01", periods=n_rows, freq="7h"),
        }
    )
    labels = np.array(["no", "yes", "perhaps"])[random_state.randint(3, size=n_rows)]
    return X, labels, X["number"].to_numpy() + X["truth"]


def answers(model, X):
    """Return probabilities of a classifier, predictions of a regressor."""
    predict = getattr(model, "predict_proba", None) or model.predict
    return np.asarray(predict(X), float)


def results():
    """Return what every model gives, fitted in this process: arrays by name."""
    found = {}
    for name, (model, kind) in MODELS.items():
        X, y = problem(kind, n_rows=80)
        fitted = clone(model).fit(X, y)
        found[name] = answers(fitted, X)
        if hasattr(fitted, "coefs_"):
            found[f"{name}: weights"] = np.concatenate(
                [coefs.ravel() for coefs in fitted.coefs_]
            )
    X, labels, numbers = table()
    found["encoder"] = TableEncoder().fit_transform(X)
    for cls, y in ((TabularClassifier, labels), (TabularRegressor, numbers)):
        network = MLPClassifier if cls is TabularClassifier else MLPRegressor
        model = cls(network=network(**SMALL), n_members=2, random_state=0).fit(X, y)
        found[cls.__name__] = answers(model, X)
    return found


def digests(found):
    """Return a digest of each array."""
    return {
        name: hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
        for name, values in found.items()
    }


SCRIPT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from tests.reliability.test_determinism import digests, results
found = results()
values = {name: array.ravel().tolist() for name, array in found.items()}
json.dump([digests(found), values], sys.stdout)
"""


@cache
def elsewhere(**variables):
    """Return digests and values of the results of another process."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **variables},
        cwd=os.getcwd(),
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", ["0", "4321"])
def test_processes_and_hashes(seed):
    here = digests(results())
    there, _ = elsewhere(PYTHONHASHSEED=seed)
    assert there == here


def test_kernels_agree_to_rounding():
    (_, first), (_, second) = (
        elsewhere(SKREGNET_KERNELS=kernels) for kernels in ("numpy", "numba")
    )
    assert first.keys() == second.keys()
    for name, values in first.items():
        # The rounding of a few steps; early stopping could part ways by it.
        np.testing.assert_allclose(
            second[name], values, rtol=1e-6, atol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@pytest.mark.parametrize("cls", [TabularClassifier, TabularRegressor])
def test_workers_of_tables(cls, backend):
    X, labels, numbers = table()
    classifies = cls is TabularClassifier
    network = (MLPClassifier if classifies else MLPRegressor)(**SMALL)
    model = cls(network=network, n_members=3, random_state=0)
    y = labels if classifies else numbers
    alone = clone(model).fit(X, y)
    with parallel_config(backend=backend):
        shared = clone(model).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(answers(alone, X), answers(shared, X))
    np.testing.assert_array_equal(
        alone.feature_importances_, shared.feature_importances_
    )


@pytest.mark.parametrize(
    "make", [lambda seed: seed, np.random.RandomState], ids=["int", "RandomState"]
)
@pytest.mark.parametrize("name", MODELS)
def test_a_seed_decides(name, make):
    model, kind = MODELS[name]
    X, y = problem(kind, n_rows=80)
    fits = [
        clone(model).set_params(random_state=make(seed)).fit(X, y) for seed in (5, 5, 6)
    ]
    same, again, other = (answers(fit, X) for fit in fits)
    np.testing.assert_array_equal(same, again)
    assert not np.array_equal(same, other)


SOLVERS = ["adam", "sgd", "adagrad", "rmsprop", "adamw", "nadam"]


@pytest.mark.parametrize("parameters", [{}, {"alpha": 0.1}, {"max_norm": 0.5}])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_calls_of_partial_fit_are_a_fit_without_shuffle(kind, solver, parameters):
    X, y = problem(kind, n_rows=96)
    cls = MLPRegressor if kind == "real" else MLPClassifier
    settings = SMALL | {"shuffle": False, "tol": 0.0, "alpha": 0.0} | parameters
    whole = cls(solver=solver, **settings).fit(X, y)
    parts = cls(solver=solver, **settings)
    for _ in range(3):
        parts.partial_fit(X, y, **classes_of(parts, y))
    assert_same_weights(parts, whole)


@pytest.mark.parametrize("size", [16, 32, 48])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_chunks_are_a_fit_without_shuffle(kind, solver, size):
    X, y = problem(kind, n_rows=96)
    cls = MLPRegressor if kind == "real" else MLPClassifier
    settings = SMALL | {"shuffle": False, "tol": 0.0, "alpha": 0.0}
    whole = cls(solver=solver, **settings).fit(X, y)
    chunks = cls(solver=solver, **settings)
    for start in [*range(0, 96, size)] * 3:
        rows = slice(start, start + size)
        chunks.partial_fit(X[rows], y[rows], **classes_of(chunks, y))
    assert_same_weights(chunks, whole)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"dropout": 0.3, "input_dropout": 0.1},
        {"batch_norm": "after", "weight_averaging": "ema"},
        {"weight_averaging": "swa", "l1_ratio": 0.5, "alpha": 0.1},
        {"augmenter": Mixup(), "target_noise": 0.1},
        {"learning_rate": "cosine", "adversarial_step": 0.1},
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("kind", ["multiclass", "reals"])
def test_pickled_between_calls(kind, solver, parameters):
    X, y = problem(kind, n_rows=64)
    cls = MLPRegressor if kind == "reals" else MLPClassifier
    settings = SMALL | parameters
    straight, pickled = (cls(solver=solver, **settings) for _ in range(2))
    for start in (0, 32, 16, 0):
        rows = slice(start, start + 32)
        pickled = pickle.loads(pickle.dumps(pickled))
        for mlp in (straight, pickled):
            mlp.partial_fit(X[rows], y[rows], **classes_of(mlp, y))
    assert_same_weights(pickled, straight)
    np.testing.assert_array_equal(pickled.loss_curve_, straight.loss_curve_)


def classes_of(mlp, y):
    """Return what the first call of partial_fit needs to know of classes."""
    return {"classes": np.unique(y)} if isinstance(mlp, MLPClassifier) else {}


def assert_same_weights(mlp, other):
    """Compare weights and biases, bit by bit."""
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(mlp, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(a, b)
