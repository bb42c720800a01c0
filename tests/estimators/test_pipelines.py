"""Regularizers in scikit-learn's tools: pipelines, searches, clones, pickles."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.feature_selection import SelectFromModel
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Each parameter with values to search, and what must be on beside it.
SEARCHED = [
    ("l1_ratio", [0.0, 1.0], {"alpha": 1.0}),
    ("activity_penalty", ["l1", "l2", "kl"], {"activity_alpha": 0.1}),
    ("activity_alpha", [0.0, 0.1], {}),
    ("activity_target", [0.05, 0.2], {"activity_penalty": "kl", "activity_alpha": 1.0}),
    ("dropout", [0.0, 0.3, [0.1, 0.4]], {}),
    ("input_dropout", [0.0, 0.2], {}),
    ("batch_norm", [None, "before", "after"], {}),
    ("target_noise", [0.0, 0.3], {}),
    ("adversarial_step", [0.0, 0.2], {}),
    ("adversarial_norm", ["gradient", "sign", "l2"], {"adversarial_step": 0.2}),
    ("adversarial_weight", [0.0, 0.9], {"adversarial_step": 0.2}),
    (
        "adversarial_iterations",
        [1, 3],
        {"adversarial_step": 0.5, "adversarial_norm": "sign"},
    ),
    ("max_norm", [None, 0.5], {}),
    ("max_grad_norm", [None, 0.05], {"solver": "sgd"}),
    ("weight_averaging", [None, "ema", "swa"], {}),
    ("activation", ["logistic", ["logistic", "tanh"]], {}),
]
ESTIMATORS = [
    (MLPClassifier, "multiclass"),
    (MLPRegressor, "real"),
]


def frame_of(X, dtype=np.float64):
    """Return features with names, of scales that ask for a scaler."""
    return pd.DataFrame(X * np.arange(1, 7) + 3, dtype=dtype).add_prefix("feature_")


def estimator_of(cls, **parameters):
    """Return an unfitted estimator of two small layers."""
    defaults = {
        "hidden_layer_sizes": (6, 4),
        "activation": "logistic",
        "learning_rate_init": 0.02,
        "max_iter": 6,
        "batch_size": 30,
        "random_state": 0,
    }
    return cls(**{**defaults, **parameters})


@pytest.mark.parametrize(("name", "values", "parameters"), SEARCHED)
@pytest.mark.parametrize(("cls", "kind"), ESTIMATORS)
def test_search(cls, kind, name, values, parameters):
    X, y = problem(kind)
    X, y = frame_of(X), pd.Series(y)
    pipeline = make_pipeline(StandardScaler(), estimator_of(cls, **parameters))
    step = cls.__name__.lower()
    grid = {f"{step}__{name}": values}
    search = GridSearchCV(pipeline, grid, n_jobs=2, cv=2, error_score="raise")
    search.fit(X, y)
    assert len(search.cv_results_["params"]) == len(values)
    best = search.best_estimator_
    assert best[-1].get_params()[name] == search.best_params_[f"{step}__{name}"]
    scores = [
        cross_val_score(
            clone(pipeline).set_params(**{f"{step}__{name}": value}), X, y, cv=2
        ).mean()
        for value in values
    ]
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], scores)
    # Each value makes a network of its own.
    networks = [
        clone(pipeline).set_params(**{f"{step}__{name}": value}).fit(X, y)[-1].coefs_[0]
        for value in values
    ]
    assert all(np.isfinite(coefs).all() for coefs in networks)
    assert all(not np.allclose(networks[0], other) for other in networks[1:])


@pytest.mark.parametrize(("name", "values", "parameters"), SEARCHED)
@pytest.mark.parametrize(("cls", "kind"), ESTIMATORS)
def test_copies(cls, kind, name, values, parameters):
    X, y = problem(kind)
    frame = frame_of(X) / 5
    value = values[-1]
    mlp = estimator_of(cls, **{**parameters, name: value}).fit(frame, y)
    again = clone(mlp)
    assert again.get_params() == mlp.get_params()
    again.fit(frame, y)
    loaded = pickle.loads(pickle.dumps(mlp))
    expected = mlp.predict(frame)
    np.testing.assert_array_equal(again.predict(frame), expected)
    np.testing.assert_array_equal(loaded.predict(frame), expected)
    np.testing.assert_array_equal(loaded.set_params().predict(frame), expected)
    if mlp.dropout == 0.0 and not (mlp.input_dropout or mlp.target_noise):
        # Names of columns are names only.
        plain = clone(mlp).fit(frame.to_numpy(), y)
        np.testing.assert_array_equal(plain.coefs_[0], mlp.coefs_[0])


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame])
@pytest.mark.parametrize(("name", "values", "parameters"), SEARCHED)
@pytest.mark.parametrize(("cls", "kind"), ESTIMATORS)
def test_single_precision(cls, kind, name, values, parameters, container):
    X, y = problem(kind, dtype=np.float32)
    X = container(X)
    X = X.add_prefix("feature_") if container is pd.DataFrame else X
    mlp = estimator_of(cls, **{**parameters, name: values[-1]}).fit(X, y)
    single = [*mlp.coefs_, *mlp.intercepts_, mlp.hidden_features(X)]
    single += [mlp.input_gradient(X, y), mlp.feature_importances_]
    single.append(mlp.predict_proba(X) if cls is MLPClassifier else mlp.predict(X))
    assert {part.dtype for part in single} == {np.dtype(np.float32)}
    assert all(np.isfinite(part).all() for part in single)
    mlp.partial_fit(X, y)
    assert {part.dtype for part in mlp.coefs_} == {np.dtype(np.float32)}
    # Sums of few numbers: that of the double network is near, but for its noise.
    double = clone(mlp).fit(X.astype(np.float64), y)
    if not (mlp.target_noise or mlp.dropout or mlp.input_dropout):
        again = clone(mlp).fit(X, y)
        np.testing.assert_allclose(again.predict(X), double.predict(X), atol=0.02)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_selection_in_a_pipeline(solver):
    random_state = np.random.RandomState(0)
    X = random_state.normal(size=(150, 6))
    y = (X[:, 1] - X[:, 4] > 0).astype(int)
    sparse = MLPClassifier(
        (6,),
        solver=solver,
        alpha=12.0,
        l1_ratio=1.0,
        learning_rate_init=0.02,
        max_iter=200,
        random_state=0,
    )
    pipeline = make_pipeline(
        StandardScaler(),
        SelectFromModel(sparse, threshold=1e-6),
        MLPClassifier((6,), solver="lbfgs", max_iter=100, random_state=0),
    ).set_output(transform="pandas")
    frame = frame_of(X)
    pipeline.fit(frame, y)
    np.testing.assert_array_equal(
        pipeline[:-1].get_feature_names_out(), ["feature_1", "feature_4"]
    )
    assert pipeline[-1].n_features_in_ == 2
    assert pipeline.score(frame, y) > 0.9
    importances = permutation_importance(
        pipeline, frame, y, n_repeats=2, random_state=0
    ).importances_mean
    np.testing.assert_array_equal(np.flatnonzero(importances), [1, 4])
