"""Which estimators callbacks of this package are for."""

from typing import Any

from skregnet._fitting.members import StackedFitMixin


def check_network(callback: Any, estimator: Any) -> None:
    """Refuse to be set on anything but a network."""
    if not isinstance(estimator, StackedFitMixin):
        raise TypeError(
            f"{type(callback).__name__} expects to be set on an MLPClassifier, "
            "MLPRegressor or MultiTaskMLP of skregnet, got "
            f"{type(estimator).__name__}; of a pipeline, a search or an ensemble set "
            "it on the network within."
        )
