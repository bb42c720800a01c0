"""Fitted estimators in files: what comes back predicts, and learns on, the same."""

import io
import pickle
import re
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import (
    BaggingEnsemble,
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    optimizers,
)
from skregnet.augmentation import AugmentedEstimator, Compose, GaussianNoise, Mixup
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PAGE = Path(__file__).parents[1] / "docs" / "persistence.md"
SHORT = {"hidden_layer_sizes": (4,), "max_iter": 4, "random_state": 0}

MODELS = {
    "classifier": MLPClassifier(**SHORT),
    "labels": MLPClassifier(**SHORT),
    "regressor": MLPRegressor(**SHORT),
    "regularized": MLPClassifier(
        batch_norm="before", dropout=0.2, early_stopping=True, **SHORT
    ),
    "objects": MLPClassifier(
        solver=optimizers.GradientClipping(optimizers.Adam()),
        augmenter=Compose([GaussianNoise(0.1), Mixup()]),
        **SHORT,
    ),
    "tasks": MultiTaskMLP(**SHORT),
    "classes of tasks": MultiTaskMLPClassifier(**SHORT),
    "numbers of tasks": MultiTaskMLPRegressor(**SHORT),
    "ensemble": BaggingEnsemble(MLPClassifier(**SHORT), 3, random_state=0),
    "ensemble of regressors": BaggingEnsemble(MLPRegressor(**SHORT), 3),
    "augmented": AugmentedEstimator(MLPClassifier(**SHORT), GaussianNoise(0.1)),
    "search": GridSearchCV(
        make_pipeline(StandardScaler(), MLPClassifier(**SHORT)),
        {"mlpclassifier__alpha": [1e-4, 1.0]},
        cv=2,
    ),
}


def data(name):
    X, y = problem("real" if "regressor" in name else "multiclass", n_rows=60)
    if name == "labels":
        y = np.array(["a", "b", "c"])[y]
    elif name in ("tasks", "numbers of tasks"):
        y = np.column_stack([y, X[:, 0]])
    elif name == "classes of tasks":
        y = np.column_stack([y, X[:, 0] > 0])
    return X, y


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


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MODELS)
def test_what_comes_back(name, way):
    X, y = data(name)
    model = MODELS[name].fit(X, y)
    found = way(model)
    np.testing.assert_array_equal(found.predict(X), model.predict(X))
    if hasattr(model, "predict_proba"):
        of_tasks = found.predict_proba(X), model.predict_proba(X)
        if not isinstance(of_tasks[0], list):
            of_tasks = [of_tasks[0]], [of_tasks[1]]
        for got, wanted in zip(*of_tasks, strict=True):
            np.testing.assert_array_equal(got, wanted)
    again = found.fit(X, y)
    assert again.predict(X).shape == y.shape


@pytest.mark.parametrize("way", WAYS)
def test_training_goes_on(way):
    X, y = data("classifier")
    mlp = MLPClassifier((4,), dropout=0.3, batch_norm="after", random_state=0)
    mlp.partial_fit(X, y, classes=np.unique(y))
    found = way(mlp)
    for model in (mlp, found):
        model.partial_fit(X, y)
    np.testing.assert_array_equal(found.coefs_[0], mlp.coefs_[0])


@pytest.mark.parametrize("name", MODELS)
def test_the_page_lists_the_types(name):
    X, y = data(name)
    content = skops.io.dumps(MODELS[name].fit(X, y))
    listed = set(re.findall(r"`(skregnet\.[\w.]+)`", PAGE.read_text(encoding="utf-8")))
    kinds = ("skregnet.optimizers.", "skregnet.augmentation.")
    for kind in skops.io.get_untrusted_types(data=content):
        is_ours = kind.startswith("skregnet.")
        assert not is_ours or kind in listed or kind.startswith(kinds)


def test_nothing_is_loaded_that_is_not_trusted():
    X, y = data("classifier")
    content = skops.io.dumps(MODELS["classifier"].fit(X, y))
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException):
        skops.io.loads(content, trusted=[])
