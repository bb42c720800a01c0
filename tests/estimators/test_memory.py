"""What a fit leaves in memory."""

import gc
import weakref

import numpy as np
import pytest

from skregnet import BaggingEnsemble, MLPClassifier

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
