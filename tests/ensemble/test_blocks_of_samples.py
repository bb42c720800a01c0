"""Outputs of all members at once, in blocks of samples, against whole arrays."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skregnet import BaggingEnsemble, MLPRegressor, MultiTaskMLPRegressor
from skregnet._networks import plain as of_networks
from skregnet.ensemble import _combining as combining
from skregnet.ensemble import _out_of_bag as out_of_bag
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 3}
N_ROWS = 1700
KINDS = ["real", "reals"]
BASES = [
    MLPRegressor(**SHORT),
    MultiTaskMLPRegressor(**SHORT),
    make_pipeline(StandardScaler(), MLPRegressor(**SHORT)),
    DecisionTreeRegressor(max_depth=3),
]


@pytest.fixture
def _small_blocks(monkeypatch):
    """Make blocks of as many samples as networks predict at once."""
    monkeypatch.setattr(combining, "ROWS", 512)
    monkeypatch.setattr(out_of_bag, "ROWS", 512)
    monkeypatch.setattr(combining, "_HELD", 1)


def test_blocks_are_whole_blocks_of_networks():
    assert combining.ROWS % of_networks._BLOCK_ROWS == 0


@pytest.mark.parametrize(
    ("n_samples", "sizes"),
    [
        (0, [0]),
        (1, [1]),
        (511, [511]),
        (1024, [512, 512]),
        (1535, [512, 1023]),
        (1536, [512] * 3),
    ],
)
@pytest.mark.usefixtures("_small_blocks")
def test_each_sample_is_in_one_block(n_samples, sizes):
    blocks = list(combining.sample_blocks(n_samples, 10))
    assert [block.stop - block.start for block in blocks] == sizes
    assert blocks[0].start == 0
    assert blocks[-1].stop == n_samples


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, sparse.csc_array])
@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("base", BASES, ids=lambda e: type(e).__name__)
@pytest.mark.usefixtures("_small_blocks")
def test_blocks_change_no_bit(base, n_jobs, make):
    if make is sparse.csc_array and not isinstance(base, MLPRegressor):
        pytest.skip("dense features")
    for kind in ["reals"] if isinstance(base, MultiTaskMLPRegressor) else KINDS:
        X, y = problem(kind, n_rows=N_ROWS)
        X = make(X)
        bag = BaggingEnsemble(base, 9, n_jobs=n_jobs, random_state=0)
        bag.set_params(voting="median", max_samples=100).fit(X, y)
        found = np.stack([member.predict(X) for member in bag])
        np.testing.assert_array_equal(bag.predict(X), np.median(found, axis=0))
        np.testing.assert_array_equal(bag.predict_std(X), found.std(axis=0))
        for shares in (0.3, [0.0, 0.5, 0.9]):
            np.testing.assert_array_equal(
                bag.predict_quantiles(X, shares), np.quantile(found, shares, axis=0)
            )


@pytest.mark.parametrize("base", BASES, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("max_samples", [0.9, 1.0])
@pytest.mark.usefixtures("_small_blocks")
def test_medians_out_of_bag(base, max_samples):
    for kind in ["reals"] if isinstance(base, MultiTaskMLPRegressor) else KINDS:
        X, y = problem(kind, n_rows=N_ROWS)
        bag = BaggingEnsemble(base, 4, oob_score=True, random_state=0)
        bag.set_params(voting="median", max_samples=max_samples)
        with pytest.warns(UserWarning, match="have no out-of-bag outputs"):
            bag.fit(X, y)
        found = np.full((4, *y.shape), np.nan)
        for k, rows in enumerate(bag.estimators_samples_):
            left = np.setdiff1d(np.arange(N_ROWS), rows)
            found[k, left] = bag[k].predict(X[left])
        is_there = ~np.isnan(found).all(axis=0)
        expected = np.full(y.shape, np.nan)
        expected[is_there] = np.nanmedian(found[:, is_there], axis=0)
        np.testing.assert_array_equal(bag.oob_prediction_, expected)


@pytest.mark.parametrize("method", ["predict", "predict_std", "predict_quantiles"])
def test_outputs_of_all_samples_are_not_held(method):
    X, y = problem("real", n_rows=120_000, n_features=1)
    bag = BaggingEnsemble(Ridge(), 50, voting="median", random_state=0)
    bag.fit(X[:100], y[:100])
    tracemalloc.start()
    getattr(bag, method)(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50 * len(X) * 8
