"""Augmenters in order are what they are one by one, and can be named and searched."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skregnet import MLPClassifier
from skregnet.augmentation import (
    Compose,
    FeatureMasking,
    GaussianNoise,
    Mixup,
    RandomApply,
    TargetNoise,
)
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


class Affine(BaseEstimator):
    """Has the two methods of an augmenter, and nothing else."""

    def __init__(self, factor=1.0, shift=0.0):
        self.factor = factor
        self.shift = shift

    def fit(self, X, y=None):
        self.mean_ = X.mean()
        return self

    def augment(self, X, y, rng):
        return X * self.factor + self.shift, y


def test_one_after_another():
    X, labels = problem("multiclass")
    y = np.eye(3)[labels]
    parts = [GaussianNoise(0.5), FeatureMasking(0.3), Mixup(1.0), TargetNoise()]
    found = Compose(parts).fit(X, y).augment(X, y, source())
    expected, rng = (X, y), source()
    for part in parts:
        expected = clone(part).fit(X, y).augment(*expected, rng)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not hasattr(parts[0], "scale_")


def test_the_order_matters():
    X = np.eye(3)
    for parts, expected in [
        ([Affine(factor=2.0), Affine(shift=1.0)], 2 * X + 1),
        ([Affine(shift=1.0), Affine(factor=2.0)], 2 * X + 2),
    ]:
        composed = Compose(parts).fit(X)
        np.testing.assert_array_equal(composed.augment(X, None, source())[0], expected)
        assert [part.mean_ for part in composed.augmenters_] == [X.mean(), X.mean()]


def test_names_are_given_or_those_of_classes():
    composed = Compose([GaussianNoise(), ("mixes", Mixup()), GaussianNoise(0.3)])
    names = {
        "augmenters",
        "random_state",
        "gaussiannoise-1",
        "gaussiannoise-1__random_state",
        "gaussiannoise-1__relative",
        "gaussiannoise-1__scale",
        "mixes",
        "mixes__alpha",
        "mixes__random_state",
        "gaussiannoise-2",
        "gaussiannoise-2__random_state",
        "gaussiannoise-2__relative",
        "gaussiannoise-2__scale",
    }
    assert set(composed.get_params()) == names
    assert set(composed.get_params(deep=False)) == {"augmenters", "random_state"}
    composed.set_params(**{"gaussiannoise-2__scale": 0.7, "mixes__alpha": 2.0})
    assert composed.augmenters[2].scale == 0.7
    assert composed.get_params()["mixes"].alpha == 2.0


def test_augmenters_are_replaced_by_name():
    composed = Compose([GaussianNoise(), Mixup()])
    other = clone(composed).set_params(
        gaussiannoise=FeatureMasking(), gaussiannoise__fill="zero", mixup__alpha=3.0
    )
    assert other.get_params()["gaussiannoise__fill"] == "zero"
    assert other.get_params()["mixup__alpha"] == 3.0
    assert isinstance(composed.augmenters[0], GaussianNoise)
    composed.set_params(augmenters=[("a", TargetNoise())], a__scale=0.9)
    assert composed.augmenters[0][1].scale == 0.9
    assert clone(composed).get_params()["a__scale"] == 0.9
    with pytest.raises(ValueError, match="Invalid parameter 'gaussiannoise'"):
        composed.set_params(gaussiannoise__scale=1.0)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_nested_parameters_are_searched(n_jobs):
    X, y = problem("multiclass")
    nested = Compose([RandomApply(Compose([GaussianNoise()]), 1.0), Mixup()])
    name = "compose__randomapply__augmenter__gaussiannoise__scale"
    pipeline = make_pipeline(nested, LogisticRegression())
    grid = {name: [0.0, 1000.0], "compose__mixup__alpha": [0.0]}
    search = GridSearchCV(pipeline, grid, n_jobs=n_jobs, cv=3).fit(X, y)
    assert search.best_params_[name] == 0.0
    grid = {"compose__randomapply": [GaussianNoise(1000.0), FeatureMasking(0.0)]}
    search = GridSearchCV(pipeline, grid, n_jobs=n_jobs, cv=3).fit(X, y)
    assert isinstance(search.best_params_["compose__randomapply"], FeatureMasking)


def test_no_augmenters():
    X, y = np.eye(3), np.arange(3.0)
    changed, targets = Compose([]).fit(X).augment(X, y, source())
    np.testing.assert_array_equal(changed, np.eye(3))
    np.testing.assert_array_equal(targets, np.arange(3.0))


@pytest.mark.parametrize(
    ("augmenters", "error", "message"),
    [
        ([LogisticRegression()], TypeError, "augmenters expects objects with the meth"),
        (["noise"], TypeError, "got 'noise'"),
        ([GaussianNoise], TypeError, "got <class"),
        ([("a", GaussianNoise)], TypeError, "got <class"),
        ([("a", "b", GaussianNoise())], TypeError, "pairs of a name and one"),
        ([()], TypeError, "pairs of a name and one"),
        ([(3, GaussianNoise())], TypeError, "pairs of a name and one"),
        ([("a", Mixup()), ("a", Mixup())], ValueError, "not unique"),
        ([("a__b", Mixup())], ValueError, "must not contain __"),
        ([("random_state", Mixup())], ValueError, "conflict with constructor"),
        ([GaussianNoise(scale=-1)], ValueError, "'scale' parameter of GaussianNoise"),
        ([Compose([Mixup(-1)])], ValueError, "'alpha' parameter of Mixup"),
        ([RandomApply(Mixup(-1))], ValueError, "'alpha' parameter of Mixup"),
        ([RandomApply("noise")], ValueError, "'augmenter' parameter of RandomApply"),
        ([RandomApply(Mixup, 1.0)], TypeError, "got <class .*Mixup"),
    ],
)
def test_what_is_no_augmenter_is_refused(augmenters, error, message):
    X, y = problem("binary")
    with pytest.raises(error, match=message):
        Compose(augmenters).fit(X, y)
    with pytest.raises(error, match=message):
        MLPClassifier(augmenter=Compose(augmenters)).fit(X, y)
    assert repr(Compose(augmenters))
