"""Neural networks for scikit-learn, with every regularizer and optimizer in reach."""

from skregnet.ensemble import BaggingEnsemble
from skregnet.estimators import (
    MLPClassifier,
    MLPRegressor,
    MultiTaskMLP,
    MultiTaskMLPClassifier,
    MultiTaskMLPRegressor,
    adversarial_examples,
)
from skregnet.search import StackedSearchCV
from skregnet.tabular import TableEncoder, TabularClassifier, TabularRegressor
from skregnet.versions import show_versions

__version__ = "0.1.0"

__all__ = [
    "BaggingEnsemble",
    "MLPClassifier",
    "MLPRegressor",
    "MultiTaskMLP",
    "MultiTaskMLPClassifier",
    "MultiTaskMLPRegressor",
    "StackedSearchCV",
    "TableEncoder",
    "TabularClassifier",
    "TabularRegressor",
    "adversarial_examples",
    "show_versions",
]
