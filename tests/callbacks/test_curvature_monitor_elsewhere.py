"""Curvature recorded in pipelines, searches and ensembles, of any data; and errors."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skregnet import BaggingEnsemble, MLPClassifier, MultiTaskMLP
from skregnet.callbacks import CurvatureMonitor
from skregnet.curvature import hessian
from tests.callbacks.watching import (
    NAMES,
    SETTINGS,
    Keeper,
    assert_recorded,
    by_numpy,
    records,
    watch,
)
from tests.cases import problem
from tests.multi_task import mixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def as_frame(X):
    return pd.DataFrame(X, columns=[f"feature {k}" for k in range(X.shape[1])])


@pytest.mark.parametrize("max_samples", [50, 1000])
@pytest.mark.parametrize(
    "change", [as_frame, sparse.csr_array, sparse.csc_matrix, sparse.coo_array, list]
)
def test_containers(change, max_samples):
    X, y = problem("multiclass")
    names = np.array(["red", "green", "blue"])[y]
    found = []
    for features, targets in [(X, y), (change(X), names), (change(X), list(names))]:
        monitor = CurvatureMonitor(max_samples=max_samples, penalties=True)
        watch(monitor, (features, targets), solver="lbfgs")
        found.append(records(monitor, "trace"))
    np.testing.assert_array_equal(found[1], found[2])
    assert np.isfinite(found).all()
    # Classes in another order start from other weights, but sums are what they are.
    monitor = CurvatureMonitor(max_samples=max_samples, penalties=True)
    watch(monitor, (X, names), solver="lbfgs")
    np.testing.assert_allclose(found[1], records(monitor, "trace"), rtol=1e-6)


def test_float32():
    X, y = problem("multiclass")
    monitor = CurvatureMonitor()
    kept = watch(monitor, (X.astype(np.float32), y))
    assert kept["fit", 0].coefs_[0].dtype == np.float32
    assert_recorded(monitor, kept, X.astype(np.float32).astype(float), y)


def test_frame_of_targets_and_missing_ones():
    X, Y = mixture()
    Y = Y.astype(object).mask(np.random.RandomState(0).uniform(size=Y.shape) < 0.3)
    monitor = CurvatureMonitor(max_samples=60)
    watch(monitor, (as_frame(X), Y), MultiTaskMLP)
    assert np.isfinite(records(monitor, "trace")).all()


def test_pipeline():
    X, y = problem("multiclass")
    monitor, keeper = CurvatureMonitor(every=2), Keeper()
    mlp = MLPClassifier(**SETTINGS).set_callbacks(monitor, keeper)
    pipeline = make_pipeline(PCA(3), mlp).fit(X, y)
    values = records(monitor)
    assert {name for name, _ in values} == {"epoch", "fit"}
    expected = by_numpy(hessian(pipeline[-1], pipeline[:-1].transform(X), y))
    # The network is the second step of the pipeline.
    np.testing.assert_allclose(values["fit", 1], expected, rtol=1e-6)


def test_search_in_other_processes():
    X, y = problem("multiclass")
    runs = []
    for n_jobs in (1, 2):
        monitor = CurvatureMonitor(every=2)
        mlp = MLPClassifier(**SETTINGS).set_callbacks(monitor)
        search = GridSearchCV(mlp, {"alpha": [0.1, 1.0]}, cv=2, n_jobs=n_jobs)
        search.fit(X, y)
        runs.append(monitor.get_logs().data)
    assert runs[0] == runs[1]
    # Of every fit two epochs and what it ends with; the last fit is the refit.
    assert len(runs[0]) == (2 * 2 + 1) * 3
    paths = {row["task_id_path"] for row in runs[0]}
    assert len(paths) == len(runs[0])
    assert [run.run_id for run in monitor.get_logs(select="all")] == [
        monitor.get_logs().run_id
    ]


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("parameters", [{}, {"max_features": 3, "bootstrap": False}])
def test_members_of_an_ensemble(n_jobs, parameters):
    X, y = problem("multiclass")
    weights = np.repeat([1.0, 2.0], 60)
    monitor = CurvatureMonitor(every=2)
    mlp = MLPClassifier(**SETTINGS).set_callbacks(monitor)
    ensemble = BaggingEnsemble(
        mlp, n_estimators=3, random_state=0, n_jobs=n_jobs, **parameters
    ).fit(X, y, sample_weight=weights)
    rows = [row for run in monitor.get_logs(select="all") for row in run.data]
    assert len(rows) == 3 * 3
    of_fits = sorted(r["largest_eigenvalue"] for r in rows if r["task_name"] == "fit")
    expected = []
    for member, drawn, columns in zip(
        ensemble.estimators_,
        ensemble.estimators_samples_,
        ensemble.estimators_features_,
        strict=True,
    ):
        features = X[drawn][:, columns]
        handed = weights[drawn] if parameters else None
        expected.append(by_numpy(hessian(member, features, y[drawn], handed))[0])
    np.testing.assert_allclose(of_fits, sorted(expected), rtol=1e-9)


def test_partial_fit_is_a_run_of_one_epoch():
    X, y = problem("binary")
    monitor = CurvatureMonitor()
    mlp = MLPClassifier(**SETTINGS).set_callbacks(monitor)
    for _ in range(2):
        mlp.partial_fit(X, y, classes=[0, 1])
    runs = monitor.get_logs(select="all")
    assert [len(run.data) for run in runs] == [2, 2]
    expected = by_numpy(hessian(mlp, X, y))
    np.testing.assert_allclose(
        [row["largest_eigenvalue"] for row in runs[1].data], expected[0]
    )


@pytest.mark.parametrize(
    "make", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_have_logs_of_their_own(make):
    data, monitor = problem("binary"), CurvatureMonitor(every=2, max_samples=20)
    watch(monitor, data)
    twin = make(monitor)
    assert records(twin) == records(monitor)
    watch(twin, data, random_state=1)
    assert len(twin.get_logs(select="all")) == 2
    assert len(monitor.get_logs(select="all")) == 1
    watch(monitor, data, random_state=1)
    assert records(twin) == records(monitor)


def test_pickled_with_its_estimator():
    X, y = problem("binary")
    monitor = CurvatureMonitor()
    mlp = MLPClassifier(**SETTINGS).set_callbacks(monitor).fit(X, y)
    pickle.loads(pickle.dumps(mlp)).fit(X, y)
    assert len(monitor.get_logs(select="all")) == 1


def test_logs_as_frame():
    monitor = CurvatureMonitor(every=2)
    watch(monitor, problem("binary"))
    frame = monitor.get_logs(include_lineage=True).data_as_pandas
    assert list(frame["task_name"]) == ["fit", "epoch", "epoch"]
    assert set(NAMES) <= set(frame.columns)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("every", 0),
        ("every", 1.5),
        ("every", True),
        ("max_samples", 0),
        ("max_parameters", -1),
        ("n_products", 2),
        ("random_state", None),
        ("random_state", -1),
    ],
)
def test_numbers_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"{name} expects a whole number.*{value}"):
        CurvatureMonitor(**{name: value})


@pytest.mark.parametrize("given", [{"X"}, {"y"}, {"sample_weight"}])
def test_data_in_parts(given):
    with pytest.raises(ValueError, match="X and y expect data and targets"):
        CurvatureMonitor(**dict.fromkeys(given, np.ones(3)))


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        BaggingEnsemble(MLPClassifier(**SETTINGS)),
        GridSearchCV(MLPClassifier(**SETTINGS), {"alpha": [1.0]}),
        make_pipeline(PCA(), MLPClassifier(**SETTINGS)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_set_on_anything_but_a_network(estimator):
    estimator.set_callbacks(CurvatureMonitor())
    with pytest.raises(TypeError, match="set it on the network within"):
        estimator.fit(*problem("binary"))


def test_unsuitable_data_and_penalties():
    data = problem("binary")
    with pytest.raises(ValueError, match="6 features"):
        watch(CurvatureMonitor(X=np.ones((9, 5)), y=np.ones(9)), data)
    with pytest.raises(ValueError, match="activity_penalty='kl'"):
        watch(
            CurvatureMonitor(penalties=True),
            data,
            activity_penalty="kl",
            activity_alpha=0.1,
            activation="logistic",
        )


def test_no_logs():
    with pytest.raises(ValueError, match="No logs"):
        CurvatureMonitor().get_logs()
