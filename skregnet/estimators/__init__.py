"""The estimators: they validate, encode, choose parts and delegate."""

import skregnet.estimators._curvature  # noqa: F401 (registers what curvature asks)
from skregnet.estimators._adversarial_examples import adversarial_examples
from skregnet.estimators.classifier import MLPClassifier
from skregnet.estimators.multi_task import (
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
)
from skregnet.estimators.regressor import MLPRegressor

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "MultiTaskMLP",
    "MultiTaskMLPClassifier",
    "MultiTaskMLPRegressor",
    "adversarial_examples",
]
