"""Processes that are killed: workers of a fit, and programs that write checkpoints."""

import os
import re
import signal
from contextlib import contextmanager, nullcontext

import joblib
import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

from skregnet import BaggingEnsemble, MLPClassifier
from tests.cases import problem
from tests.reliability.faults import LONGER, count, is_as_before, run_program

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = problem("multiclass")


def killing(directory, n_kills):
    """Return a schedule that kills its process, but not this one, so many times."""
    this = os.getpid()

    def constant(_):
        n_done = len(list(directory.iterdir()))
        if os.getpid() != this and n_done < n_kills:
            (directory / str(n_done)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    return constant


def ensemble(**parameters):
    """Return an ensemble of small networks, and the same, fitted in this process."""
    network = MLPClassifier((4,), max_iter=3, random_state=0)
    bag = BaggingEnsemble(network.set_params(**parameters), 4, n_jobs=2)
    return bag.set_params(random_state=0)


def probabilities_here():
    """Return what the ensemble gives without any fault."""
    return ensemble().set_params(n_jobs=None).fit(X, Y).predict_proba(X)


def check_a_killed_worker(bag, error, message, during=nullcontext):
    """Kill a worker in a second fit: the first stays, and a third one works."""
    expected = probabilities_here()
    before = dict(vars(bag))
    with pytest.raises(error, match=message), during():
        bag.fit(X, Y)
    assert is_as_before(bag, before)
    np.testing.assert_array_equal(bag.predict_proba(X), expected)
    bag.estimator.learning_rate = "constant"
    np.testing.assert_array_equal(bag.fit(X, Y).predict_proba(X), expected)


def test_a_worker_of_loky(tmp_path):
    for k in range(1 * LONGER):
        bag = ensemble().fit(X, Y)
        (tmp_path / str(k)).mkdir()
        bag.estimator.learning_rate = killing(tmp_path / str(k), 1)
        with joblib.parallel_config("loky"):
            check_a_killed_worker(
                bag, TerminatedWorkerError, "worker process .* was unexpectedly term"
            )
        count("a worker of loky killed", {"as before": 1})


@pytest.fixture(scope="module")
def dask_cluster(tmp_path_factory):
    """Start two workers on this machine, that are started anew when they die."""
    distributed = pytest.importorskip("distributed")
    import dask

    settings = {
        "temporary_directory": str(tmp_path_factory.mktemp("dask")),
        "distributed.scheduler.allowed-failures": 1,
        "distributed.comm.timeouts.connect": "10s",
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_worker_of_dask(dask_cluster, tmp_path):
    # Dask gives the work of one that died to another.
    dask_cluster.wait_for_workers(2)
    (tmp_path / "once").mkdir()
    bag = ensemble(learning_rate=killing(tmp_path / "once", 1))
    with joblib.parallel_config("dask"):
        found = bag.fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(found, probabilities_here())
    assert len(list((tmp_path / "once").iterdir())) == 1
    count("a worker of Dask killed", {"same result": 1})


def interrupt(*_):
    """Press Ctrl-C."""
    raise KeyboardInterrupt


@contextmanager
def interrupted():
    """Press Ctrl-C after 5 seconds, if it lasts so long."""
    former = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def test_workers_of_dask_that_die_again_and_again(dask_cluster, tmp_path):
    # Where Dask gives a task up, joblib waits for it until the user does too.
    dask_cluster.wait_for_workers(2)
    bag = ensemble().fit(X, Y)
    bag.estimator.learning_rate = killing(tmp_path, np.inf)
    with joblib.parallel_config("dask"):
        check_a_killed_worker(bag, (KeyboardInterrupt, Exception), None, interrupted)
    count("all workers of Dask killed", {"as before": 1})


KILLED = """
import json, os, random, signal, sys, time, warnings
from pathlib import Path
import numpy as np
from skregnet import MLPClassifier
from skregnet.callbacks import Checkpoint

warnings.simplefilter("ignore")
directory, n_kills = Path(sys.argv[1]), int(sys.argv[2])
rng = random.Random(0)
numbers = np.random.RandomState(0)
X, y = numbers.normal(size=(60, 4)), numbers.randint(3, size=60)


def network():
    mlp = MLPClassifier((30,), max_iter=100 * n_kills, tol=0.0, dropout=0.2)
    return mlp.set_params(n_iter_no_change=10**6, random_state=0)


def saved():
    return max((p.stat().st_mtime_ns for p in directory.glob("*.npz")), default=0)


expected = network().fit(X, y)
n_killed = n_cut = 0
parts = set()
for _ in range(n_kills):
    earlier = saved()
    child = os.fork()
    if not child:
        network().set_callbacks(Checkpoint(directory, every=1)).fit(X, y)
        os._exit(0)
    ended = status = 0
    while saved() == earlier and not ended:
        time.sleep(0.001)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        time.sleep(rng.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    n_killed += os.WIFSIGNALED(status)
    now = set(directory.glob("*.part"))
    n_cut += bool(now - parts)
    parts |= now
found = network().set_callbacks(Checkpoint(directory, every=100)).fit(X, y)
same = all((a == b).all() for a, b in zip(
    [*found.coefs_, *found.intercepts_], [*expected.coefs_, *expected.intercepts_]))
print(json.dumps({
    "same": bool(same and found.loss_curve_ == expected.loss_curve_),
    "n_killed": n_killed, "n_cut": n_cut,
    "n_left": len(list(directory.glob("*.part"))),
}))
"""


def test_a_program_that_is_killed_again_and_again(tmp_path):
    n_kills = 10 * LONGER
    found = run_program(KILLED, tmp_path, n_kills)
    assert found["same"]
    # On a busy machine training may be over before the last ones.
    assert found["n_killed"] > n_kills // 2
    assert found["n_left"] <= found["n_cut"]
    outcomes = {
        "resumed": found["n_killed"],
        "in the middle of writing": found["n_cut"],
    }
    outcomes["resumed"] -= found["n_cut"]
    count("a program killed between checkpoints", outcomes)


FULL = """
import json, resource, sys, warnings
from pathlib import Path
import numpy as np
from skregnet import MLPClassifier
from skregnet.callbacks import Checkpoint
from skregnet.callbacks._snapshot_file import read_snapshot

directory = Path(sys.argv[1])
numbers = np.random.RandomState(0)
X, y = numbers.normal(size=(60, 4)), numbers.randint(3, size=60)


class Fill:
    def setup(self, estimator, context): pass
    def teardown(self, estimator, context): pass
    def on_fit_task_begin(self, estimator, context):
        files = list(directory.glob("*.npz"))
        if context.task_name == "epoch" and context.task_id == 5 and files:
            size = files[0].stat().st_size // 2
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    def on_fit_task_end(self, estimator, context): pass


def network():
    return MLPClassifier((30,), max_iter=10, random_state=0)


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    found = network().set_callbacks(Checkpoint(directory, every=2), Fill()).fit(X, y)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
warnings.simplefilter("ignore")
(path,) = directory.iterdir()
n_epochs = read_snapshot(path)["n_epochs"]
expected = network().fit(X, y)
resumed = network().set_callbacks(Checkpoint(directory)).fit(X, y)
print(json.dumps({
    "said": [str(warning.message) for warning in said],
    "n_epochs": n_epochs,
    "same": bool((found.coefs_[0] == expected.coefs_[0]).all()),
    "resumed": bool((resumed.coefs_[0] == expected.coefs_[0]).all()),
}))
"""


def test_a_file_that_may_not_grow(tmp_path):
    found = run_program(FULL, tmp_path)
    assert found["n_epochs"] == 4
    assert found["same"]
    assert found["resumed"]
    count("a checkpoint that may not grow", {"the last one stays": 1})
    assert any(
        re.search("could not be written .*the last checkpoint stays", said)
        for said in found["said"]
    )
