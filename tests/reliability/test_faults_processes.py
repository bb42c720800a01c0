"""Children that fit after their parents have, and threads that share one model."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from sklearn.base import clone

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor, MultiTaskMLP
from tests.cases import problem
from tests.reliability.faults import LONGER, ROOT, count

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CHILDREN = """
import json, multiprocessing, sys, warnings
import numpy as np
from skregnet import BaggingEnsemble, MLPClassifier

warnings.simplefilter("ignore")


def fit(_=None):
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(500, 60)), rng.randint(3, size=500)
    found = []
    for network in (
        MLPClassifier((200,), batch_size=250, max_iter=3, random_state=0),
        MLPClassifier((20,), solver="lbfgs", max_iter=3, random_state=0),
        BaggingEnsemble(
            MLPClassifier((20,), max_iter=3), 3, n_jobs=N_JOBS, random_state=0
        ),
    ):
        found.append(network.fit(X, y).predict_proba(X).tolist())
    return found


N_JOBS = None

if __name__ == "__main__":
    method, n_times = sys.argv[1], int(sys.argv[2])
    # Threads of BLAS, in both of its copies, and of Numba.
    big = np.ones((600, 600))
    big @ big
    here = fit()
    context = multiprocessing.get_context(method)
    for _ in range(n_times):
        with context.Pool(2) as pool:
            there = pool.map_async(fit, range(4)).get(timeout=300)
        assert all(found == here for found in there)
    assert fit() == here
    print(json.dumps("done"))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children(method, tmp_path):
    script = tmp_path / "children.py"
    script.write_text(CHILDREN)
    threads = {"OPENBLAS", "OMP", "MKL", "NUMBA"}
    process = subprocess.run(
        [sys.executable, script, method, str(LONGER)],
        env=os.environ
        | {f"{name}_NUM_THREADS": "2" for name in threads}
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600 * LONGER,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    assert json.loads(process.stdout) == "done"
    count("children that fit", {method: 4 * LONGER})


SMALL = {"hidden_layer_sizes": (16,), "max_iter": 5, "random_state": 0}
MODELS = {
    "classifier": MLPClassifier(**SMALL),
    "batch norm": MLPClassifier(**SMALL, batch_norm="after"),
    "regressor": MLPRegressor(**SMALL),
    "tasks": MultiTaskMLP(**SMALL),
    "ensemble": BaggingEnsemble(MLPClassifier(**SMALL), 4, random_state=0),
}


@pytest.mark.parametrize("name", MODELS)
def test_eight_threads(name):
    X, labels = problem("multiclass", n_rows=700)
    y = np.column_stack([labels, X[:, 0]]) if name == "tasks" else labels
    model = clone(MODELS[name]).fit(X, y)
    slices = [slice(k, k + 60 + 7 * k) for k in range(40)]
    expected = [clone(model).fit(X, y).predict(X[rows]) for rows in slices[:1]]
    expected += [model.predict(X[rows]) for rows in slices[1:]]
    fresh = clone(model).fit(X, y)
    barrier = Barrier(8)

    def predict(thread):
        barrier.wait()
        order = np.random.RandomState(thread).permutation(len(slices))
        for k in np.tile(order, 3 * LONGER):
            np.testing.assert_array_equal(fresh.predict(X[slices[k]]), expected[k])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(predict, range(8)))
    count("calls of predict in 8 threads", {name: 8 * 3 * LONGER * len(slices)})


def test_threads_that_fit():
    X, y = problem("multiclass")
    expected = MLPClassifier(**SMALL).fit(X, y).predict_proba(X)
    barrier = Barrier(8)

    def fit(_):
        barrier.wait()
        for _ in range(2 * LONGER):
            found = MLPClassifier(**SMALL).fit(X, y).predict_proba(X)
            np.testing.assert_array_equal(found, expected)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(fit, range(8)))
