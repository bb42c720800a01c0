"""The estimators: they validate, encode, choose parts and delegate."""

from skregnet.estimators.classifier import MLPClassifier
from skregnet.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
