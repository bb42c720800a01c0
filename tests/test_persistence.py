"""Fitted estimators in files: what comes back predicts, and learns on, the same."""

import importlib
import inspect
import io
import pickle
import re
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skregnet
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
    augmentation,
    optimizers,
)
from skregnet.augmentation import (
    AdversarialNoise,
    AugmentedEstimator,
    AugmentingSampler,
    Compose,
    GaussianNoise,
    Mixup,
    RandomApply,
)
from tests.cases import AUGMENTERS, OPTIMIZERS, SPECIAL_OPTIMIZERS, WRAPPERS, problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PAGE = Path(__file__).parents[1] / "docs" / "persistence.md"
SHORT = {"hidden_layer_sizes": (4,), "max_iter": 4, "random_state": 0}
CLASSIFIER, REGRESSOR = MLPClassifier(**SHORT), MLPRegressor(**SHORT)
RATES = {"alpha": [1e-4, 1.0]}

X, LABELS = problem("multiclass", n_rows=60)
NUMBERS = problem("real", n_rows=60)[1]
NAMES = np.array(["a", "b", "c"])[LABELS]
INDICATORS = np.column_stack([LABELS > 0, LABELS < 2]).astype(int)
MIXED = np.column_stack([LABELS, X[:, 0]])
COLUMNS = {"name": NAMES, "size": X[:, 0], "label": LABELS}
FRAME = pd.DataFrame(COLUMNS)
TABLE = pd.DataFrame(
    {
        "x": X[:, 0],
        "gaps": np.where(X[:, 1] > 1, np.nan, X[:, 1]),
        "name": np.roll(NAMES, 1),
        "flag": X[:, 1] > 0,
        "day": pd.date_range("2020-01-01", periods=len(X)),
    }
)

# Estimators that predict, by name, with their data.
MODELS = {
    "classifier": (CLASSIFIER, X, LABELS),
    "labels": (CLASSIFIER, X, NAMES),
    "indicators": (CLASSIFIER, X, INDICATORS),
    "regressor": (REGRESSOR, X, NUMBERS),
    "regularized": (
        MLPClassifier(batch_norm="before", dropout=0.2, early_stopping=True, **SHORT),
        X,
        LABELS,
    ),
    "objects": (
        MLPClassifier(
            solver=optimizers.GradientClipping(optimizers.Adam()),
            augmenter=Compose([GaussianNoise(0.1), RandomApply(Mixup())]),
            **SHORT,
        ),
        X,
        LABELS,
    ),
    "tasks": (MultiTaskMLP(**SHORT), X, MIXED),
    "tasks of a frame": (MultiTaskMLP(task_weights="uncertainty", **SHORT), X, FRAME),
    "tasks of a polars frame": (MultiTaskMLP(**SHORT), X, pl.DataFrame(COLUMNS)),
    "classes of tasks": (MultiTaskMLPClassifier(**SHORT), X, INDICATORS),
    "numbers of tasks": (MultiTaskMLPRegressor(**SHORT), X, MIXED),
    "ensemble": (
        BaggingEnsemble(CLASSIFIER, 20, oob_score=True, random_state=0),
        X,
        LABELS,
    ),
    "ensemble by votes": (
        BaggingEnsemble(CLASSIFIER, 3, voting="hard", max_features=0.5),
        X,
        INDICATORS,
    ),
    "ensemble of regressors": (
        BaggingEnsemble(REGRESSOR, 3, voting="median"),
        X,
        NUMBERS,
    ),
    "ensemble of tasks": (BaggingEnsemble(MultiTaskMLP(**SHORT), 3), X, MIXED),
    "ensemble of pipelines": (
        BaggingEnsemble(make_pipeline(StandardScaler(), CLASSIFIER), 7, max_samples=3),
        X,
        LABELS,
    ),
    "augmented": (AugmentedEstimator(CLASSIFIER, GaussianNoise(0.1)), X, LABELS),
    "augmented regressor": (AugmentedEstimator(Ridge(), Mixup()), X, NUMBERS),
    "grid search": (
        GridSearchCV(
            make_pipeline(StandardScaler(), CLASSIFIER),
            {"mlpclassifier__alpha": [1e-4, 1.0]},
            cv=2,
        ),
        X,
        LABELS,
    ),
    "search": (StackedSearchCV(CLASSIFIER, RATES, cv=2), X, LABELS),
    "search of augmenters": (
        StackedSearchCV(REGRESSOR, {"augmenter": [None, Mixup()]}, cv=2),
        X,
        NUMBERS,
    ),
    "search with a measure": (
        StackedSearchCV(CLASSIFIER, RATES, cv=2, scoring="accuracy"),
        X,
        LABELS,
    ),
    "table": (TabularClassifier("fast", n_members=2, random_state=0), TABLE, NAMES),
    "table of a regression": (
        TabularRegressor("fast", n_members=2, random_state=0),
        TABLE,
        NUMBERS,
    ),
    "table of numbers": (TabularClassifier("fast", n_members=2), X, LABELS),
}

# Estimators that change samples.
CHANGERS = [
    TableEncoder(),
    AugmentingSampler(GaussianNoise()),
    *(each for each in AUGMENTERS if not isinstance(each, AdversarialNoise)),
    AdversarialNoise(MLPClassifier(solver="lbfgs", tol=10.0).fit(X, LABELS)),
]


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def through_skops(model):
    content = skops.io.dumps(model)
    types = skops.io.get_untrusted_types(data=content)
    return skops.io.loads(content, trusted=types)


WAYS = [through_pickle, through_joblib, through_skops]


def trusted():
    """Return the types that the page lists."""
    listed = re.findall(r"`((?:\w+\.)+\w+)`", PAGE.read_text(encoding="utf-8"))
    return [name for name in listed if not hasattr(skregnet, name)]


def through_trusted_types(model):
    """Read a file with the listed types trusted, and no others."""
    return skops.io.loads(skops.io.dumps(model), trusted=trusted())


def assert_equal(found, expected):
    """Compare arrays, data frames, or lists of such."""
    if isinstance(expected, list):
        for got, wanted in zip(found, expected, strict=True):
            assert_equal(got, wanted)
        return
    assert type(found) is type(expected)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize("way", [*WAYS[:2], through_trusted_types])
@pytest.mark.parametrize("name", MODELS)
def test_what_comes_back(name, way):
    model, features, targets = MODELS[name]
    model = clone(model).fit(features, targets)
    found = way(model)
    for method in ("predict", "predict_proba"):
        if hasattr(model, method):
            expected = getattr(model, method)(features)
            assert_equal(getattr(found, method)(features), expected)
    again = found.fit(features, targets)
    assert again.predict(features).shape == targets.shape


@pytest.mark.parametrize("model", CHANGERS, ids=str)
def test_what_changes_samples(model):
    model = clone(model).fit(X, LABELS)
    found = through_trusted_types(model)
    if hasattr(model, "transform"):
        assert_equal(found.transform(X), model.transform(X))
        return
    found, model = (each.set_params(random_state=0) for each in (found, model))
    for got, wanted in zip(
        found.fit_resample(X, LABELS), model.fit_resample(X, LABELS), strict=True
    ):
        assert_equal(got, wanted)


@pytest.mark.parametrize(
    "solver", [*OPTIMIZERS, *SPECIAL_OPTIMIZERS, *WRAPPERS], ids=str
)
def test_optimizers(solver):
    assert through_trusted_types(solver) == solver


def test_every_estimator_is_among_them():
    tried = {type(model) for model, _, _ in MODELS.values()} | set(map(type, CHANGERS))
    public = [
        getattr(package, name)
        for package in (skregnet, augmentation)
        for name in package.__all__
    ]
    missing = {
        each
        for each in public
        if isinstance(each, type) and not inspect.isabstract(each)
    } - tried
    assert not missing


def test_listed_types_exist():
    for name in trusted():
        module, _, kind = name.rpartition(".")
        assert hasattr(importlib.import_module(module), kind), name


@pytest.mark.parametrize("way", WAYS)
def test_training_goes_on(way):
    mlp = MLPClassifier((4,), dropout=0.3, batch_norm="after", random_state=0)
    mlp.partial_fit(X, LABELS, classes=np.unique(LABELS))
    found = way(mlp)
    for model in (mlp, found):
        model.partial_fit(X, LABELS)
    np.testing.assert_array_equal(found.coefs_[0], mlp.coefs_[0])


def test_nothing_is_loaded_that_is_not_trusted():
    content = skops.io.dumps(clone(CLASSIFIER).fit(X, LABELS))
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException):
        skops.io.loads(content, trusted=[])
