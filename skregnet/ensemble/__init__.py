"""Many networks, or any other estimators, that decide together."""

from skregnet.ensemble.bagging import BaggingEnsemble

__all__ = ["BaggingEnsemble"]
