"""Searches over pipelines of other kinds, and over estimators with a network within."""

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor, StackedSearchCV
from skregnet.augmentation import AugmentedEstimator, AugmentingSampler, GaussianNoise
from skregnet.search import _trials, regularization_cocktail
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"max_iter": 4, "random_state": 0}
CLASSIFIER = MLPClassifier((6,), learning_rate_init=0.02, **SHORT)
REGRESSOR = MLPRegressor(hidden_layer_sizes=(6,), **SHORT)
STEPS = [("scale", StandardScaler()), ("net", CLASSIFIER)]
RATES = {"net__alpha": [1e-4, 1.0]}
NOISE = AugmentedEstimator(CLASSIFIER, GaussianNoise(), random_state=0)


class Named(Pipeline):
    """A pipeline of another name."""


class Mirrored(Pipeline):
    """Predicts in reversed order."""

    def predict(self, X):
        return super().predict(X)[::-1]


class Marked(Pipeline):
    """Learns from other numbers, and leaves a mark."""

    def fit(self, X, y=None, **params):
        super().fit(np.tanh(X), y, **params)
        self.mark_ = "here"
        return self


class Own(MLPClassifier):
    """A network that learns from other numbers."""

    def fit(self, X, y):
        return super().fit(2 * X, y)


OVER = ("over", RandomOverSampler(random_state=0))
COPIES = ("copies", AugmentingSampler(GaussianNoise(), random_state=0))
UNION = FeatureUnion([("pca", PCA(2)), ("best", SelectKBest(k=2))])
ANY = {
    "named": (Named(STEPS), RATES),
    "mirrored": (Mirrored(STEPS), RATES),
    "marked": (Marked(STEPS), RATES),
    "samplers": (
        ImbalancedPipeline([OVER, *STEPS]),
        {**RATES, "over__shrinkage": [None, 0.1]},
    ),
    "copies": (
        ImbalancedPipeline([COPIES, *STEPS]),
        {**RATES, "copies__n_copies": [1, 2]},
    ),
    "steps that do nothing": (
        Pipeline([("one", "passthrough"), ("two", None), ("net", CLASSIFIER)]),
        {**RATES, "one": ["passthrough", StandardScaler()]},
    ),
    "union": (
        Pipeline([("union", UNION), ("net", CLASSIFIER)]),
        {**RATES, "union__pca__n_components": [1, 2]},
    ),
    "pipeline first": (
        Pipeline([("first", make_pipeline(PCA(3))), ("net", CLASSIFIER)]),
        {**RATES, "first__pca__n_components": [1, 2]},
    ),
    "pipeline last": (
        Pipeline([("pca", PCA(3)), ("last", Pipeline(STEPS))]),
        {"last__net__alpha": [1e-4, 1.0], "pca__n_components": [1, 2]},
    ),
    "frames": (
        Pipeline(
            [("scale", StandardScaler().set_output(transform="pandas")), STEPS[1]]
        ),
        RATES,
    ),
    "own network": (make_pipeline(Own(**SHORT)), {"own__alpha": [1e-4, 1.0]}),
    "augmented": (NOISE, {"estimator__alpha": [1e-4, 1.0]}),
    "augmented last": (
        make_pipeline(StandardScaler(), NOISE),
        {"augmentedestimator__estimator__alpha": [1e-4, 1.0]},
    ),
    "exchanged": (Pipeline(STEPS), {"net": [CLASSIFIER, NOISE]}),
    "ensemble": (
        BaggingEnsemble(CLASSIFIER, 2, random_state=0),
        {"estimator__alpha": [1e-4, 1.0]},
    ),
    "calibrated": (
        CalibratedClassifierCV(CLASSIFIER, cv=2),
        {"estimator__alpha": [1e-4, 1.0]},
    ),
}


def compare(estimator, space, X, y, routed=None, n_jobs=None):
    """Search by ours and by scikit-learn's, and compare."""
    options = {"cv": 2, "return_train_score": True, "error_score": "raise"}
    ours = StackedSearchCV(estimator, space, n_jobs=n_jobs, **options)
    theirs = GridSearchCV(estimator, space, **options)
    for search in (ours, theirs):
        search.fit(X, y, **(routed or {}))
    assert list(ours.cv_results_) == list(theirs.cv_results_)
    for name, values in theirs.cv_results_.items():
        if "train" in name or "test" in name:
            np.testing.assert_array_equal(ours.cv_results_[name], values)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert type(ours.best_estimator_) is type(theirs.best_estimator_)


@pytest.mark.parametrize("name", ANY)
def test_the_same_as_a_grid_search(name):
    compare(*ANY[name], *problem("multiclass"))


@pytest.mark.parametrize("name", ["named", "exchanged"])
def test_the_same_over_several_workers(name):
    compare(*ANY[name], *problem("multiclass"), n_jobs=2)


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (
            TransformedTargetRegressor(REGRESSOR, transformer=StandardScaler()),
            "regressor__alpha",
        ),
        (MultiOutputRegressor(REGRESSOR), "estimator__alpha"),
    ],
)
def test_regressors(estimator, name):
    X, y = problem("reals")
    y = y if isinstance(estimator, MultiOutputRegressor) else y[:, 0]
    compare(estimator, {name: [1e-4, 1.0]}, X, y)


@pytest.mark.parametrize("kind", [Pipeline, Named, ImbalancedPipeline])
def test_validation_data_that_the_pipeline_transforms(kind):
    X, y = problem("multiclass")
    routed = {
        "sample_weight": np.linspace(0.5, 2, len(y)),
        "X_val": 3 * X[:30],
        "y_val": y[:30],
    }
    with config_context(enable_metadata_routing=True):
        network = clone(CLASSIFIER).set_params(early_stopping=True)
        network.set_fit_request(**dict.fromkeys(routed, True))
        network.set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = kind(
            [("scale", scaler), ("net", network)], transform_input=["X_val"]
        )
        compare(pipeline, RATES, X, y, routed)


@pytest.mark.parametrize("kind", [Pipeline, Named, ImbalancedPipeline])
def test_weights_of_the_last_step(kind):
    X, y = problem("multiclass")
    weights = np.linspace(0.5, 2, len(y))
    compare(kind(STEPS), RATES, X, y, {"net__sample_weight": weights})


def test_plain_pipelines_train_together_and_others_do_not(monkeypatch):
    sizes = []
    original = _trials._train_group

    def spy(group):
        sizes.append(len(group))
        return original(group)

    monkeypatch.setattr(_trials, "_train_group", spy)
    X, y = problem("multiclass")
    for kind in (Pipeline, Named):
        StackedSearchCV(kind(STEPS), RATES, cv=3, refit=False).fit(X, y)
    assert sizes == [6]


def test_a_fit_that_fails_is_a_score():
    X, y = problem("multiclass")
    space = {"net__alpha": [-1.0, 1.0]}
    found = StackedSearchCV(Named(STEPS), space, cv=2, error_score=-9.0)
    with pytest.warns(match="fits failed"):
        found.fit(X, y)
    assert found.cv_results_["mean_test_score"][0] == -9
    assert found.best_params_ == {"net__alpha": 1.0}


@pytest.mark.parametrize("name", ["named", "augmented"])
def test_training_that_cannot_pause(name):
    search = StackedSearchCV(*ANY[name], cv=2, resource="epochs")
    with pytest.raises(ValueError, match="whose training can pause"):
        search.fit(*problem("multiclass"))


@pytest.mark.parametrize("name", ["samplers", "pipeline last"])
def test_a_cocktail(name):
    pipeline, _ = ANY[name]
    spaces = regularization_cocktail(pipeline)
    prefix = "last__net__" if name == "pipeline last" else "net__"
    assert all(key.startswith(prefix) for space in spaces for key in space)
    search = StackedSearchCV(pipeline, spaces, n_candidates=3, cv=2, random_state=0)
    assert search.fit(*problem("multiclass")).best_score_ > 0.1


@pytest.mark.parametrize("name", ["samplers", "steps that do nothing", "marked"])
def test_members_of_an_ensemble(name):
    X, y = problem("multiclass")
    pipeline, _ = ANY[name]
    bag = BaggingEnsemble(pipeline, 2, random_state=0).fit(X, y)
    for member, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        alone = clone(member).fit(X[rows], y[rows])
        np.testing.assert_array_equal(member.predict_proba(X), alone.predict_proba(X))
        assert getattr(member, "mark_", None) == getattr(alone, "mark_", None)
