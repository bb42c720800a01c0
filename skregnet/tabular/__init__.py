"""Networks on tables as they come: columns of any kind, defaults that are measured."""

from skregnet.tabular._classifier import TabularClassifier
from skregnet.tabular._encoder import TableEncoder
from skregnet.tabular._regressor import TabularRegressor

__all__ = ["TableEncoder", "TabularClassifier", "TabularRegressor"]
