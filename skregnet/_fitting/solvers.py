"""Names of solvers and schedules, and the objects that they stand for."""

from collections.abc import Callable
from reprlib import repr as short_repr
from typing import Any

from skregnet._training import train_eigen_step, train_lbfgs, train_newton_cg
from skregnet.optimizers import (
    SGD,
    SHAPES,
    AdaGrad,
    Adam,
    AdamW,
    Adaptive,
    Averaged,
    Constant,
    DeltaBarDelta,
    Gradual,
    Hyperparameters,
    InverseScaling,
    NAdam,
    RMSProp,
    Schedule,
    Wrapper,
    is_finite,
    shape_of,
)


def _moments(mlp: Any) -> dict[str, Any]:
    """Return the parameters that Adam and its kin share."""
    return {
        "beta_1": float(mlp.beta_1),
        "beta_2": float(mlp.beta_2),
        "epsilon": float(mlp.epsilon),
    }


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda mlp: SGD(
        momentum=float(mlp.momentum), nesterov=bool(mlp.nesterovs_momentum)
    ),
    "adam": lambda mlp: Adam(**_moments(mlp)),
    "adamw": lambda mlp: AdamW(**_moments(mlp)),
    "nadam": lambda mlp: NAdam(**_moments(mlp)),
    "adagrad": lambda mlp: AdaGrad(),
    "rmsprop": lambda mlp: RMSProp(),
    "delta_bar_delta": lambda mlp: DeltaBarDelta(),
}
"""Optimizers by name, made from an estimator's parameters."""

FULL_BATCH: dict[str, Callable[..., Any]] = {
    "lbfgs": train_lbfgs,
    "newton_cg": train_newton_cg,
    "eigen_step": train_eigen_step,
}
"""Solvers that take all rows at once, and no steps of an optimizer, by name."""

SOLVERS = {*FULL_BATCH, *OPTIMIZERS}
"""All names of solvers."""

_SCHEDULES: dict[str, Callable[[float, Any], Schedule]] = {
    "constant": lambda rate, mlp: Constant(rate),
    "invscaling": lambda rate, mlp: InverseScaling(rate, float(mlp.power_t)),
    "adaptive": lambda rate, mlp: Adaptive(rate),
}

SCHEDULES = {*_SCHEDULES, *SHAPES}
"""All names of schedules."""


def takes_steps(mlp: Any) -> bool:
    """Tell whether the solver is an optimizer that takes minibatches."""
    return not isinstance(mlp.solver, str) or mlp.solver in OPTIMIZERS


def stops_early(mlp: Any) -> bool:
    """Tell whether the solver heeds validation data."""
    return mlp.solver != "lbfgs"


def has_learning_rate(mlp: Any) -> bool:
    """Tell whether the solver's steps have a rate that a schedule changes."""
    return takes_steps(mlp) or mlp.solver == "eigen_step"


def optimizer_of(mlp: Any) -> Any:
    """Return the optimizer that steps, its hyperparameters checked."""
    solver = mlp.solver
    if isinstance(solver, str):
        return OPTIMIZERS[solver](mlp)
    if isinstance(solver, type):
        raise ValueError(
            f"solver expects an optimizer, such as {solver.__name__}(), got the class "
            f"{solver.__name__}."
        )
    if isinstance(solver, Hyperparameters):
        solver.check()
    rate = getattr(solver, "learning_rate", 0.0)
    if not is_finite(rate):
        raise ValueError(
            "solver expects a finite number as the learning_rate of an optimizer, got "
            f"learning_rate={short_repr(rate)}."
        )
    if any(isinstance(inner, Averaged) for inner in _layers_of(solver)[1:]):
        raise ValueError(
            "solver expects Averaged around all other optimizers, since it is the "
            f"average that predicts, got solver={solver!r}."
        )
    return solver


def innermost(optimizer: Any) -> Any:
    """Return the optimizer within all wrappers."""
    return _layers_of(optimizer)[-1]


def _layers_of(optimizer: Any) -> list[Any]:
    """Return the optimizer and those within it, from the outside inward."""
    layers = [optimizer]
    while isinstance(layers[-1], Wrapper):
        layers.append(layers[-1].optimizer)
    return layers


def solver_name(mlp: Any) -> str:
    """Return the name of the solver, of an object the names of its classes."""
    if isinstance(mlp.solver, str):
        return mlp.solver
    return "/".join(type(layer).__name__ for layer in _layers_of(mlp.solver))


def needs_all_rows(mlp: Any) -> bool:
    """Tell whether each step takes all rows."""
    if not takes_steps(mlp):
        return True
    return bool(getattr(optimizer_of(mlp), "full_batch", False))


def schedule_of(mlp: Any) -> Schedule:
    """Return the schedule, from the optimizer's own learning rate if it has one.

    As in scikit-learn, 'invscaling' and 'adaptive' do not concern 'adam'.
    """
    rate = float(mlp.learning_rate_init)
    if not isinstance(mlp.solver, str):
        rate = float(getattr(mlp.solver, "learning_rate", rate))
    schedule = mlp.learning_rate
    if not isinstance(schedule, str) or schedule in SHAPES:
        return Gradual(rate, shape_of(schedule))
    if mlp.solver == "adam":
        return Constant(rate)
    return _SCHEDULES[schedule](rate, mlp)
