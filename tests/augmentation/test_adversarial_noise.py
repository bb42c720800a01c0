"""Rows move as adversarial examples do, whatever form their targets have."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as PlainClassifier

from skregnet import MLPClassifier, MLPRegressor, adversarial_examples
from skregnet._training import NORMS
from skregnet.augmentation import (
    AdversarialNoise,
    AugmentedEstimator,
    AugmentingSampler,
    Compose,
    FeatureMasking,
    Mixup,
    RandomApply,
)
from tests.augmentation.stand_ins import RecordingClassifier
from tests.cases import ESTIMATORS, problem
from tests.fitting import ENDLESS, fit

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def source(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def vectors_of(kind, y):
    """Return targets as an estimator hands them to its augmenter."""
    if kind == "multiclass":
        return 0.8 * np.eye(3)[y] + 0.2 / 3
    if kind in ("binary", "multilabel"):
        return 0.8 * y.reshape(len(y), -1) + 0.1
    return y.reshape(len(y), -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("iterations", [1, 4])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("cls", "parameters", "kind"),
    [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS],
)
def test_rows_move_as_adversarial_examples_do(
    cls, parameters, kind, norm, iterations, dtype
):
    X, y = problem(kind, dtype=dtype)
    mlp = cls(hidden_layer_sizes=(8,), max_iter=20, random_state=0, **parameters)
    mlp.fit(X, y)
    settings = {"step": 0.3, "norm": norm, "iterations": iterations}
    noise = AdversarialNoise(mlp, **settings).fit(X)
    targets = vectors_of(kind, y)
    found, others = noise.augment(X, targets, source())
    assert others is targets
    assert found.dtype == dtype
    expected = adversarial_examples(mlp, X, y, **settings)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert (found != X).mean() > 0.9
    # Without targets those predicted stand in.
    found, _ = noise.augment(X, None, source())
    expected = adversarial_examples(mlp, X, mlp.predict(X), **settings)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("step", [0.1, np.float64(0.1)])
def test_rows_of_less_precision_than_the_estimator(step):
    X, y = problem("real")
    noise = AdversarialNoise(fit("real"), step=step).fit(X)
    expected, _ = noise.augment(X, y, source())
    found, _ = noise.augment(X.astype(np.float32), y, source())
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_labels_of_any_kind():
    X, y = problem("multiclass")
    names = np.array(["c", "a", "b"])
    mlp = fit(data=(X, names[y]))
    shares = (mlp.classes_ == names[y][:, np.newaxis]).astype(float)
    found, _ = AdversarialNoise(mlp).fit(X).augment(X, shares, source())
    expected = adversarial_examples(mlp, X, names[y], 0.1)
    np.testing.assert_allclose(found, expected)


def test_two_classes_in_one_column_or_in_two():
    X, y = problem("binary")
    mlp = fit(data=(X, np.array(["no", "yes"])[y]))
    noise = AdversarialNoise(mlp).fit(X)
    expected = adversarial_examples(mlp, X, np.array(["no", "yes"])[y], 0.1)
    one_hot = np.eye(2, dtype=int)[y]
    for targets in (y.astype(float), y[:, np.newaxis], one_hot, one_hot * 0.6 + 0.2):
        found, _ = noise.augment(X, targets, source())
        np.testing.assert_allclose(found, expected)


def test_one_class():
    X = np.random.RandomState(0).normal(size=(20, 3))
    mlp = MLPClassifier((4,), max_iter=2, random_state=0).fit(X, ["a"] * 20)
    noise = AdversarialNoise(mlp).fit(X)
    expected = adversarial_examples(mlp, X, ["a"] * 20, 0.1)
    for targets in (np.ones((20, 1)), np.ones(20), np.zeros((20, 1))):
        found, _ = noise.augment(X, targets, source())
        np.testing.assert_allclose(found, expected)


def test_the_loss_rises_with_the_step():
    X, y = problem("real")
    mlp = fit("real", max_iter=200)
    errors = []
    for step in (0.0, 0.1, 0.3, 1.0):
        moved, _ = AdversarialNoise(mlp, step=step).fit(X).augment(X, y, source())
        errors.append(((mlp.predict(moved) - y) ** 2).mean())
    assert errors == sorted(errors)
    assert errors[-1] > 1.5 * errors[0]


def test_copies_keep_the_weights_and_leave_the_original_alone():
    X, y = problem("multiclass")
    mlp = fit()
    shares = np.eye(3)[y]
    expected, _ = AdversarialNoise(mlp).fit(X).augment(X, shares, source())
    copied = clone(Compose([AdversarialNoise(mlp)]))
    copied.set_params(adversarialnoise__estimator__alpha=7.0)
    found, _ = copied.fit(X).augment(X, shares, source())
    np.testing.assert_array_equal(found, expected)
    assert mlp.alpha != 7.0
    assert copied.augmenters_[0].estimator_.coefs_[0] is mlp.coefs_[0]


def test_frozen_estimators():
    X, y = problem("multiclass")
    mlp = fit()
    shares = np.eye(3)[y]
    expected, _ = AdversarialNoise(mlp).fit(X).augment(X, shares, source())
    frozen = clone(AdversarialNoise(FrozenEstimator(mlp))).fit(X)
    np.testing.assert_array_equal(frozen.augment(X, shares, source())[0], expected)


def test_names_of_features():
    X, y = problem("real")
    frame = pd.DataFrame(X, columns=list("abcdef"))
    mlp = fit("real", data=(frame, y))
    expected = AdversarialNoise(fit("real")).fit_transform(X)
    noise = AdversarialNoise(mlp, random_state=0)
    np.testing.assert_array_equal(noise.fit_transform(frame), expected)
    np.testing.assert_array_equal(noise.fit_transform(X), expected)
    frozen = AdversarialNoise(FrozenEstimator(mlp), random_state=0)
    np.testing.assert_array_equal(frozen.fit_transform(frame), expected)
    assert list(mlp.feature_names_in_) == list("abcdef")
    with pytest.raises(ValueError, match="expects the features that its estimator"):
        noise.fit(frame[list("bacdef")])


def test_networks_learn_from_the_moves_of_another():
    X, y = problem("multiclass", n_rows=2000)
    settings = {"max_iter": 60, "learning_rate_init": 0.01, **ENDLESS}
    other = fit(data=(X[:1000], y[:1000]), **settings)
    moved = adversarial_examples(other, X[1000:], y[1000:], 0.5, "l2")
    noise = AdversarialNoise(other, step=0.5, norm="l2")
    plain, hardened = (
        fit(data=(X[:1000], y[:1000]), random_state=1, augmenter=augmenter, **settings)
        for augmenter in (None, noise)
    )
    gain = hardened.score(moved, y[1000:]) - plain.score(moved, y[1000:])
    assert gain > 0.02
    assert hardened.score(X[1000:], y[1000:]) < plain.score(X[1000:], y[1000:])


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_searches_over_the_step(n_jobs):
    X, y = problem("multiclass")
    noise = AdversarialNoise(fit(), norm="sign")
    mlp = MLPClassifier((8,), max_iter=40, random_state=0, augmenter=noise)
    grid = {"augmenter__step": [0.0, 50.0]}
    search = GridSearchCV(mlp, grid, n_jobs=n_jobs, cv=3).fit(X, y)
    assert search.best_params_ == {"augmenter__step": 0.0}


def test_estimators_that_do_not_fit_are_refused():
    X, y = problem("multiclass")
    with pytest.raises(
        NotFittedError, match="expects a fitted estimator, got a MLPReg"
    ):
        AdversarialNoise(MLPRegressor()).fit(X)
    with pytest.raises(ValueError, match="n_features_in_=6, got 5"):
        AdversarialNoise(fit()).fit(X[:, :5])
    with pytest.raises(ValueError, match=r"'estimator' parameter .* 'input_gradient'"):
        AdversarialNoise(PlainClassifier(max_iter=2).fit(X, y)).fit(X)


@pytest.mark.parametrize("n_columns", [1, 2, 4])
def test_other_numbers_of_classes_are_refused(n_columns):
    X, _ = problem("multiclass")
    noise = AdversarialNoise(fit()).fit(X)
    with pytest.raises(ValueError, match=rf"classes \[0 1 2\], got {n_columns} col"):
        noise.augment(X, np.ones((120, n_columns)), source())


def test_labels_are_refused():
    X, y = problem("multiclass")
    noise = AdversarialNoise(fit()).fit(X)
    for labels in (y, y.astype(str), y.astype(object)):
        with pytest.raises(TypeError, match="may be labels"):
            noise.augment(X, labels, source())


WITHIN = {
    "alone": lambda noise: noise,
    "composed": lambda noise: Compose([noise]),
    "behind another": lambda noise: Compose([FeatureMasking(0.0), noise]),
    "for all rows": lambda noise: RandomApply(noise, probability=1.0),
    "nested": lambda noise: Compose([RandomApply(Compose([noise]), probability=1.0)]),
}
CONTAINERS = {
    "array": np.asarray,
    "list": np.ndarray.tolist,
    "series": lambda y: pd.Series(list(y), index=range(len(y))[::-1]),
}


def wrong(kind):
    """Return a problem with an estimator that is wrong about many samples."""
    X, y = problem(kind)
    if kind == "multiclass":
        y = np.array(["c", "a", "b"])[y]
    mlp = fit(kind, data=(X, y[::-1].copy()), max_iter=50)
    assert not np.array_equal(mlp.predict(X), y)
    return X, y, mlp


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize(
    "kind", ["binary", "multiclass", "multilabel", "real", "reals"]
)
def test_targets_that_are_given_tell_the_directions(kind, within, container):
    X, y, mlp = wrong(kind)
    if container == "series" and y.ndim == 2:
        container = "array"
    noise = WITHIN[within](AdversarialNoise(mlp, step=0.3))
    expected = adversarial_examples(mlp, X, y, 0.3)
    found = noise.fit_transform(X, CONTAINERS[container](y))
    np.testing.assert_allclose(found, expected)
    others = adversarial_examples(mlp, X, mlp.predict(X), 0.3)
    assert not np.allclose(expected, others)
    np.testing.assert_allclose(noise.fit_transform(X), others)


def test_partners_of_mixtures_keep_their_own_targets():
    # Targets stay, so that the rest changes rows as if there were none.
    X, y, mlp = wrong("multiclass")
    mixed = Mixup(random_state=0).fit_transform(X)
    found = Compose([Mixup(), AdversarialNoise(mlp)], random_state=0).fit_transform(
        X, y
    )
    np.testing.assert_allclose(found, adversarial_examples(mlp, mixed, y, 0.1))


@pytest.mark.parametrize("within", WITHIN)
def test_some_of_the_classes_keep_their_names(within):
    X, y, mlp = wrong("multiclass")
    some = y != "a"
    noise = WITHIN[within](AdversarialNoise(mlp, step=0.3))
    expected = adversarial_examples(mlp, X[some], y[some], 0.3)
    sampler = AugmentingSampler(noise, keep_originals=False)
    np.testing.assert_allclose(sampler.fit_resample(X[some], y[some])[0], expected)
    augmented = AugmentedEstimator(RecordingClassifier(), noise, keep_originals=False)
    augmented.fit(X[some], y[some])
    np.testing.assert_allclose(augmented.estimator_.X_, expected)


@pytest.mark.parametrize("within", WITHIN)
def test_classes_that_the_estimator_does_not_know(within):
    X, y, mlp = wrong("multiclass")
    noise = WITHIN[within](AdversarialNoise(mlp))
    for labels in (np.char.replace(y, "b", "z"), np.unique(y, return_inverse=True)[1]):
        for fitting in (
            noise.fit_transform,
            AugmentingSampler(noise).fit_resample,
            AugmentedEstimator(RecordingClassifier(), noise).fit,
            MLPClassifier((3,), max_iter=2, augmenter=noise).fit,
        ):
            with pytest.raises(ValueError, match=r"y expects classes .* fitted to, \["):
                fitting(X, labels)
