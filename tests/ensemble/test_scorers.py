"""Early stopping by a scorer, of networks that share rows: alone, it is the same."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor, MultiTaskMLP
from skregnet.augmentation import GaussianNoise
from skregnet.callbacks import Checkpoint
from tests.cases import problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

STOPS = {"hidden_layer_sizes": (6,), "max_iter": 5, "early_stopping": True}


def sees_arrays(estimator, X, y, sample_weight=None):
    """Score by what scorers may do with arrays, in this or another process."""
    assert isinstance(X, np.ndarray) or sparse.issparse(X)
    assert X.shape == (len(y), estimator.n_features_in_)
    return estimator.score(X[np.arange(len(y))], y, sample_weight)


SCORERS = {
    "multiclass": ["accuracy", "roc_auc_ovr", "neg_log_loss", sees_arrays],
    "multilabel": ["roc_auc", "f1_macro", sees_arrays],
    "real": ["r2", "neg_median_absolute_error", sees_arrays],
    "reals": ["explained_variance", get_scorer("r2"), sees_arrays],
}


def network(kind, **parameters):
    """Return a network that stops early."""
    cls = MLPRegressor if kind.startswith("real") else MLPClassifier
    return cls(**STOPS, **parameters)


def assert_as_alone(bag, X, y, weights=None):
    """Compare members with their clones, fitted to copies of their rows."""
    draws = zip(
        bag.estimators_, bag.estimators_samples_, bag.estimators_features_, strict=True
    )
    for member, rows, columns in draws:
        left = np.setdiff1d(np.arange(len(y)), rows)
        arguments = {}
        if weights is not None:
            left = left[weights[left] > 0]
            arguments["sample_weight_val"] = weights[left]
        if len(left):
            arguments |= {"X_val": X[left][:, columns], "y_val": y[left]}
        with threadpool_limits(1, "blas"):
            alone = clone(member).fit(X[rows][:, columns], y[rows], **arguments)
        np.testing.assert_array_equal(flat(member), flat(alone))
        assert member.validation_scores_ == alone.validation_scores_


@pytest.mark.parametrize("make", [np.asarray, np.float32, sparse.csr_array])
@pytest.mark.parametrize("parameters", [{}, {"max_features": 3}, {"bootstrap": False}])
@pytest.mark.parametrize(
    ("kind", "scoring"), [(k, s) for k, scorers in SCORERS.items() for s in scorers]
)
def test_members_are_those_fitted_alone(kind, scoring, parameters, make):
    X, y = problem(kind)
    X = make(X)
    bag = BaggingEnsemble(network(kind, scoring=scoring), 2, random_state=0)
    assert_as_alone(bag.set_params(**parameters).fit(X, y), X, y)


@pytest.mark.parametrize("scoring", ["accuracy", sees_arrays])
def test_weights_reach_the_scorer(scoring):
    X, y = problem("multiclass")
    weights = np.random.RandomState(0).randint(4, size=len(y)).astype(float)
    bag = BaggingEnsemble(network("multiclass", scoring=scoring), 2, random_state=0)
    assert_as_alone(bag.fit(X, y, sample_weight=weights), X, y, weights)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    "base",
    [
        network("real", scoring=sees_arrays, augmenter=GaussianNoise()),
        make_pipeline(StandardScaler(), network("real", scoring=sees_arrays)),
        MultiTaskMLP(**STOPS, scoring="r2"),
    ],
    ids=["augmented", "pipeline", "tasks"],
)
def test_networks_of_all_kinds(base, n_jobs):
    X, y = problem("reals" if isinstance(base, MultiTaskMLP) else "real")
    X = pd.DataFrame(X).add_prefix("x")
    y = pd.DataFrame(y).add_prefix("y") if y.ndim == 2 else y
    bag = BaggingEnsemble(base, 2, n_jobs=n_jobs, random_state=0, max_features=0.8)
    assert np.isfinite(np.asarray(bag.fit(X, y).predict(X))).all()


def test_snapshots_know_the_rows(tmp_path):
    X, y = problem("real")
    bag = BaggingEnsemble(network("real", scoring="r2"), 2, random_state=0)
    expected = [flat(member) for member in bag.fit(X, y).estimators_]
    bag.estimator.set_callbacks(Checkpoint(tmp_path))
    for _ in range(2):
        for member, weights in zip(bag.fit(X, y).estimators_, expected, strict=True):
            np.testing.assert_array_equal(flat(member), weights)


class Arrays:
    """Callback that notes the types of what it is handed."""

    seen: list = []  # noqa: RUF012

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.seen.append((type(X), type(y), X.shape))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None):
        self.seen.append((type(X), type(y), X.shape))


def test_callbacks_see_arrays():
    X, y = problem("real")
    base = network("real", scoring="r2").set_callbacks(Arrays())
    Arrays.seen.clear()
    BaggingEnsemble(base, 2, max_features=3, random_state=0).fit(X, y)
    assert set(Arrays.seen) == {(np.ndarray, np.ndarray, (120, 3))}
