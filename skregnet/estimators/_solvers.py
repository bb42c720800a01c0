"""Names of solvers and schedules, and the objects that they stand for."""

from collections.abc import Callable
from typing import Any

from skregnet.optimizers import SGD, Adam
from skregnet.schedules import Adaptive, Constant, InverseScaling, Schedule

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda mlp: SGD(float(mlp.momentum), bool(mlp.nesterovs_momentum)),
    "adam": lambda mlp: Adam(float(mlp.beta_1), float(mlp.beta_2), float(mlp.epsilon)),
}
"""Optimizers by name, made from an estimator's parameters."""

_SGD_SCHEDULES: dict[str, Callable[[Any], Schedule]] = {
    "constant": lambda mlp: Constant(float(mlp.learning_rate_init)),
    "invscaling": lambda mlp: InverseScaling(
        float(mlp.learning_rate_init), float(mlp.power_t)
    ),
    "adaptive": lambda mlp: Adaptive(float(mlp.learning_rate_init)),
}


def schedule_of(mlp: Any) -> Schedule:
    """Return the schedule; as in scikit-learn, only plain SGD heeds `learning_rate`."""
    name = mlp.learning_rate if mlp.solver == "sgd" else "constant"
    return _SGD_SCHEDULES[name](mlp)
