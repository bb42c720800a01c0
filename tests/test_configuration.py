"""Settings of scikit-learn's for outputs and metadata change nothing within."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    StackedSearchCV,
    TableEncoder,
    TabularClassifier,
    TabularRegressor,
)
from skregnet.augmentation import (
    AdversarialNoise,
    AugmentedEstimator,
    AugmentingSampler,
    Compose,
    GaussianNoise,
    Mixup,
)
from tests.cases import AUGMENTERS, SumOfFeatures, problem

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:.*have been learned by all members",
)

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}
NETWORK = MLPClassifier(**SMALL)
STOPPING = clone(NETWORK).set_params(early_stopping=True, scoring="accuracy")
SCALED = make_pipeline(StandardScaler(), NETWORK)
CHANGES = Compose([GaussianNoise(), Mixup()], random_state=0)
ALPHAS = {"alpha": [0.0, 1.0]}
MANY = {"n_members": 2, "random_state": 0}

# Estimators, and the kind of their problem.
ESTIMATORS = {
    "classifier": (NETWORK, "multiclass"),
    "stopping by a scorer": (STOPPING, "multiclass"),
    "augmenting": (clone(NETWORK).set_params(augmenter=CHANGES), "multiclass"),
    "regressor": (MLPRegressor(**SMALL), "real"),
    "tasks": (MultiTaskMLP(**SMALL), "multilabel"),
    "classifier of tasks": (MultiTaskMLPClassifier(**SMALL), "multilabel"),
    "regressor of tasks": (MultiTaskMLPRegressor(**SMALL), "reals"),
    "ensemble": (BaggingEnsemble(NETWORK, 3, random_state=0), "multiclass"),
    "ensemble out of bag": (
        BaggingEnsemble(STOPPING, 3, max_features=0.5, oob_score=True, random_state=0),
        "multiclass",
    ),
    "ensemble of pipelines": (BaggingEnsemble(SCALED, 3, random_state=0), "multiclass"),
    "ensemble of others": (
        BaggingEnsemble(LogisticRegression(), 3, max_features=0.5, random_state=0),
        "multiclass",
    ),
    "ensemble of regressors": (
        BaggingEnsemble(MLPRegressor(**SMALL), 3, voting="median", random_state=0),
        "real",
    ),
    "search": (StackedSearchCV(NETWORK, ALPHAS, cv=2), "multiclass"),
    "search over pipelines": (
        StackedSearchCV(SCALED, {"mlpclassifier__alpha": [0.0, 1.0]}, cv=2),
        "multiclass",
    ),
    "augmented": (AugmentedEstimator(NETWORK, CHANGES, random_state=0), "multiclass"),
    "augmented pipeline": (
        AugmentedEstimator(SCALED, CHANGES, n_copies=2, random_state=0),
        "multiclass",
    ),
    "behind an augmenter": (make_pipeline(CHANGES, NETWORK), "multiclass"),
    "behind adversarial noise": (
        make_pipeline(StandardScaler(), AdversarialNoise(SumOfFeatures()), NETWORK),
        "multiclass",
    ),
    "behind an encoder": (make_pipeline(TableEncoder(n_bins=4), NETWORK), "multiclass"),
    "tabular classifier": (TabularClassifier("fast", **MANY), "multiclass"),
    "tabular classifier of networks": (
        TabularClassifier(network=NETWORK, **MANY),
        "multiclass",
    ),
    "tabular regressor": (
        TabularRegressor(network=MLPRegressor(**SMALL), **MANY),
        "real",
    ),
    "encoder": (TableEncoder(n_bins=4), "multiclass"),
    "sampler": (AugmentingSampler(CHANGES, random_state=0), "multiclass"),
    **{f"augmenter {k}": (own, "real") for k, own in enumerate(AUGMENTERS)},
}

SETTINGS = [
    {"transform_output": "pandas"},
    {"transform_output": "polars"},
    {"enable_metadata_routing": True},
    {"enable_metadata_routing": True, "transform_output": "pandas"},
]

METHODS = ("predict", "predict_proba", "predict_std", "transform", "score_samples")


def table_of(X, container):
    """Return features in a container."""
    if container == "array":
        return X
    names = [f"x{k}" for k in range(X.shape[1])]
    return (
        pd.DataFrame(X, columns=names)
        if container == "pandas"
        else pl.DataFrame(X, schema=names)
    )


def outputs(estimator, X, y):
    """Fit, and return all that the estimator says of the rows, as arrays."""
    model = clone(estimator)
    names = [n for n in model.get_params() if n.split("__")[-1] == "random_state"]
    model.set_params(**dict.fromkeys(names, 0))
    if isinstance(model, AugmentingSampler):
        return [np.asarray(part) for part in model.fit_resample(X, y)]
    found = []
    if hasattr(model, "fit_transform"):
        found.append(np.asarray(clone(model).fit_transform(X, y)))
    model.fit(X, y)
    for method in METHODS:
        if hasattr(model, method):
            given = getattr(model, method)(X)
            parts = given if isinstance(given, list) else [given]
            found += [np.asarray(part) for part in parts]
    if hasattr(model, "score"):
        found.append(np.asarray(model.score(X, y)))
    found += [
        np.asarray(getattr(model, name))
        for name in ("feature_importances_", "oob_score_")
        if hasattr(model, name)
    ]
    return found


@pytest.mark.parametrize("container", ["array", "pandas", "polars"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_results_are_those_of_the_defaults(name, container):
    estimator, kind = ESTIMATORS[name]
    X, y = problem(kind, n_rows=80, n_features=9)
    X = table_of(X, container)
    expected = outputs(estimator, X, y)
    assert expected
    for settings in SETTINGS:
        with config_context(**settings):
            found = outputs(estimator, X, y)
        # Frames between the steps of a pipeline lie in memory column by column.
        rtol = 1e-9 if isinstance(estimator, Pipeline) else 0
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol, err_msg=str(settings))
