"""Members are what they would be alone, wherever and with whomever they are fitted."""

import pickle

import numpy as np
import pytest
from joblib import parallel_config
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_info, threadpool_limits

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from skregnet._fitting import blocks
from skregnet.ensemble import _members as fitting
from tests.cases import problem
from tests.fitting import flat

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size` less than"),
]

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 6, "batch_size": 40}
KINDS = ["binary", "multiclass", "multilabel", "real", "reals"]


def network(kind, **parameters):
    """Return an unfitted network for a kind of targets."""
    cls = MLPRegressor if kind.startswith("real") else MLPClassifier
    return cls(**{**SHORT, **parameters})


def left_out(rows, n_rows):
    """Return what is not among the rows."""
    return np.setdiff1d(np.arange(n_rows), rows)


def alone(bag, X, y):
    """Return each member's clone, fitted to its rows by itself."""
    fitted = []
    draws = zip(
        bag.estimators_, bag.estimators_samples_, bag.estimators_features_, strict=True
    )
    for member, rows, columns in draws:
        arguments = {}
        if getattr(member, "early_stopping", False):
            out = left_out(rows, len(y))
            if y.ndim == 1 and hasattr(member, "classes_"):
                out = out[np.isin(y[out], y[rows])]
            arguments = {"X_val": X[out][:, columns], "y_val": y[out]}
        copy = clone(member)
        with threadpool_limits(1, "blas"):
            fitted.append(copy.fit(X[rows][:, columns], y[rows], **arguments))
    return fitted


def assert_same(members, others):
    """Compare all weights, bit by bit."""
    for member, other in zip(members, others, strict=True):
        np.testing.assert_array_equal(flat(member), flat(other))
        assert member.n_iter_ == other.n_iter_
        assert member.loss_curve_ == other.loss_curve_
        assert member.validation_scores_ == other.validation_scores_
        assert member.n_features_in_ == other.n_features_in_
        if hasattr(other, "classes_"):
            np.testing.assert_array_equal(member.classes_, other.classes_)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"max_features": 0.5},
        {"max_samples": 0.4, "bootstrap_features": True},
        {"bootstrap": False},
        {"bootstrap": False, "max_samples": 33, "max_features": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", KINDS)
def test_alone(kind, parameters):
    X, y = problem(kind)
    bag = BaggingEnsemble(network(kind), 5, random_state=0, **parameters).fit(X, y)
    assert_same(bag.estimators_, alone(bag, X, y))
    assert len({flat(member).tobytes() for member in bag.estimators_}) == 5


@pytest.mark.parametrize(
    "parameters",
    [
        {"early_stopping": True},
        {"early_stopping": True, "scoring": "loss", "batch_norm": "after"},
        {"dropout": 0.3, "input_dropout": 0.2, "batch_norm": "before"},
        {"solver": "lbfgs", "l1_ratio": 0.5, "alpha": 0.1},
        {"adversarial_step": 0.1, "target_noise": 0.2, "weight_averaging": "swa"},
        {"activation": "logistic", "activity_alpha": 0.1, "activity_penalty": "kl"},
        {"batch_size": 1000, "solver": "delta_bar_delta"},
    ],
    ids="+".join,
)
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("max_features", [1.0, 0.5])
@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_alone_however_regularized(kind, max_features, make, parameters):
    X, y = problem(kind)
    X[np.abs(X) < 0.4] = 0
    X = make(X)
    bag = BaggingEnsemble(
        network(kind, **parameters), 3, max_features=max_features, random_state=0
    )
    bag.fit(X, y)
    assert_same(bag.estimators_, alone(bag, X, y))


@pytest.mark.parametrize(
    "parameters", [{"class_weight": "balanced"}, {"label_smoothing": 0.2}], ids=str
)
def test_alone_with_parameters_of_classifiers(parameters):
    X, y = problem("multiclass")
    bag = BaggingEnsemble(network("multiclass", **parameters), 4, random_state=0)
    assert_same(bag.fit(X, y).estimators_, alone(bag, X, y))


@pytest.mark.parametrize("early_stopping", [False, True])
def test_alone_without_some_classes(early_stopping):
    X, y = problem("multiclass", n_rows=20)
    y[:10], y[10:] = np.arange(10) % 5, 0
    names = np.array(["a", "b", "c", "d", "e"])[y]
    bag = BaggingEnsemble(
        network("multiclass", early_stopping=early_stopping),
        8,
        max_samples=8,
        random_state=0,
    ).fit(X, names)
    n_classes = {len(member.classes_) for member in bag.estimators_}
    assert len(n_classes) > 1
    assert_same(bag.estimators_, alone(bag, X, names))
    assert bag.predict_proba(X).shape == (20, 5)
    assert set(bag.predict(X)) <= set(names)


def test_float32_stays():
    X, y = problem("real", dtype=np.float32)
    bag = BaggingEnsemble(network("real"), 3, random_state=0).fit(X, y)
    assert bag.estimators_[0].coefs_[0].dtype == np.float32
    assert bag.predict(X).dtype == np.float32
    assert_same(bag.estimators_, alone(bag, X, y))


def test_too_few_rows_to_validate_on():
    X, y = problem("binary")
    base = network("binary", early_stopping=True, validation_fraction=0.2)
    bag = BaggingEnsemble(base, 2, bootstrap=False, random_state=0).fit(X, y)
    other = [clone(member).fit(X, y) for member in bag.estimators_]
    assert_same(bag.estimators_, other)


def test_validation_rows_are_weighted():
    X, y = problem("real")
    weights = np.arange(120) % 3
    base = network("real", early_stopping=True)
    bag = BaggingEnsemble(base, 3, random_state=0).fit(X, y, weights)
    for member, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        out = left_out(rows, 120)
        out = out[weights[out] > 0]
        other = clone(member).fit(
            X[rows], y[rows], X_val=X[out], y_val=y[out], sample_weight_val=weights[out]
        )
        assert_same([member], [other])


def test_members_get_the_weights_where_nothing_is_drawn():
    X, y = problem("multiclass")
    weights = np.arange(120) % 3
    base = network("multiclass", class_weight={0: 1, 1: 2, 2: 0.5})
    bag = BaggingEnsemble(base, 3, bootstrap=False, random_state=0)
    bag.fit(X, y, weights)
    others = [clone(member).fit(X, y, weights) for member in bag.estimators_]
    assert_same(bag.estimators_, others)
    tree = DecisionTreeClassifier(max_depth=3)
    bag = BaggingEnsemble(tree, 2, bootstrap=False, random_state=0).fit(X, y, weights)
    other = clone(bag.estimators_[0]).fit(X, y, weights)
    np.testing.assert_array_equal(
        bag.estimators_[0].predict_proba(X), other.predict_proba(X)
    )


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_pipelines(kind, early_stopping):
    X, y = problem(kind)
    base = make_pipeline(StandardScaler(), network(kind, early_stopping=early_stopping))
    bag = BaggingEnsemble(base, 4, max_features=0.7, random_state=0).fit(X, y)
    draws = zip(bag.estimators_samples_, bag.estimators_features_, strict=True)
    others = []
    for member, (rows, columns) in zip(bag.estimators_, draws, strict=True):
        scaler = StandardScaler().fit(X[rows][:, columns])
        out = left_out(rows, len(y))
        arguments = {}
        if early_stopping:
            held_out = scaler.transform(X[out][:, columns])
            arguments = {"X_val": held_out, "y_val": y[out]}
        learned = scaler.transform(X[rows][:, columns])
        others.append(clone(member[-1]).fit(learned, y[rows], **arguments))
        np.testing.assert_array_equal(member[0].mean_, scaler.mean_)
    assert_same([member[-1] for member in bag.estimators_], others)


@pytest.mark.parametrize("memory", [True, False])
def test_pipelines_that_cannot_train_together(memory, tmp_path):
    X, y = problem("binary")
    steps = [StandardScaler()] if memory else []
    where = str(tmp_path) if memory else None
    base = make_pipeline(*steps, network("binary"), memory=where)
    bag = BaggingEnsemble(base, 3, random_state=0).fit(X, y)
    for member, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        other = clone(member).fit(X[rows], y[rows])
        np.testing.assert_array_equal(flat(member[-1]), flat(other[-1]))


@pytest.fixture(scope="module")
def reference():
    """Return an ensemble fitted in one process, and its data."""
    X, y = problem("multiclass", n_rows=200)
    base = network("multiclass", early_stopping=True, dropout=0.2)
    return BaggingEnsemble(base, 25, oob_score=True, random_state=3).fit(X, y), X, y


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@pytest.mark.parametrize("n_jobs", [2, 3])
def test_workers(n_jobs, backend, reference):
    bag, X, y = reference
    other = clone(bag).set_params(n_jobs=n_jobs)
    with parallel_config(backend=backend):
        other.fit(X, y)
        probabilities = other.predict_proba(X)
    assert_same(bag.estimators_, other.estimators_)
    np.testing.assert_array_equal(bag.predict_proba(X), probabilities)
    np.testing.assert_array_equal(
        bag.oob_decision_function_, other.oob_decision_function_
    )


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_members_go_on_alike(n_jobs, reference):
    bag, X, y = reference
    other = clone(bag).set_params(n_jobs=n_jobs).fit(X, y)
    first, second = bag.estimators_[0], other.estimators_[0]
    for member in (first, second):
        member.set_params(early_stopping=False)
    np.testing.assert_array_equal(
        flat(pickle.loads(pickle.dumps(first)).partial_fit(X, y)),
        flat(second.partial_fit(X, y)),
    )
    first.set_params(early_stopping=True)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_blocks(size, reference, monkeypatch):
    bag, X, y = reference
    monkeypatch.setattr(blocks, "_BLOCKS", ((np.inf, size),))
    assert_same(bag.estimators_, clone(bag).fit(X, y).estimators_)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_threads_of_blas(n_jobs, monkeypatch):
    X, y = problem("real", n_rows=300, n_features=50)
    base = MLPRegressor(hidden_layer_sizes=(256,), max_iter=2, batch_size=256)
    bag = BaggingEnsemble(base, 2, random_state=0).fit(X, y)
    assert_same(bag.estimators_, alone(bag, X, y))
    monkeypatch.setattr(blocks, "THREADS_FROM", 0)
    threaded = clone(bag).set_params(n_jobs=n_jobs).fit(X, y)
    assert_same(bag.estimators_, threaded.estimators_)


@pytest.mark.parametrize(
    ("cost", "size"), [(0.0, 64), (100.0, 64), (5e6, 16), (2e7, 4), (1e9, 1)]
)
def test_sizes_of_blocks(cost, size):
    assert blocks.block_size(cost) == size


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_other_members(n_jobs):
    X, y = problem("reals")
    bag = BaggingEnsemble(Ridge(), 5, n_jobs=n_jobs, random_state=0, max_features=4)
    bag.fit(X, y)
    draws = zip(bag.estimators_samples_, bag.estimators_features_, strict=True)
    for member, (rows, columns) in zip(bag.estimators_, draws, strict=True):
        other = Ridge().fit(X[rows][:, columns], y[rows])
        np.testing.assert_array_equal(member.coef_, other.coef_)


def test_a_network_of_ones_own_is_fitted_by_its_own_fit():
    calls = []

    class Own(MLPClassifier):
        def fit(self, X, y):
            calls.append(X.shape)
            return super().fit(X, y)

    X, y = problem("binary")
    BaggingEnsemble(Own(**SHORT), 3, random_state=0).fit(X, y)
    assert calls == [(120, 6)] * 3


def test_data_are_shared(monkeypatch):
    X, y = problem("multiclass")
    seen = []
    original = fitting.fit_together

    def spy(requests):
        seen.extend(request.part.pool for request in requests)
        return original(requests)

    monkeypatch.setattr(fitting, "fit_together", spy)
    BaggingEnsemble(network("multiclass"), 4, random_state=0).fit(X, y)
    assert len(seen) == 4
    assert all(pool is seen[0] for pool in seen)
    assert np.shares_memory(seen[0].X, X)
    assert len(seen[0]._encoded) == 1


class ThreadCounter(Ridge):
    """Notes how many threads BLAS has while it is fitted."""

    def fit(self, X, y):
        self.n_threads_ = [
            library["num_threads"]
            for library in threadpool_info()
            if library["user_api"] == "blas"
        ]
        return super().fit(X, y)


@pytest.mark.parametrize("backend", ["sequential", "loky", "threading"])
def test_blas_has_one_thread(backend):
    X, y = problem("real")
    with threadpool_limits(2, "blas"), parallel_config(backend=backend, n_jobs=2):
        bag = BaggingEnsemble(ThreadCounter(), 4, random_state=0).fit(X, y)
        after = threadpool_info()
    assert all(set(member.n_threads_) == {1} for member in bag.estimators_)
    assert {lib["num_threads"] for lib in after if lib["user_api"] == "blas"} == {2}
