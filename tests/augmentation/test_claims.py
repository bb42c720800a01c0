"""The lecture's claims about new cases, on real data; the examples measure them."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

from skregnet import MLPClassifier, MLPRegressor
from skregnet.augmentation import (
    Compose,
    GaussianNoise,
    ImageRotation,
    ImageShift,
    RandomApply,
)
from skregnet.inspection import bias_variance

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

SEEDS = range(4)


def digits():
    """Return the images with a margin of a pixel, and their digits."""
    X, y = load_digits(return_X_y=True)
    images = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1))) / 16
    return images.reshape(len(images), -1).astype(np.float32), y


def accuracy(seed, n_train, wrong=0.0, **parameters):
    """Return the accuracy on right labels after training with some wrong ones."""
    X, y = digits()
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=n_train, stratify=y, random_state=seed
    )
    rng = np.random.default_rng(seed)
    moved = (y_train + rng.integers(1, 10, size=n_train)) % 10
    y_train = np.where(rng.random(n_train) < wrong, moved, y_train)
    mlp = MLPClassifier(
        batch_size=50,
        n_iter_no_change=np.inf,
        random_state=seed,
        **parameters,
    )
    return mlp.fit(X_train, y_train).score(X_test, y_test)


def test_shifts_and_rotations_raise_accuracy():
    shift = RandomApply(ImageShift(1), probability=0.3)
    both = Compose([("shift", shift), ("rotation", ImageRotation(15))])
    settings = {"learning_rate_init": 0.003, "max_iter": 150}
    gains = [
        accuracy(seed, 200, augmenter=both, **settings)
        - accuracy(seed, 200, **settings)
        for seed in SEEDS
    ]
    # 0.018 +- 0.006 over ten splits.
    assert np.mean(gains) > 0.005


@pytest.mark.parametrize("remedy", [{"label_smoothing": 0.3}, {"target_noise": 0.3}])
def test_wrong_labels(remedy):
    settings = {"learning_rate_init": 0.005, "max_iter": 60, "wrong": 0.3}
    gains = [
        accuracy(seed, 700, **remedy, **settings) - accuracy(seed, 700, **settings)
        for seed in SEEDS
    ]
    # 0.036 +- 0.013 and 0.062 +- 0.009 over ten splits.
    assert np.mean(gains) > 0.01


def test_noise_in_features_lowers_variance():
    X, y = load_diabetes(return_X_y=True)
    X, y = scale(X), scale(y)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    variances = [
        bias_variance(
            MLPRegressor(
                hidden_layer_sizes=(50,),
                learning_rate_init=0.005,
                max_iter=100,
                augmenter=GaussianNoise(noise),
            ),
            X_train,
            y_train,
            X_test,
            y_test,
            n_rounds=10,
            random_state=0,
        ).variance
        for noise in (0.0, 0.6)
    ]
    # A quarter over ten splits.
    assert variances[1] < 0.5 * variances[0]
