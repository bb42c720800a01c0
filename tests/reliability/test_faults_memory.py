"""Memory: a limit that is reached, and many fits in a row."""

import pytest

from tests.reliability.faults import LONGER, count, run_program

LIMIT = """
import gc, json, resource, sys, warnings
import numpy as np
from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor

warnings.simplefilter("ignore")
kind, n_times = sys.argv[1], int(sys.argv[2])
rng = np.random.RandomState(0)
X, y = rng.normal(size=(300, 50)), rng.randint(3, size=300)
page = resource.getpagesize()


def pages(k):
    with open("/proc/self/statm") as file:
        return int(file.read().split()[k]) * page


def model(units):
    network = MLPClassifier((units, units), max_iter=2, random_state=0)
    if kind in ("lbfgs", "newton_cg", "eigen_step"):
        network.set_params(solver=kind)
    if kind == "early stopping":
        network.set_params(early_stopping=True)
    if kind == "batch norm":
        network.set_params(batch_norm="before", dropout=0.1)
    if kind == "ensemble":
        return BaggingEnsemble(network, 3, random_state=0)
    return network


fitted = model(8).fit(X, y)
units = 300 if kind in ("eigen_step", "newton_cg") else 700
big = model(units)
big.fit(X, y)  # everything is loaded, compiled, and has its threads
expected = fitted.predict_proba(X)
model(8).fit(X, y)
big = None
gc.collect()
before = pages(1)
counts, messages, most = {}, set(), 0
for k in range(n_times):
    # Room for one vector of parameters up to room for ten.
    room = int(rng.uniform(1, 10) * 8 * (units**2 + 53 * units))
    resource.setrlimit(resource.RLIMIT_AS, (pages(0) + room, -1))
    network = getattr(fitted, "estimator", fitted)
    network.hidden_layer_sizes = (units, units)
    state = dict(vars(fitted))
    try:
        fitted.fit(X, y)
        outcome = "done"
    except MemoryError as error:
        outcome = "MemoryError"
        messages.add(str(error)[:60])
        error = None
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    counts[outcome] = counts.get(outcome, 0) + 1
    if outcome == "MemoryError":
        assert vars(fitted).keys() == state.keys()
        assert all(vars(fitted)[name] is state[name] for name in state)
    state = None
    network.hidden_layer_sizes = (8, 8)
    if outcome == "MemoryError":
        assert (fitted.predict_proba(X) == expected).all()
    assert (fitted.fit(X, y).predict_proba(X) == expected).all()
    gc.collect()
    most = max(most, pages(1) - before)
print(json.dumps({"counts": counts, "messages": sorted(messages), "grown": most}))
"""

KINDS = ["adam", "lbfgs", "newton_cg", "eigen_step", "early stopping", "batch norm"]


@pytest.mark.parametrize("kind", [*KINDS, "ensemble"])
def test_a_limit(kind):
    found = run_program(LIMIT, kind, 12 * LONGER)
    assert found["counts"]["MemoryError"] >= 4 * LONGER
    assert any("Unable to allocate" in message for message in found["messages"])
    assert found["grown"] < 30e6
    count("a limit of memory", found["counts"])


MANY = """
import gc, json, resource, sys, warnings
import numpy as np
from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from skregnet.callbacks import Checkpoint, ParameterPath, TimeLimit

warnings.simplefilter("ignore")
n_times = int(sys.argv[1])
rng = np.random.RandomState(0)
X, y = rng.normal(size=(100, 100)), rng.randint(3, size=100)
small = {"hidden_layer_sizes": (50,), "max_iter": 1}


def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def with_callbacks():
    return MLPClassifier(**small).set_callbacks(ParameterPath(), TimeLimit(100))


kept = MLPClassifier(**small)
ways = {
    "classifier": lambda: MLPClassifier(**small).fit(X, y),
    "again": lambda: kept.fit(X, y),
    "regressor": lambda: MLPRegressor(**small).fit(X, X[:, 0]),
    "lbfgs": lambda: MLPClassifier(**small, solver="lbfgs").fit(X, y),
    "ensemble": lambda: BaggingEnsemble(MLPClassifier(**small), 3).fit(X, y),
    "early stopping": lambda: MLPClassifier(**small, early_stopping=True).fit(X, y),
    "callbacks": lambda: with_callbacks().fit(X, y),
    "partial_fit": lambda: kept.partial_fit(X, y),
    "refused": lambda: refused(),
}


def refused():
    try:
        MLPClassifier((50,), max_iter=2, learning_rate_init=1e300).fit(X, y)
    except ValueError:
        return
    raise AssertionError


grown = {}
for name, way in ways.items():
    for _ in range(30):
        way().predict(X) if name != "refused" else way()
    before = resident()
    for _ in range(n_times):
        way().predict(X) if name != "refused" else way()
    grown[name] = resident() - before
print(json.dumps(grown))
"""


def test_many_fits_in_a_row():
    grown = run_program(MANY, 200 * LONGER)
    assert len(grown) == 9
    # One fit has vectors of some 5,000 numbers, several of them, and 80 kB of data:
    # 200 fits that kept one of these each would take 8 MB at least.
    assert max(grown.values()) < 3e6, grown
    count("fits in a row", {"no growth": 200 * LONGER * len(grown)})
