"""What every augmenter must pass."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skregnet import MLPClassifier
from skregnet.augmentation import (
    AdversarialNoise,
    Compose,
    FeatureMasking,
    GaussianNoise,
    Mixup,
    RandomApply,
    TargetNoise,
)
from tests.cases import AUGMENTERS, ESTIMATORS, problem

TARGETS = ["none", "real", "reals", "shares", "column"]

every_augmenter = pytest.mark.parametrize("augmenter", AUGMENTERS, ids=repr)


def data(kind="shares", dtype=np.float64):
    """Return rows, and targets as augmenters see them."""
    X, labels = problem("multiclass", dtype=dtype)
    targets = {
        "none": lambda: None,
        "real": lambda: problem("real")[1].astype(dtype),
        "reals": lambda: problem("reals")[1].astype(dtype),
        "shares": lambda: np.eye(3, dtype=dtype)[labels],
        "column": lambda: (labels[:, np.newaxis] > 0).astype(dtype),
    }
    return X, targets[kind]()


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def takes_sparse(augmenter):
    return get_tags(augmenter).input_tags.sparse


def changes(augmenter):
    """Tell whether it draws anything."""
    nothing_drawn = isinstance(augmenter, AdversarialNoise)
    return not nothing_drawn and augmenter.get_params().get("augmenters") != []


def assert_same(found, expected):
    """Compare rows and targets exactly."""
    for one, other in zip(found, expected, strict=True):
        pair = [
            array.toarray() if sparse.issparse(array) else array
            for array in (one, other)
        ]
        np.testing.assert_array_equal(*pair)


@parametrize_with_checks(AUGMENTERS)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", TARGETS)
@every_augmenter
def test_arrays_given_stay_and_those_returned_are_like_them(augmenter, kind, dtype):
    X, y = data(kind, dtype)
    given = X.copy(), None if y is None else y.copy()
    for array in (X, y):
        if array is not None:
            array.setflags(write=False)
    changed, targets = clone(augmenter).fit(X, y).augment(X, y, source())
    assert_same((X, y), given)
    assert changed.shape == X.shape
    assert changed.dtype == dtype
    assert np.isfinite(changed).all()
    if y is None:
        assert targets is None
    else:
        assert targets.shape == y.shape
        assert targets.dtype == dtype
        assert np.isfinite(targets).all()


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "augmenter", [a for a in AUGMENTERS if takes_sparse(a)], ids=repr
)
def test_sparse_rows_stay_sparse(augmenter, dtype, container):
    X, y = data(dtype=dtype)
    X[np.abs(X) < 1] = 0
    X = container(X)
    given = X.copy()
    changed, _ = clone(augmenter).fit(X, y).augment(X, y, source())
    assert_same((X,), (given,))
    assert changed.format == "csr"
    assert changed.shape == X.shape
    assert changed.dtype == dtype
    # Fewer than all of the elements, of which a third is stored.
    assert changed.nnz < 0.7 * X.shape[0] * X.shape[1]
    other, _ = clone(augmenter).fit(X).augment(X, None, source())
    assert other.format == "csr"


@pytest.mark.parametrize(
    "augmenter", [a for a in AUGMENTERS if not takes_sparse(a)], ids=repr
)
def test_sparse_rows_are_refused(augmenter):
    X, y = data()
    with pytest.raises((TypeError, ValueError), match=r"[Ss]parse"):
        clone(augmenter).fit(sparse.csr_array(X), y)


@every_augmenter
def test_the_source_of_noise_decides(augmenter):
    X, y = data()
    fitted = clone(augmenter).fit(X, y)
    first = fitted.augment(X, y, source())
    assert_same(fitted.augment(X, y, source()), first)
    other = fitted.augment(X, y, source(1))
    is_equal = [np.array_equal(*pair) for pair in zip(first, other, strict=True)]
    assert all(is_equal) != changes(augmenter)


@every_augmenter
def test_the_seed_decides(augmenter):
    X, y = data()
    seeded = clone(augmenter).set_params(random_state=0)
    first = clone(seeded).fit_transform(X, y)
    np.testing.assert_array_equal(clone(seeded).fit_transform(X, y), first)
    twice = clone(seeded).set_params(random_state=np.random.RandomState(0))
    random_state = twice.random_state
    np.testing.assert_array_equal(twice.fit_transform(X, y), first)
    again = twice.set_params(random_state=random_state).fit_transform(X, y)
    is_random = changes(augmenter) and not isinstance(augmenter, TargetNoise)
    assert np.array_equal(again, first) != is_random


@every_augmenter
def test_fit_leaves_parameters_and_learns_the_same_again(augmenter):
    X, y = data()
    fitted = clone(augmenter)
    before = repr(fitted)
    first = fitted.fit(X, y).augment(X, y, source())
    assert repr(fitted) == before
    fitted.fit(X[:20] + 3, y[:20]).fit(X, y)
    assert_same(fitted.augment(X, y, source()), first)


@every_augmenter
def test_pickles_and_clones(augmenter):
    X, y = data()
    fitted = clone(augmenter).fit(X, y)
    expected = fitted.augment(X, y, source())
    restored = pickle.loads(pickle.dumps(fitted))
    assert_same(restored.augment(X, y, source()), expected)
    copied = clone(fitted)
    assert not [name for name in vars(copied) if name.endswith("_")]
    assert repr(copied) == repr(augmenter)
    assert_same(copied.fit(X, y).augment(X, y, source()), expected)


@every_augmenter
def test_data_frames(augmenter):
    X, _ = data()
    names = [f"feature {k}" for k in range(X.shape[1])]
    frame = pd.DataFrame(X, columns=names, index=range(100, 220))
    fitted = clone(augmenter).set_params(random_state=0)
    expected = fitted.fit_transform(X)
    fitted.set_output(transform="pandas")
    found = fitted.fit_transform(frame)
    assert isinstance(found, pd.DataFrame)
    # Sums over rows round otherwise where columns are contiguous.
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-10)
    assert list(found.columns) == names
    assert list(found.index) == list(frame.index)
    assert fitted.get_feature_names_out().tolist() == names
    pd.testing.assert_frame_equal(fitted.transform(frame), frame)


class Spy(BaseEstimator):
    """Notes what it learns from, and predicts what it is given."""

    def fit(self, X, y):
        self.rows_, self.targets_ = X, y
        return self

    def predict(self, X):
        return X


@every_augmenter
def test_steps_of_a_pipeline(augmenter):
    X, _ = data()
    y = np.array(["no", "yes"])[problem("binary")[1]]
    if isinstance(augmenter, AdversarialNoise):
        y = problem("real")[1]  # such as its estimator takes
    step = clone(augmenter).set_params(random_state=0)
    pipeline = Pipeline([("augmenter", step), ("spy", Spy())]).fit(X, y)
    spy = pipeline["spy"]
    np.testing.assert_array_equal(spy.targets_, y)
    np.testing.assert_array_equal(spy.rows_, clone(step).fit_transform(X, y))
    same = (
        isinstance(augmenter, TargetNoise)
        or augmenter.get_params().get("augmenters") == []
    )
    assert np.array_equal(spy.rows_, X) == same
    np.testing.assert_array_equal(pipeline.predict(X), X)


@every_augmenter
def test_searches_over_parameters(augmenter):
    X, y = problem("binary")
    pipeline = Pipeline([("augmenter", augmenter), ("model", LogisticRegression())])
    nested = [
        name
        for name, value in augmenter.get_params().items()
        if name != "random_state" and isinstance(value, float)
    ]
    grid = {f"augmenter__{name}": [0.0, 0.3] for name in nested[:1]}
    grid["augmenter__random_state"] = [0]
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2).fit(X, y)
    expected = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )
    assert search.score(X, y) > 0.6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("cls", "parameters", "kind"),
    [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS if case[3] != "count"],
)
@every_augmenter
def test_networks_learn_from_what_it_makes(augmenter, cls, parameters, kind):
    X, y = problem(kind, dtype=np.float32)
    mlp = cls(
        max_iter=3, random_state=0, batch_size=50, augmenter=augmenter, **parameters
    )
    mlp.fit(X, y)
    assert mlp.coefs_[0].dtype == np.float32
    plain = clone(mlp).set_params(augmenter=None).fit(X, y)
    is_same = np.array_equal(mlp.coefs_[0], plain.coefs_[0])
    assert is_same == (augmenter.get_params().get("augmenters") == [])


@every_augmenter
def test_invalid_rows_are_refused(augmenter):
    X, y = data()
    fitted = clone(augmenter).fit(X, y)
    with pytest.raises(ValueError, match="expecting 6 features"):
        fitted.transform(X[:, :5])
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        clone(augmenter).fit_transform(X, y)
    with pytest.raises(ValueError, match="Expected 2D array"):
        clone(augmenter).fit(y[0])
    with pytest.raises(ValueError, match="could not convert string to float"):
        clone(augmenter).fit([["a", "b"]])


@pytest.mark.parametrize(
    ("augmenter", "parameters"),
    [
        (GaussianNoise(), {"scale": -0.1}),
        (GaussianNoise(), {"scale": "large"}),
        (GaussianNoise(), {"relative": "yes"}),
        (FeatureMasking(), {"probability": -0.1}),
        (FeatureMasking(), {"probability": 1.0}),
        (FeatureMasking(), {"fill": "median"}),
        (Mixup(), {"alpha": -1.0}),
        (TargetNoise(), {"scale": -1.0}),
        (TargetNoise(), {"relative": None}),
        (AUGMENTERS[9], {"step": -1.0}),
        (AUGMENTERS[9], {"norm": "l1"}),
        (AUGMENTERS[9], {"iterations": 0}),
        (AUGMENTERS[9], {"estimator": LogisticRegression()}),
        (AUGMENTERS[9], {"estimator": None}),
        (Compose([]), {"augmenters": GaussianNoise()}),
        (RandomApply(Mixup()), {"probability": 1.1}),
        (RandomApply(Mixup()), {"augmenter": LogisticRegression()}),
        (Mixup(), {"random_state": "zero"}),
    ],
)
def test_invalid_parameters_are_refused(augmenter, parameters):
    X, y = problem("binary")
    (name,) = parameters
    bad = clone(augmenter).set_params(**parameters)
    message = rf"The '{name}' parameter of {type(augmenter).__name__} must be"
    with pytest.raises(ValueError, match=message):
        bad.fit(X, y)
    with pytest.raises(ValueError, match=message):
        MLPClassifier(augmenter=bad).fit(X, y)
