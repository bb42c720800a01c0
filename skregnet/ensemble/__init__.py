"""Many networks, or any other estimators, that decide together."""

from skregnet.ensemble._combining import is_stand_in as is_stand_in
from skregnet.ensemble.bagging import BaggingEnsemble

__all__ = ["BaggingEnsemble"]
