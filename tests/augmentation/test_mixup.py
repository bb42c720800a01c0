"""Rows are mixed with others, targets alike, by shares of the right distribution."""

import numpy as np
import pytest
from scipy import sparse, stats

from skregnet.augmentation import Mixup

N_ROWS = 1000


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def mixed(X, y=None, seed=0, **parameters):
    return Mixup(**parameters).fit(X).augment(X, y, source(seed))


def shares_of(alpha, with_targets=True, seed=0):
    """Return the share that each row keeps, and whom it is mixed with.

    Rows of the unit matrix tell, except of those that are their own partners.
    """
    X = np.eye(N_ROWS)
    weights, _ = mixed(X, X if with_targets else None, seed, alpha=alpha)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights >= 0).all()
    kept = np.diag(weights).copy()
    np.fill_diagonal(weights, -1)
    is_mixed = weights.max(axis=1) > 0
    return kept[is_mixed], weights.argmax(axis=1)[is_mixed]


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_shares_have_a_beta_distribution(alpha):
    # Shares that round to one are not seen, which is why alpha is not smaller.
    kept = np.concatenate([shares_of(alpha, seed=seed)[0] for seed in range(3)])
    assert len(kept) > 0.98 * 3 * N_ROWS
    variance = 1 / (4 * (2 * alpha + 1))
    standard_error = np.sqrt(variance / len(kept))
    assert kept.mean() == pytest.approx(0.5, abs=4 * standard_error)
    assert kept.var() == pytest.approx(variance, rel=0.1)
    assert stats.kstest(kept, "beta", (alpha, alpha)).pvalue > 0.01


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_without_targets_rows_keep_the_larger_share(alpha):
    kept = np.concatenate([shares_of(alpha, False, seed)[0] for seed in range(3)])
    assert (kept >= 0.5).all()

    def distribution(share):
        folded = stats.beta(alpha, alpha)
        return 2 * folded.cdf(share) - 1

    assert stats.kstest(kept, distribution).pvalue > 0.01


def test_partners_are_a_permutation():
    _, partners = shares_of(2.0)
    assert len(partners) > N_ROWS - 10
    assert len(set(partners)) == len(partners)


@pytest.mark.parametrize("shape", [(), (1,), (3,)])
def test_targets_are_mixed_like_rows(shape):
    X = np.random.RandomState(0).normal(size=(50, 4))
    y = np.tensordot(X, np.random.RandomState(1).normal(size=(4, *shape)), 1)
    changed, targets = mixed(X, y, alpha=1.0)
    weights = np.linalg.lstsq(X[:4], y[:4], rcond=None)[0]
    np.testing.assert_allclose(targets, np.tensordot(changed, weights, 1), atol=1e-10)
    assert (targets != y).mean() > 0.9


def test_a_row_at_a_time():
    X = np.random.RandomState(0).normal(size=(20, 3))
    y = np.random.RandomState(1).normal(size=20)
    changed, targets = mixed(X, y, alpha=0.7)
    rng = source()
    partners, given = rng.permutation(20), rng.beta(0.7, 0.7, 20)
    for row, (partner, share) in enumerate(zip(partners, given, strict=True)):
        expected = [
            (1 - share) * own + share * other
            for own, other in zip(X[row], X[partner], strict=True)
        ]
        np.testing.assert_allclose(changed[row], expected)
        expected = (1 - share) * y[row] + share * y[partner]
        assert targets[row] == pytest.approx(expected)


def test_what_all_rows_share_stays_exactly():
    X = np.random.RandomState(0).normal(size=(50, 3))
    X[:, 1] = 0.1
    changed, _ = mixed(X, alpha=1.0)
    np.testing.assert_array_equal(changed[:, 1], 0.1)


def test_alpha_0_mixes_nothing():
    X, y = np.eye(5), np.arange(5.0)
    changed, targets = mixed(X, y, alpha=0)
    np.testing.assert_array_equal(changed, np.eye(5))
    np.testing.assert_array_equal(targets, np.arange(5.0))


@pytest.mark.parametrize("alpha", [1e-300, 1e-8, 1e-3])
def test_small_alpha_takes_one_row_or_the_other(alpha):
    X = np.eye(50)
    changed, _ = mixed(X, X, alpha=alpha)
    assert ((changed < 1e-9) | (changed > 1 - 1e-9)).mean() > 0.99
    own, _ = mixed(X, None, alpha=alpha)
    np.testing.assert_allclose(np.diag(own), 1, atol=0.01)


def test_large_alpha_takes_both_alike():
    kept, _ = shares_of(1e6)
    np.testing.assert_allclose(kept, 0.5, atol=0.01)


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("with_targets", [False, True])
def test_sparse_rows_are_mixed_like_dense_ones(with_targets, alpha):
    X = np.random.RandomState(0).normal(size=(60, 8))
    X[np.abs(X) < 1] = 0
    y = X[:, :2].copy() if with_targets else None
    expected, targets = mixed(X, y, alpha=alpha)
    found, other_targets = mixed(sparse.csr_array(X), y, alpha=alpha)
    np.testing.assert_allclose(found.toarray(), expected, atol=1e-15)
    if with_targets:
        np.testing.assert_array_equal(other_targets, targets)


@pytest.mark.parametrize("dtype", [int, bool, np.uint8])
def test_ones_and_zeros_become_shares(dtype):
    X = np.random.RandomState(0).normal(size=(6, 2))
    y = np.eye(3)[[0, 1, 2, 0, 1, 2]]
    _, expected = mixed(X, y)
    _, found = mixed(X, y.astype(dtype))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, 2]),
        np.array([True, False, True]),
        np.array(["a", "b", "c"]),
        np.array(["a", "b", "c"], dtype=object),
        np.array([["a"], ["b"], ["c"]]),
        np.array([1j, 2j, 3j]),
    ],
)
def test_labels_are_refused(y):
    with pytest.raises(TypeError, match=r"y expects numbers .* got .*LabelBinarizer"):
        mixed(np.eye(3), y)


@pytest.mark.parametrize("shape", [(2,), (4,), (2, 3), (3, 1, 1), ()])
def test_targets_of_other_rows_are_refused(shape):
    with pytest.raises(ValueError, match=r"each of 3 rows of X, got shape"):
        mixed(np.eye(3), np.zeros(shape))
