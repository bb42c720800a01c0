"""Networks on tables as they come: columns of any kind, defaults that are measured."""

from skregnet.tabular.classifier import TabularClassifier
from skregnet.tabular.encoder import TableEncoder
from skregnet.tabular.regressor import TabularRegressor

__all__ = ["TableEncoder", "TabularClassifier", "TabularRegressor"]
