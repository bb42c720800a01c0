"""Tables of members: what all activations, losses, optimizers and so on must pass."""

import numpy as np
from sklearn.base import BaseEstimator

from skregnet import MLPClassifier, MLPRegressor
from skregnet._networks.activations import ACTIVATIONS
from skregnet._networks.losses import BINARY_LOG_LOSS, LOG_LOSS, POISSON, SQUARED_ERROR
from skregnet.augmentation import (
    AdversarialNoise,
    Compose,
    FeatureMasking,
    GaussianNoise,
    ImageElastic,
    ImageRotation,
    ImageShift,
    ImageZoom,
    Mixup,
    RandomApply,
    TargetNoise,
)
from skregnet.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Averaged,
    DeltaBarDelta,
    GradientClipping,
    Lookahead,
    NAdam,
    RMSProp,
    Scheduled,
    WeightDecay,
)

ACTIVATION_NAMES = sorted(ACTIVATIONS)


def one_hot(random_state, n_rows, n_outputs):
    """Return targets of a multiclass problem."""
    return np.eye(n_outputs)[random_state.randint(n_outputs, size=n_rows)]


def indicators(random_state, n_rows, n_outputs):
    """Return targets of a binary or multilabel problem."""
    return random_state.randint(2, size=(n_rows, n_outputs)).astype(float)


def reals(random_state, n_rows, n_outputs):
    """Return targets of a regression."""
    return random_state.normal(size=(n_rows, n_outputs))


def counts(random_state, n_rows, n_outputs):
    """Return targets of a Poisson regression."""
    return random_state.poisson(2.0, size=(n_rows, n_outputs)).astype(float)


# Name, loss, maker of targets, numbers of outputs.
LOSSES = [
    ("multiclass", LOG_LOSS, one_hot, (2, 3)),
    ("logistic", BINARY_LOG_LOSS, indicators, (1, 3)),
    ("squared", SQUARED_ERROR, reals, (1, 3)),
    ("poisson", POISSON, counts, (1, 3)),
]

OPTIMIZERS = [
    SGD(momentum=0.0, nesterov=False),
    SGD(momentum=0.9, nesterov=False),
    SGD(momentum=0.9, nesterov=True),
    SGD(momentum=0.3, nesterov=True),
    Adam(),
    Adam(beta_1=0.5, beta_2=0.9, epsilon=1e-3),
    Adam(beta_1=0.0, beta_2=0.0),
    RMSProp(),
    RMSProp(decay=0.5, epsilon=0.1, momentum=0.9),
    RMSProp(decay=0.8, epsilon=0.3, momentum=0.5, centered=True),
    AdamW(beta_1=0.8, beta_2=0.95, epsilon=1e-3, weight_decay=0.0),
    NAdam(),
    NAdam(beta_1=0.5, beta_2=0.9, epsilon=1e-3),
    DeltaBarDelta(kappa=0.2, phi=0.3, theta=0.5, min_gain=0.2, max_gain=4.0),
]

# Rules that are slow on their way, or that bring more than a step along the gradient.
SPECIAL_OPTIMIZERS = [
    AdaGrad(),
    AdaGrad(epsilon=0.5),
    Adam(amsgrad=True),
    Adam(beta_1=0.5, beta_2=0.9, epsilon=1e-3, amsgrad=True),
    AdamW(weight_decay=2.0),
    AdamW(beta_1=0.8, beta_2=0.95, epsilon=1e-3, weight_decay=0.3, amsgrad=True),
    DeltaBarDelta(),
]

WRAPPERS = [
    GradientClipping(SGD(momentum=0.5), max_norm=1.5),
    WeightDecay(SGD(nesterov=False), decay=3.0),
    WeightDecay(Adam(epsilon=1e-3), decay=0.5),
    Scheduled(SGD(momentum=0.3), "cosine", n_steps=20),
    Scheduled(NAdam(), "one_cycle", n_steps=70),
    Scheduled(AdaGrad(), "coslog4", n_steps=50),
    Averaged(RMSProp(), decay=0.6),
    Averaged(Adam(amsgrad=True)),
    Lookahead(Adam()),
    Lookahead(SGD(momentum=0.0), period=1, share=0.3),
    Lookahead(DeltaBarDelta(), period=7, share=1.0),
    Lookahead(
        Averaged(WeightDecay(GradientClipping(Scheduled(AdamW(), "warmup", 60)), 4.0)),
        period=4,
    ),
    Scheduled(
        GradientClipping(WeightDecay(Averaged(Lookahead(NAdam(), 3, 0.2), 0.5)), 9.0),
        "cosine",
        n_steps=60,
    ),
]


class SumOfFeatures(BaseEstimator):
    """Predicts the sum of any features; the loss is half the squared error of that."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        with np.errstate(over="ignore", invalid="ignore"):
            return X.sum(axis=1)

    def input_gradient(self, X, y):
        error = self.predict(X) - np.reshape(y, (len(X), -1)).sum(axis=1)
        return np.repeat(error[:, np.newaxis], X.shape[1], axis=1)

    def __sklearn_is_fitted__(self):
        return True


AUGMENTERS = [
    GaussianNoise(),
    GaussianNoise(scale=0.5, relative=False),
    FeatureMasking(),
    FeatureMasking(probability=0.5, fill="mean"),
    FeatureMasking(probability=0.3, fill="zero"),
    Mixup(),
    Mixup(alpha=2.0),
    TargetNoise(),
    TargetNoise(scale=0.5, relative=False),
    AdversarialNoise(SumOfFeatures()),
    AdversarialNoise(SumOfFeatures(), norm="sign", iterations=3),
    Compose([]),
    Compose([GaussianNoise(), FeatureMasking(), Mixup(), TargetNoise()]),
    Compose([("masks", FeatureMasking(fill="zero")), ("mixes", Mixup())]),
    RandomApply(GaussianNoise()),
    RandomApply(Compose([FeatureMasking(), Mixup(1.0)]), probability=0.3),
    ImageShift(),
    ImageShift(max_shift=3, fill=1.0),
    ImageRotation(),
    ImageRotation(max_degrees=90.0),
    ImageZoom(),
    ImageZoom(max_zoom=1.0, fill=-1.0),
    ImageElastic(),
    ImageElastic(magnitude=2.0, smoothness=1.0),
]


# Estimators with a problem each: name, estimator, kind of targets.
ESTIMATORS = [
    ("binary", MLPClassifier, {}, "binary"),
    ("multiclass", MLPClassifier, {}, "multiclass"),
    ("multilabel", MLPClassifier, {}, "multilabel"),
    ("regression", MLPRegressor, {}, "real"),
    ("regression, 3 outputs", MLPRegressor, {}, "reals"),
    ("poisson", MLPRegressor, {"loss": "poisson"}, "count"),
]


def problem(kind, n_rows=120, n_features=6, seed=0, dtype=np.float64):
    """Return features and targets of one kind, learnable but not separable."""
    random_state = np.random.RandomState(seed)
    X = random_state.normal(size=(n_rows, n_features))
    signal = np.tanh(X @ random_state.normal(size=(n_features, 3)))
    signal += 0.5 * random_state.normal(size=signal.shape)
    targets = {
        "binary": lambda: (signal[:, 0] > 0).astype(int),
        "multiclass": lambda: signal.argmax(axis=1),
        "multilabel": lambda: (signal > 0).astype(int),
        "real": lambda: signal[:, 0],
        "reals": lambda: signal,
        "count": lambda: random_state.poisson(np.exp(signal[:, 0])).astype(float),
    }
    return X.astype(dtype), targets[kind]()
