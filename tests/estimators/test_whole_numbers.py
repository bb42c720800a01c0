"""Features that are integers become floats block by block."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor, MultiTaskMLP

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS = {"hidden_layer_sizes": (16,), "max_iter": 1, "random_state": 0}
MODELS = [
    MLPClassifier(**SETTINGS),
    MLPRegressor(**SETTINGS),
    MultiTaskMLP(**SETTINGS),
    BaggingEnsemble(MLPClassifier(**SETTINGS), 2, max_features=0.5, random_state=0),
]
WHOLE = np.random.default_rng(0).integers(0, 2, (1_500, 40))
models = pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)


def outputs_of(model, X):
    """Return all that a model says of samples."""
    names = ("predict", "predict_proba", "predict_log_proba", "hidden_features")
    return [getattr(model, name)(X) for name in names if hasattr(model, name)]


@models
@pytest.mark.parametrize("weights", [np.float32, np.float64])
@pytest.mark.parametrize("dtype", ["u1", "i2", ">i4", "i8", "u8", "?"])
@pytest.mark.parametrize(
    "container", [np.asarray, np.asfortranarray, sparse.csr_array, pd.DataFrame]
)
def test_integers_are_predicted_as_floats_are(model, container, dtype, weights):
    if dtype == ">i4" and container in (sparse.csr_array, pd.DataFrame):
        pytest.skip("no such numbers in it")
    model.fit(WHOLE[:500].astype(weights), WHOLE[:500, 0])
    X = container(WHOLE.astype(dtype))
    floats = container(WHOLE.astype(np.float64))
    for found, expected in zip(
        outputs_of(model, X), outputs_of(model, floats), strict=True
    ):
        np.testing.assert_array_equal(found, expected, strict=True)
    assert model.score(X, WHOLE[:, 0]) == model.score(floats, WHOLE[:, 0])


@models
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_predicting_integers_takes_little_memory(model, dtype):
    X = np.tile(WHOLE, (8, 5)).astype(dtype)
    if isinstance(model, BaggingEnsemble):
        model = clone(model).set_params(max_features=1.0)
    model.fit(X[:500], X[:500, 0])
    outputs_of(model, X[:600])
    tracemalloc.start()
    try:
        model.predict(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < X.size * 8 / 2
