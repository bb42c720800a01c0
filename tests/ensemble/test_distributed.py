"""What Dask's workers learn is to the last bit what this process learns."""

import os

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from skregnet import BaggingEnsemble, MLPClassifier
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

GRID = {"alpha": [1e-4, 1e-1], "hidden_layer_sizes": [(4,), (6,)]}


@pytest.fixture(scope="module")
def dask_cluster(tmp_path_factory):
    """Start two workers on this machine."""
    distributed = pytest.importorskip("distributed")
    import dask

    with (
        dask.config.set(temporary_directory=str(tmp_path_factory.mktemp("dask"))),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            # The default port may be taken, by this test in another process.
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield


def tracked(directory):
    """Return a classifier whose training leaves the id of its process in files."""

    def constant(_):
        (directory / str(os.getpid())).touch()
        return 1.0

    return MLPClassifier((4,), max_iter=3, random_state=0, learning_rate=constant)


def other_processes(directory):
    """Return the ids of the processes but this that have trained one."""
    return {file.name for file in directory.iterdir()} - {str(os.getpid())}


def assert_same_weights(model, other):
    """Compare all weights and biases, bit by bit."""
    for name in ("coefs_", "intercepts_"):
        for ours, others in zip(
            getattr(model, name), getattr(other, name), strict=True
        ):
            np.testing.assert_array_equal(ours, others)


def check_ensemble(directory, **backend):
    """Fit an ensemble here and there, and compare."""
    X, y = problem("multiclass")
    ensemble = BaggingEnsemble(tracked(directory), 4, max_features=0.7, random_state=0)
    here = ensemble.fit(X, y)
    assert not other_processes(directory)
    with joblib.parallel_config(**backend):
        there = clone(ensemble).fit(X, y)
        probabilities = there.predict_proba(X)
    assert other_processes(directory)
    for name in ("estimators_samples_", "estimators_features_"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    for member, other in zip(there.estimators_, here.estimators_, strict=True):
        assert_same_weights(member, other)
    np.testing.assert_array_equal(probabilities, here.predict_proba(X))


def check_search(directory, **backend):
    """Search over networks here and there, and compare."""
    X, y = problem("multiclass")
    search = GridSearchCV(tracked(directory), GRID, cv=3, return_train_score=True)
    # Workers compute with one thread each, and products by several round otherwise.
    with threadpool_limits(1):
        here = search.fit(X, y)
    assert not other_processes(directory)
    with joblib.parallel_config(**backend):
        there = clone(search).fit(X, y)
    assert other_processes(directory)
    scores = [name for name in here.cv_results_ if name.endswith("_score")]
    assert "split2_train_score" in scores
    for name in scores:
        np.testing.assert_array_equal(there.cv_results_[name], here.cv_results_[name])
    assert_same_weights(there.best_estimator_, here.best_estimator_)
    np.testing.assert_array_equal(there.predict(X), here.predict(X))


def test_ensemble(dask_cluster, tmp_path):
    check_ensemble(tmp_path, backend="dask")


def test_search(dask_cluster, tmp_path):
    check_search(tmp_path, backend="dask")


def test_blocks_of_a_mapped_dask_array(tmp_path):
    dask_array = pytest.importorskip("dask.array")
    X, y = problem("multiclass")
    mapped = np.memmap(tmp_path / "X", np.float32, "w+", shape=X.shape)
    mapped[:] = X
    starts = range(0, len(X), 50)
    model = MLPClassifier((4,), random_state=0)
    lazy, reference = clone(model), clone(model)
    blocks = dask_array.from_array(mapped, chunks=(50, -1)).blocks
    for start, block in zip(starts, blocks, strict=True):
        labels = y[start : start + 50]
        rows = X[start : start + 50].astype(np.float32)
        lazy.partial_fit(block.compute(), labels, classes=np.unique(y))
        reference.partial_fit(rows, labels, classes=np.unique(y))
    assert lazy.coefs_[0].dtype == np.float32
    assert lazy.t_ == len(X)
    assert_same_weights(lazy, reference)
