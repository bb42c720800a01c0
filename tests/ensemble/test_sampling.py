"""Which rows and features members draw."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from skregnet import BaggingEnsemble, MLPClassifier
from skregnet.ensemble._sampling import Sampling, order_of_contents, sampling_of
from tests.cases import problem

X, Y = problem("multiclass", n_rows=60)


def sampling(weights=None, **parameters):
    """Return how an ensemble of these parameters draws."""
    ensemble = BaggingEnsemble(MLPClassifier(), **parameters)
    return sampling_of(ensemble, X, Y, weights)


@pytest.mark.parametrize(
    ("parameters", "n_rows", "n_columns"),
    [
        ({}, 60, None),
        ({"max_samples": 7}, 7, None),
        ({"max_samples": 0.5}, 30, None),
        ({"max_samples": 1e-9}, 1, None),
        ({"max_samples": None, "max_features": 0.5}, 60, 3),
        ({"max_samples": 100, "max_features": 1}, 100, 1),
        ({"bootstrap": False, "max_samples": 0.5, "max_features": 5}, 30, 5),
        ({"bootstrap": False, "bootstrap_features": True}, 60, 6),
    ],
)
def test_numbers(parameters, n_rows, n_columns):
    drawing = sampling(**parameters)
    draws = [drawing.draw(seed) for seed in range(20)]
    assert all(len(draw.rows) == n_rows for draw in draws)
    if n_columns is None:
        assert all(draw.columns is None for draw in draws)
    else:
        assert all(len(draw.columns) == n_columns for draw in draws)
    repeats_rows = any(len(np.unique(draw.rows)) < n_rows for draw in draws)
    assert repeats_rows == (parameters.get("bootstrap", True) and n_rows > 1)
    if n_columns:
        repeats = any(len(np.unique(draw.columns)) < n_columns for draw in draws)
        assert repeats == parameters.get("bootstrap_features", False)


def test_a_seed_makes_a_draw():
    drawing = sampling(max_features=0.5)
    first, again, other = (drawing.draw(seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.columns, again.columns)
    assert first.random_state.randint(2**30) == again.random_state.randint(2**30)
    assert (first.rows != other.rows).any()


def test_rows_left_out():
    draw = sampling().draw(0)
    left = draw.left_out(60)
    assert sorted({*draw.rows, *left}) == list(range(60))
    assert not set(draw.rows) & set(left)


@pytest.mark.parametrize("weights", [None, np.arange(60) % 4])
def test_rows_are_drawn_in_proportion_to_weights(weights):
    drawing = sampling(weights, max_samples=20_000)
    counts = np.bincount(drawing.draw(0).rows, minlength=60)
    shares = np.ones(60) if weights is None else weights
    assert not counts[shares == 0].any()
    there = shares > 0
    expected = shares[there] / shares.sum() * counts.sum()
    assert stats.chisquare(counts[there], expected).pvalue > 1e-3


def test_without_replacement_rows_without_weight_are_left():
    weights = (np.arange(60) % 3 > 0).astype(float)
    drawing = sampling(weights, bootstrap=False, max_samples=0.5)
    rows = drawing.draw(0).rows
    assert len(np.unique(rows)) == 20
    assert weights[rows].all()


def test_all_rows_come_in_their_order():
    drawing = sampling(bootstrap=False)
    assert drawing.takes_all_rows
    np.testing.assert_array_equal(drawing.draw(0).rows, np.arange(60))


def test_a_point_at_the_end_hits_the_last_row_with_weight():
    drawing = Sampling(3, 1, 1, 1, True, False, weights=np.array([1.0, 2.0, 0.0]))
    places = drawing._places(np.array([0.0, 1 / 3, 1 - 2**-53, 1.0]))
    np.testing.assert_array_equal(places, [0, 1, 1, 1])


def contents(features, rows):
    """Return the rows of features as tuples, sorted."""
    dense = features.toarray() if sparse.issparse(features) else np.asarray(features)
    return [tuple(row) for row in dense[rows]]


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, pd.DataFrame])
@pytest.mark.parametrize("labels", [Y, Y.astype(str), np.eye(3)[Y], X[:, 0]])
def test_rows_are_ordered_by_their_contents(labels, make):
    shuffled = np.random.RandomState(1).permutation(60)
    order = order_of_contents(make(X), labels)
    other = order_of_contents(make(X[shuffled]), labels[shuffled])
    assert contents(X, order) == contents(X[shuffled], other)


def test_targets_tell_rows_apart():
    features, y = np.zeros((4, 2)), np.array([3.0, 1.0, 2.0, 0.0])
    order = order_of_contents(features, y)
    other = order_of_contents(features, y[::-1].copy())
    assert y[order].tolist() == y[::-1][other].tolist()


def test_words_are_taken_as_they_come():
    frame = pd.DataFrame({"word": ["a", "b", "a"], "number": [1.0, 2.0, 3.0]})
    assert order_of_contents(frame, np.array([0, 1, 0])) is None


def test_a_row_of_weight_two_is_two_rows():
    weights = np.arange(60) % 4
    shuffled = np.random.RandomState(1).permutation(60)
    ensemble = BaggingEnsemble(MLPClassifier())
    weighted = sampling_of(ensemble, X[shuffled], Y[shuffled], weights[shuffled])
    repeated = np.repeat(np.arange(60), weights)
    plain = sampling_of(ensemble, X[repeated], Y[repeated], None)
    for seed in range(3):
        one, other = weighted.draw(seed).rows, plain.draw(seed).rows
        assert contents(X[shuffled], one) == contents(X[repeated], other)


@pytest.mark.parametrize(
    ("parameters", "weights", "message"),
    [
        ({"max_features": 7}, None, "at most the 6 features"),
        ({"bootstrap": False, "max_samples": 61}, None, "there are 60"),
        ({"bootstrap": False, "max_samples": 50}, np.arange(60) % 2, "there are 30"),
    ],
)
def test_more_than_there_is(parameters, weights, message):
    with pytest.raises(ValueError, match=message):
        sampling(weights, **parameters)


@pytest.mark.parametrize(
    ("weights", "parameters", "expected"),
    [
        (np.arange(60) % 3, {}, 60),
        (np.arange(60) % 4, {}, 90),
        (np.arange(60) % 4, {"max_samples": 0.5}, 45),
        (np.arange(60) % 4, {"max_samples": None}, 60),
        (np.arange(60) % 4, {"max_samples": 0.4, "bootstrap": False}, 18),
        # Not numbers of rows: relative weights of the rows that have any.
        ((np.arange(60) % 4) / 90, {}, 45),
        ((np.arange(60) % 4) / 90, {"max_samples": 0.2}, 9),
    ],
)
def test_shares_of_weighted_rows(weights, parameters, expected):
    assert sampling(weights, **parameters).n_drawn_rows == expected
