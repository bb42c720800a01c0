"""What a fit takes of memory, and leaves in it."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FITS = [
    ("fit", MLPClassifier()),
    ("fit", MLPClassifier(early_stopping=True, batch_norm="before")),
    ("fit", MLPClassifier(solver="lbfgs")),
    ("partial_fit", MLPClassifier()),
    ("partial_fit", MLPClassifier(batch_norm="after")),
    ("fit", BaggingEnsemble(MLPClassifier(max_iter=2), 2)),
]


@pytest.mark.parametrize(("method", "model"), FITS)
def test_data_are_let_go(method, model):
    if isinstance(model, MLPClassifier):
        model.set_params(hidden_layer_sizes=(4,), max_iter=2)
    arguments = {"classes": [0, 1]} if method == "partial_fit" else {}
    # Only what is in a circle of references waits for the collector.
    gc.disable()
    try:
        X, y = np.random.default_rng(0).normal(size=(100, 4)), np.arange(100) % 2
        known = weakref.ref(X)
        getattr(model, method)(X, y, **arguments)
        del X
        assert known() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "solver", ["adam", "delta_bar_delta", "lbfgs", "newton_cg", "eigen_step"]
)
def test_a_fit_does_not_hold_all_samples_again(solver):
    X = np.random.default_rng(0).normal(size=(60_000, 10))
    y = X[:, 0]
    mlp = MLPRegressor(
        hidden_layer_sizes=(30,),
        solver=solver,
        max_iter=1,
        shuffle=False,
        random_state=0,
        early_stopping=solver != "lbfgs",
    )
    tracemalloc.start()
    try:
        mlp.fit(X, y)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The hidden activations of all samples would take three times X.
    assert peak < 1.7 * X.nbytes
