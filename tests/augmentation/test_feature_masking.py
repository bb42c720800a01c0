"""Values are replaced as often as was asked for, and by what was asked for."""

import numpy as np
import pytest
from scipy import sparse

from skregnet.augmentation import FeatureMasking

N_ROWS, N_FEATURES = 2000, 20


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def coded(n_rows=N_ROWS, n_features=N_FEATURES):
    """Return values of which each tells its row and its feature; none is zero."""
    return np.arange(1.0, n_rows * n_features + 1).reshape(n_rows, n_features)


def masked(X, seed=0, **parameters):
    return FeatureMasking(**parameters).fit(X).augment(X, None, source(seed))[0]


def assert_frequency(events, probability):
    """Compare the share of what has come true, to four standard errors."""
    error = np.sqrt(probability * (1 - probability) / events.size)
    assert abs(events.mean() - probability) <= 4 * error


@pytest.mark.parametrize("fill", ["swap", "mean", "zero"])
@pytest.mark.parametrize("probability", [0.0, 0.003, 0.1, 0.25, 0.5, 0.9])
def test_values_are_replaced_as_often_as_asked(probability, fill):
    X = coded()
    is_replaced = masked(X, seed=1, probability=probability, fill=fill) != X
    assert_frequency(is_replaced, probability)
    assert_frequency(is_replaced[:, 3], probability)
    assert_frequency(is_replaced[:, :-1] & is_replaced[:, 1:], probability**2)


def donors_of(changed, n_features=N_FEATURES):
    """Return the one other row that all replaced values of each row come from."""
    places = changed.astype(int) - 1
    rows, features = np.divmod(places, n_features)
    np.testing.assert_array_equal(features, np.arange(n_features) + 0 * rows)
    donors = []
    for number, row in enumerate(rows):
        others = set(row) - {number}
        assert len(others) <= 1
        donors.append(others.pop() if others else None)
    return donors


def test_swaps_come_from_one_other_row():
    found = donors_of(masked(coded(), probability=0.5))
    donors = [donor for donor in found if donor is not None]
    assert len(donors) == N_ROWS
    # Each row gives to one other row.
    assert len(set(donors)) == N_ROWS


def test_every_other_row_is_as_likely():
    found = [donors_of(masked(coded(4), s, probability=0.9))[0] for s in range(1000)]
    counts = np.bincount([donor for donor in found if donor is not None], minlength=4)
    assert counts[0] == 0
    np.testing.assert_allclose(counts[1:], 1000 / 3, atol=4 * np.sqrt(1000 * 2 / 9))


def test_a_single_row_has_no_other():
    X = coded(1)
    np.testing.assert_array_equal(masked(X, probability=0.9), X)


def test_swaps_keep_distributions_and_loosen_correlations():
    # Two values of a row stay together where both are kept, or both are swapped.
    random_state = np.random.RandomState(0)
    X = random_state.multivariate_normal([1.0, -2.0], [[1.0, 0.8], [0.8, 1.0]], 50000)
    changed = masked(X, probability=0.3)
    np.testing.assert_allclose(changed.mean(axis=0), X.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(changed.var(axis=0), X.var(axis=0), atol=0.03)
    expected = (0.3**2 + 0.7**2) * np.cov(X.T)[0, 1]
    assert np.cov(changed.T)[0, 1] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_means_are_those_of_the_rows_fitted(dtype):
    X = np.random.RandomState(0).normal(5, 1, size=(N_ROWS, 3)).astype(dtype)
    masking = FeatureMasking(0.5, fill="mean").fit(X)
    means = [sum(float(value) for value in column) / N_ROWS for column in X.T]
    np.testing.assert_allclose(masking.means_, means, rtol=1e-12)
    others = X[:50] * 2
    changed, _ = masking.augment(others, None, source())
    is_mean = changed != others
    expected = np.broadcast_to(masking.means_.astype(dtype), changed.shape)
    np.testing.assert_array_equal(changed[is_mean], expected[is_mean])


def test_zeros():
    X = coded()
    changed = masked(X, probability=0.5, fill="zero")
    assert (changed[changed != X] == 0).all()


def thinned(dtype=np.float64):
    """Return distinct values of which two in three are zero."""
    X = coded().astype(dtype)
    X[np.random.RandomState(0).uniform(size=X.shape) < 2 / 3] = 0
    return X


@pytest.mark.parametrize("probability", [0.1, 0.5])
def test_stored_values_are_dropped(probability):
    X = sparse.csr_array(thinned())
    changed = masked(X, probability=probability, fill="zero")
    assert (changed.data != 0).all()
    dense, given = changed.toarray(), X.toarray()
    assert ((dense == given) | (dense == 0)).all()
    assert_frequency(dense[given != 0] == 0, probability)


def test_values_stored_twice_are_dropped_as_one():
    data, columns = np.ones(200), np.repeat(np.arange(100), 2)
    X = sparse.csr_array((data, columns, [0, 200]), shape=(1, 100))
    changed = masked(X, probability=0.5, fill="zero").toarray()
    assert set(changed.ravel()) == {0.0, 2.0}
    np.testing.assert_array_equal(X.data, np.ones(200))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("probability", [0.1, 0.5])
def test_sparse_rows_swap_zeros_too(probability, dtype):
    X = thinned(dtype)
    changed = masked(sparse.csr_array(X), probability=probability)
    assert (changed.data != 0).all()
    dense = changed.toarray()
    # Values of a row that are new tell who gave them, and zeros too.
    donors = []
    for number, row in enumerate(dense):
        rows = {int(value - 1) // N_FEATURES for value in row if value} - {number}
        assert len(rows) <= 1
        donors.append(rows.pop() if rows else number)
    is_told = np.array(donors) != np.arange(N_ROWS)
    assert is_told.mean() > 0.3
    dense, X, others = dense[is_told], X[is_told], X[donors][is_told]
    assert ((dense == X) | (dense == others)).all()
    lost = (X != 0) & (others == 0)
    assert_frequency(dense[lost] == 0, probability)


def test_sparse_rows_swap_opposite_values():
    X = sparse.csr_array(np.outer([1.0, -1.0], np.ones(2000)))
    swapped = masked(X, probability=0.25).toarray()
    assert_frequency(swapped != X.toarray(), 0.25)


def test_sparse_rows_that_swap_keep_their_number_of_values():
    X = sparse.csr_array(thinned())
    changed = masked(X, probability=0.5)
    assert changed.nnz == pytest.approx(X.nnz, rel=0.03)
    np.testing.assert_allclose(changed.mean(axis=0), X.mean(axis=0), rtol=0.2)


def test_means_would_not_stay_sparse():
    X = thinned()
    masking = FeatureMasking(fill="mean")
    with pytest.raises(ValueError, match="fill='mean' expects dense rows"):
        masking.fit(sparse.csr_array(X))
    with pytest.raises(ValueError, match="fill='mean' expects dense rows"):
        masking.fit(X).augment(sparse.csr_array(X), None, source())


def test_targets_stay():
    X, y = coded(5), np.arange(5.0)
    assert FeatureMasking().fit(X).augment(X, y, source())[1] is y
