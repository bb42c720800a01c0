"""Augmenters of values at the ends of the floats: finite, or refused, without warnings.

Warnings of NumPy's are errors in all tests.
"""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from skregnet.augmentation import AdversarialNoise, FeatureMasking, Mixup
from skregnet.augmentation._image import ImageAugmenter
from skregnet.augmentation._ranges import finite_mean, scaled_down, scaled_up
from tests.cases import AUGMENTERS
from tests.fitting import fit

FLOATS = [np.float64, np.float32]
SHAPE = 9, 9


def at_the_ends(dtype):
    """Return features of this precision, by name."""
    random_state = np.random.RandomState(0)
    largest = np.finfo(dtype).max
    least = np.finfo(dtype).smallest_subnormal
    signs = random_state.choice([-1, 1], SHAPE).astype(dtype)
    return {
        "largest": np.full(SHAPE, largest),
        "either sign": largest * signs,
        "uniform": (largest * random_state.uniform(-1, 1, SHAPE)).astype(dtype),
        "halves": largest / 2 * signs,
        "roots": (np.sqrt(largest) * random_state.normal(size=SHAPE)).astype(dtype),
        "subnormal": least * signs,
        "mixed": random_state.choice(
            np.array([0, largest, -largest, 1, least], dtype), SHAPE
        ),
    }


def results(augmenter, X, n_outputs=2):
    """Yield what each way to change rows returns, but what is refused."""
    y = X[:, :n_outputs]
    ways = [
        lambda a: (a.fit_transform(X),),
        lambda a: (a.fit_transform(X, X[:, 0]),),
        lambda a: a.fit(X).augment(X, None, np.random.default_rng(0)),
        lambda a: a.fit(X, y).augment(X, y, np.random.default_rng(0)),
    ]
    for way in ways:
        try:
            yield way(clone(augmenter))
        except ValueError as error:
            if not any(word in str(error) for word in ("expects", "once")):
                raise


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("augmenter", AUGMENTERS, ids=repr)
def test_every_augmenter_at_the_ends(augmenter, dtype):
    for X in at_the_ends(dtype).values():
        assert X.dtype == dtype
        for changed in results(augmenter, X):
            for part in changed:
                assert part is None or np.isfinite(part).all()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "augmenter",
    [
        augmenter
        for augmenter in AUGMENTERS
        if isinstance(augmenter, (FeatureMasking, Mixup, ImageAugmenter))
        or augmenter.get_params().get("relative") is False
    ],
    ids=repr,
)
def test_mixtures_and_moves_are_never_refused(augmenter, dtype):
    for X in at_the_ends(dtype).values():
        assert len(list(results(augmenter, X))) == 4


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("factor", [0.25, 0.5, 1.0])
def test_changes_at_the_ends_are_those_of_smaller_values(factor, dtype):
    X = at_the_ends(dtype)["uniform"]
    for given in AUGMENTERS:
        if not isinstance(given, (FeatureMasking, Mixup, ImageAugmenter)):
            continue
        augmenter = clone(given).set_params(random_state=0)
        if isinstance(augmenter, ImageAugmenter):
            augmenter.set_params(fill=0.0)
        small = augmenter.fit_transform(X / 16)
        found = augmenter.fit_transform(factor * X)
        np.testing.assert_allclose(
            found / 16, factor * small, rtol=1e-5, atol=float(X.max()) * 1e-8
        )


@pytest.mark.parametrize("dtype", FLOATS)
def test_sparse_rows_at_the_ends(dtype):
    for name, X in at_the_ends(dtype).items():
        for augmenter in (Mixup(), Mixup(2.0), FeatureMasking(), FeatureMasking(0.5)):
            noise = clone(augmenter).set_params(random_state=0)
            found = noise.fit_transform(sparse.csr_array(X))
            assert np.isfinite(found.data).all(), name


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_adversaries_at_the_ends(dtype):
    for X in at_the_ends(dtype).values():
        for norm in ("gradient", "sign", "l2"):
            noise = AdversarialNoise(fit("real"), norm=norm)
            for changed in results(noise, X[:, :6], n_outputs=1):
                assert np.isfinite(changed[0]).all()


def test_what_is_not_near_the_ends_stays_as_it_is():
    X = np.array([[1.0, -3e307]])
    assert scaled_down(X, 5.0) == (X, 1.0)
    assert scaled_up(X, 1.0) is X
    scaled, factor = scaled_down(X, 1.5e308)
    assert factor == 0.25
    np.testing.assert_array_equal(scaled_up(scaled, factor), X)
    ends = np.array([np.finfo(float).max, -np.finfo(float).max])
    np.testing.assert_array_equal(scaled_up(0.25 * ends, 0.25), ends)
    np.testing.assert_array_equal(finite_mean(np.array([ends, ends])), ends)
