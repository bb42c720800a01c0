"""What a search finds is what scikit-learn's searches find, score for score."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import loguniform, randint, uniform
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    ShuffleSplit,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from skregnet import (
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    StackedSearchCV,
)
from skregnet.augmentation import GaussianNoise, Mixup
from skregnet.optimizers import SGD, Adam
from skregnet.search import _trials
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 5, "random_state": 0}
CLASSIFIER = MLPClassifier(**SHORT, learning_rate_init=0.02)
REGRESSOR = MLPRegressor(**SHORT, learning_rate_init=0.02)


def assert_same(found, expected):
    """Compare all that two searches have found, but for times."""
    ours, theirs = found.cv_results_, expected.cv_results_
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        if name.endswith("_time"):
            assert np.isfinite(np.asarray(ours[name], dtype=float)).all()
        elif name == "params" or name.startswith("param_"):
            assert list(map(str, ours[name])) == list(map(str, values))
        else:
            np.testing.assert_array_equal(ours[name], values, err_msg=name)
    for name in ("best_index_", "best_score_", "n_splits_", "multimetric_"):
        assert hasattr(found, name) == hasattr(expected, name)
        assert getattr(found, name, None) == getattr(expected, name, None)
    assert str(getattr(found, "best_params_", None)) == str(
        getattr(expected, "best_params_", None)
    )


def last_step(estimator):
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def compare(estimator, space, data, n_candidates=None, routed=None, **parameters):
    """Search by ours and by scikit-learn's, and compare."""
    parameters = {"cv": 3, **parameters}
    ours = StackedSearchCV(
        estimator, space, n_candidates=n_candidates, random_state=0, **parameters
    )
    if n_candidates is None:
        theirs = GridSearchCV(estimator, space, **parameters)
    else:
        theirs = RandomizedSearchCV(
            estimator, space, n_iter=n_candidates, random_state=0, **parameters
        )
    for search in (ours, theirs):
        search.fit(*data, **(routed or {}))
    assert_same(ours, theirs)
    if ours.refit:
        best, other = (last_step(s.best_estimator_) for s in (ours, theirs))
        np.testing.assert_array_equal(flat(best), flat(other))
        np.testing.assert_array_equal(ours.predict(data[0]), theirs.predict(data[0]))
        if not (ours.multimetric_ and callable(ours.refit)):
            assert ours.score(*data[:2]) == theirs.score(*data[:2])
        assert hasattr(ours, "feature_names_in_") == hasattr(
            theirs, "feature_names_in_"
        )
    return ours


# Each row changes what stacks have in common, or what their members differ in.
SPACES = {
    "penalties": {"alpha": [0, 1e-3, 1], "l1_ratio": [0.0, 0.5, 1.0]},
    "dropout": {"dropout": [0, 0.2, 0.5], "input_dropout": [0.0, 0.1]},
    "layers": {"hidden_layer_sizes": [3, (4,), (5, 4)], "activation": ["tanh", "relu"]},
    "batches": {"batch_size": ["auto", 16, 30], "learning_rate_init": [0.1, 0.01]},
    "normalization": {"batch_norm": [None, "before", "after"], "alpha": [0.1, 1.0]},
    "noise": {"target_noise": [0.0, 0.1, 0.3], "label_smoothing": [0.0, 0.1]},
    "adversary": {"adversarial_step": [0, 0.05, 0.1], "adversarial_weight": [0.3, 0.5]},
    "averages": {"weight_averaging": [None, "ema", "swa"], "max_norm": [None, 1.0]},
    "momentum": {"solver": ["sgd"], "momentum": [0.0, 0.5, 0.9]},
    "solvers": {"solver": ["lbfgs", "adam", "rmsprop", SGD(momentum=0.7), Adam()]},
    "nested": [{"solver": [SGD()], "solver__momentum": [0.1, 0.9]}, {"alpha": [1.0]}],
    "epochs": {"max_iter": [1, 3, 6], "learning_rate": ["constant", "cosine"]},
    "early": {"early_stopping": [False, True], "n_iter_no_change": [1, 3]},
    "scorers": [
        {"early_stopping": [True], "scoring": [None, "loss", "roc_auc_ovr"]},
        {"early_stopping": [True], "scoring": ["accuracy", "neg_log_loss"]},
    ],
    "augmenters": {"augmenter": [None, GaussianNoise(0.1), Mixup(0.2)]},
    "activity": {"activity_alpha": [0.0, 0.1], "activity_penalty": ["l1", "l2"]},
    "seeds": {"random_state": [0, 1, 2]},
    "weights of classes": {"class_weight": [None, "balanced"]},
}


@pytest.mark.parametrize("name", SPACES)
def test_grids(name):
    compare(CLASSIFIER, SPACES[name], problem("multiclass"))


@pytest.mark.parametrize("kind", ["real", "reals", "binary", "multilabel"])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_distributions(kind, n_jobs):
    base = REGRESSOR if kind.startswith("real") else CLASSIFIER
    space = {
        "alpha": loguniform(1e-5, 1),
        "dropout": uniform(0.05, 0.5),
        "learning_rate_init": loguniform(1e-3, 0.3),
        "hidden_layer_sizes": randint(3, 5),
    }
    compare(base, space, problem(kind), 9, n_jobs=n_jobs, return_train_score=True)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_blocks_do_not_matter(size, monkeypatch):
    monkeypatch.setattr("skregnet._fitting.blocks._BLOCKS", ((np.inf, size),))
    space = {"alpha": [0.1, 1.0], "dropout": [0.0, 0.2], "beta_1": [0.5, 0.9]}
    compare(CLASSIFIER, space, problem("multiclass"))


def test_members_of_one_architecture_train_together(monkeypatch):
    sizes = []
    original = _trials.train_minibatch

    def spy(members, batch_size):
        sizes.append(len(members))
        original(members, batch_size)

    monkeypatch.setattr(_trials, "train_minibatch", spy)
    X, y = problem("multiclass")
    space = {"alpha": [0.0, 0.1, 1.0], "dropout": [0.0, 0.1, 0.2]}
    StackedSearchCV(CLASSIFIER, space, cv=3, refit=False).fit(X, y)
    assert sorted(sizes) == [9, 18]
    sizes.clear()
    pipeline = make_pipeline(StandardScaler(), CLASSIFIER)
    space = {
        "mlpclassifier__alpha": [0.0, 0.1],
        "standardscaler__with_std": [True, False],
    }
    StackedSearchCV(pipeline, space, cv=3, refit=False).fit(X, y)
    assert sizes == [12]


@pytest.mark.parametrize(
    ("data", "changes"),
    [
        (lambda X, y: (X.astype(np.float32), y), {}),
        (lambda X, y: (np.asfortranarray(X), y), {}),
        (lambda X, y: (pd.DataFrame(X).add_prefix("c"), pd.Series(y)), {}),
        (lambda X, y: (pd.DataFrame(X).add_prefix("c"), pd.Series(y)), {"n_jobs": 2}),
        (lambda X, y: (X.tolist(), y.tolist()), {}),
        (lambda X, y: (sparse.csr_array(X), y), {}),
        (lambda X, y: (sparse.csc_matrix(X), y), {}),
        (lambda X, y: (X, np.array(["a", "b", "c"], dtype=object)[y]), {}),
    ],
)
def test_containers(data, changes):
    space = {"alpha": [0.1, 1.0], "learning_rate_init": [0.1, 0.01]}
    compare(CLASSIFIER, space, data(*problem("multiclass")), **changes)


OF_PIPELINES = {
    "mlpclassifier__alpha": [0.1, 1.0],
    "mlpclassifier__dropout": [0.0, 0.3],
}


class TestPipelines:
    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_shared_and_searched(self, n_jobs):
        space = {
            **OF_PIPELINES,
            "pca__n_components": [2, 3],
            "standardscaler": [StandardScaler(), MinMaxScaler(), "passthrough"],
        }
        pipeline = make_pipeline(StandardScaler(), PCA(random_state=0), CLASSIFIER)
        compare(pipeline, space, problem("multiclass"), n_jobs=n_jobs)

    def test_fitted_once_a_fold_and_prefix(self, monkeypatch):
        n_fits = 0
        original = StandardScaler.fit

        def counting(self, *args, **kwargs):
            nonlocal n_fits
            n_fits += 1
            return original(self, *args, **kwargs)

        monkeypatch.setattr(StandardScaler, "fit", counting)
        pipeline = make_pipeline(StandardScaler(), CLASSIFIER)
        space = {**OF_PIPELINES, "standardscaler__with_mean": [True, False]}
        search = StackedSearchCV(pipeline, space, cv=3, refit=False)
        search.fit(*problem("multiclass"))
        assert n_fits == 6

    def test_a_single_step(self):
        compare(make_pipeline(CLASSIFIER), OF_PIPELINES, problem("multiclass"))

    def test_the_network_itself_is_searched(self):
        others = [MLPClassifier(**SHORT), MLPClassifier(**SHORT, dropout=0.1)]
        pipeline = make_pipeline(StandardScaler(), CLASSIFIER)
        compare(pipeline, {"mlpclassifier": others}, problem("multiclass"))

    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_frames_between_steps(self, n_jobs):
        X, y = problem("multiclass")
        X = pd.DataFrame(X.astype(np.float32)).add_prefix("c")
        pipeline = make_pipeline(StandardScaler(), CLASSIFIER)
        pipeline.set_output(transform="pandas")
        space = {**OF_PIPELINES, "mlpclassifier__early_stopping": [False, True]}
        found = compare(pipeline, space, (X, y), n_jobs=n_jobs)
        assert found.best_estimator_[-1].coefs_[0].dtype == np.float32

    def test_memory(self, tmp_path):
        pipeline = make_pipeline(StandardScaler(), CLASSIFIER, memory=str(tmp_path))
        compare(pipeline, OF_PIPELINES, problem("multiclass"))

    def test_columns_of_a_frame(self):
        X, y = problem("multiclass")
        X = pd.DataFrame(X).add_prefix("c")
        X["kind"] = np.array(["x", "y", "z"])[np.arange(len(X)) % 3]
        columns = make_column_transformer(
            (OneHotEncoder(), ["kind"]), remainder=StandardScaler()
        )
        compare(make_pipeline(columns, CLASSIFIER), OF_PIPELINES, (X, y))

    def test_weights(self):
        X, y = problem("multiclass")
        weights = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
        routed = {"mlpclassifier__sample_weight": weights}
        pipeline = make_pipeline(StandardScaler(), CLASSIFIER)
        compare(pipeline, OF_PIPELINES, (X, y), routed=routed)


OF_TWO_RATES = {"alpha": [0.1, 1.0], "learning_rate_init": [0.1, 0.01]}


class TestScoring:
    @pytest.mark.parametrize(
        ("scoring", "refit"),
        [
            ("neg_log_loss", True),
            ("accuracy", False),
            (["accuracy", "neg_log_loss"], "neg_log_loss"),
            (["accuracy", "neg_log_loss"], False),
            ({"a": "accuracy", "f": "f1_macro"}, "f"),
            (lambda mlp, X, y: mlp.score(X, y) / 2, True),
            (lambda mlp, X, y: {"a": mlp.score(X, y), "n": len(y)}, "a"),
            ("accuracy", lambda results: int(results["mean_test_score"].argmin())),
            (
                ["accuracy", "f1_macro"],
                lambda results: int(results["mean_test_f1_macro"].argmin()),
            ),
        ],
    )
    def test_measures(self, scoring, refit):
        compare(
            CLASSIFIER,
            OF_TWO_RATES,
            problem("multiclass"),
            scoring=scoring,
            refit=refit,
            return_train_score=True,
        )

    def test_own_score_function(self):
        scorer = make_scorer(mean_pinball_loss, alpha=0.7, greater_is_better=False)
        compare(REGRESSOR, OF_TWO_RATES, problem("real"), scoring=scorer)


OF_PENALTIES = {"alpha": [0.1, 1.0], "dropout": [0.1, 0.2]}


class TestSplits:
    def test_unequal_folds(self):
        compare(CLASSIFIER, OF_PENALTIES, problem("multiclass"), cv=7)

    def test_a_splitter_with_a_generator(self):
        splitter = ShuffleSplit(3, random_state=0)
        compare(CLASSIFIER, OF_PENALTIES, problem("multiclass"), cv=splitter)

    def test_given_rows(self):
        cv = [(np.arange(50), np.arange(50, 120)), (np.arange(20, 90), np.arange(20))]
        compare(CLASSIFIER, OF_PENALTIES, problem("multiclass"), cv=cv)

    def test_rows_by_masks(self):
        mask = np.arange(120) % 3 == 0
        compare(CLASSIFIER, OF_PENALTIES, problem("multiclass"), cv=[(~mask, mask)])

    def test_groups(self):
        routed = {"groups": np.arange(120) % 7}
        data = problem("multiclass")
        compare(CLASSIFIER, OF_PENALTIES, data, cv=GroupKFold(3), routed=routed)

    def test_a_class_that_a_fold_lacks(self):
        X, y = problem("multiclass")
        cv = [(np.flatnonzero(y != 2), np.arange(40)), (np.arange(90), np.arange(30))]
        compare(CLASSIFIER, OF_PENALTIES, (X, y), cv=cv)


class TestWeights:
    weights = np.random.default_rng(0).integers(0, 3, 120).astype(float)

    def test_without_routing(self):
        routed = {"sample_weight": self.weights}
        compare(CLASSIFIER, OF_PENALTIES, problem("multiclass"), routed=routed)

    @pytest.mark.parametrize("is_pipeline", [False, True])
    def test_with_routing(self, is_pipeline):
        with config_context(enable_metadata_routing=True):
            base = clone(CLASSIFIER)
            base.set_fit_request(sample_weight=True)
            base.set_score_request(sample_weight=True)
            space = OF_PENALTIES
            if is_pipeline:
                scaler = StandardScaler().set_fit_request(sample_weight=True)
                base = make_pipeline(scaler, base)
                space = {f"mlpclassifier__{k}": v for k, v in space.items()}
            ours = StackedSearchCV(base, space, cv=3)
            theirs = GridSearchCV(base, space, cv=3)
            for search in (ours, theirs):
                search.fit(*problem("multiclass"), sample_weight=self.weights)
            assert_same(ours, theirs)

    def test_validation_data(self):
        X, y = problem("multiclass")
        base = MLPClassifier(**SHORT, early_stopping=True)
        routed = {"X_val": X[:50], "y_val": y[:50]}
        compare(base, OF_PENALTIES, (X, y), routed=routed)


def test_tasks():
    X, y = problem("multiclass")
    Y = np.column_stack([y, y == 1]).astype(object)
    ours = StackedSearchCV(
        MultiTaskMLP(**SHORT), {"alpha": [0.1, 1.0], "dropout": [0.0, 0.1]}, cv=3
    )
    theirs = GridSearchCV(ours.estimator, ours.param_distributions, cv=3)
    assert_same(ours.fit(X, Y), theirs.fit(X, Y))
