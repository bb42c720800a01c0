"""From an estimator's parameters to the recipe of its training."""

import copy
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

import numpy as np

from skregnet._fitting.sizes import hidden_sizes
from skregnet._fitting.solvers import (
    innermost,
    needs_all_rows,
    optimizer_of,
    takes_steps,
)
from skregnet._networks.activations import ACTIVATIONS
from skregnet._networks.build import multilayer_perceptron
from skregnet._networks.losses import MultiTaskLoss
from skregnet._networks.network import Network
from skregnet._networks.penalties import (
    ActivityPenalty,
    DivergenceActivity,
    L1Activity,
    L1Penalty,
    L2Activity,
    L2Penalty,
    MaxNorm,
    Penalty,
)
from skregnet._training import (
    Adversary,
    EpochAverage,
    GroupedTargetNoise,
    MovingAverage,
    Recipe,
    TargetNoise,
)
from skregnet.optimizers import Averaged, GradientClipping

ACTIVITY_PENALTIES: dict[str, Callable[[Any], ActivityPenalty]] = {
    "l1": lambda mlp: L1Activity(float(mlp.activity_alpha)),
    "l2": lambda mlp: L2Activity(float(mlp.activity_alpha)),
    "kl": lambda mlp: DivergenceActivity(
        float(mlp.activity_alpha), float(mlp.activity_target)
    ),
}
"""Penalties on activations by name, made from an estimator's parameters."""

AVERAGES: dict[str, Any] = {"ema": MovingAverage(), "swa": EpochAverage()}
"""Averages of the weights by name."""

# What some solvers cannot take: the value that switches it off, and why.
_REDRAWS = "draws new noise for each evaluation of a loss that must not change"
_NOISE: dict[str, tuple[Any, str]] = {
    "dropout": (0.0, _REDRAWS),
    "input_dropout": (0.0, _REDRAWS),
    "target_noise": (0.0, _REDRAWS),
    "augmenter": (None, _REDRAWS),
}
_STEPS = {
    "batch_norm": (None, "normalises by the statistics of minibatches"),
    "adversarial_step": (0.0, "trains along a gradient that is not that of the loss"),
    "max_norm": (None, "moves the weights after each step"),
    "max_grad_norm": (None, "trains along a gradient that is not that of the loss"),
    "weight_averaging": (None, "averages over the steps of an optimizer"),
}


def check_combinations(estimator: Any) -> None:
    """Refuse parameters that contradict each other.

    Raises
    ------
    ValueError
        That names the parameters and what may be done.
    """
    if not takes_steps(estimator):
        _check_without_steps(estimator)
    elif needs_all_rows(estimator):
        _check_off(estimator, _NOISE)
    if _penalizes_activity(estimator) and estimator.activity_penalty == "kl":
        names = set(hidden_activations(estimator, len(hidden_sizes(estimator))))
        if names - {"logistic"}:
            raise ValueError(
                "activity_penalty='kl' takes activations for probabilities and expects "
                f"activation='logistic', got activation={estimator.activation!r}; set "
                "activation='logistic', or activity_penalty='l1' or 'l2'."
            )
    if _sparsifies(estimator) and takes_steps(estimator):
        _check_step_sizes(estimator)
    if estimator.weight_averaging and isinstance(estimator.solver, Averaged):
        raise ValueError(
            "weight_averaging averages what solver=Averaged(...) averages already, got "
            f"weight_averaging={estimator.weight_averaging!r}; set it to None."
        )
    if estimator.target_noise and getattr(estimator, "loss", None) == "poisson":
        raise ValueError(
            "target_noise makes counts negative and cannot be used with "
            f"loss='poisson', got target_noise={estimator.target_noise!r}; set "
            "target_noise=0, or loss='squared_error'."
        )


def _check_without_steps(estimator: Any) -> None:
    """Refuse what needs the steps of an optimizer."""
    _check_off(estimator, _NOISE | _STEPS)
    if _sparsifies(estimator) and estimator.solver != "lbfgs":
        raise ValueError(
            f"l1_ratio={estimator.l1_ratio!r} cannot be used with "
            f"solver={estimator.solver!r}, which goes by second derivatives: the L1 "
            "norm has a corner where weights are 0. Use solver='lbfgs' or 'adam', or "
            "l1_ratio=0."
        )
    if _penalizes_activity(estimator) and estimator.activity_penalty == "kl":
        raise ValueError(
            f"activity_penalty='kl' cannot be used with solver={estimator.solver!r}, "
            "which sums over blocks of rows: the penalty is a function of means over "
            "all of them. Use solver='adam', or activity_penalty='l1' or 'l2'."
        )


def _check_off(estimator: Any, switches: dict[str, tuple[Any, str]]) -> None:
    """Refuse parameters that are not off, for the reasons given."""
    for name, (off, why) in switches.items():
        value = getattr(estimator, name)
        if value is None or not np.any(np.asarray(value, dtype=object)):
            continue
        raise ValueError(
            f"{name}={value!r} cannot be used with solver={estimator.solver!r}: it "
            f"{why}. Use solver='adam' or another that takes minibatches, or "
            f"{name}={off!r}; alpha, l1_ratio, activity_alpha and label smoothing work "
            "with every solver."
        )


def _check_step_sizes(estimator: Any) -> None:
    """Refuse optimizers that cannot tell the size of their steps."""
    optimizer = innermost(optimizer_of(estimator))
    if not hasattr(optimizer, "write_step_sizes"):
        raise ValueError(
            "l1_ratio > 0 expects a solver that tells the size of its steps, got "
            f"solver={estimator.solver!r} without a method write_step_sizes; add it, "
            "or set l1_ratio=0."
        )
    if getattr(optimizer, "momentum", 0) == 1:
        raise ValueError(
            "l1_ratio > 0 expects momentum < 1, got momentum=1, with which steps have "
            "no finite size; set a smaller momentum, or l1_ratio=0."
        )


def hidden_activations(estimator: Any, n_layers: int) -> list[str]:
    """Return the activation of each hidden layer, checked."""
    activation = estimator.activation
    if isinstance(activation, str):
        return [activation] * n_layers
    names = list(map(str, activation)) if np.iterable(activation) else [""]
    unknown = [name for name in names if name not in ACTIVATIONS]
    if unknown or len(names) != n_layers:
        raise ValueError(
            f"activation expects one name, or one for each of the {n_layers} hidden "
            f"layers, of {sorted(ACTIVATIONS)}; got activation={activation!r}."
        )
    return names


def dropout_rates(estimator: Any, n_layers: int) -> list[float]:
    """Return the dropout rate of each hidden layer, checked."""
    dropout = estimator.dropout
    if isinstance(dropout, Real):
        return [float(dropout)] * n_layers
    rates = list(dropout) if np.iterable(dropout) else [dropout]
    is_valid = np.iterable(dropout) and len(rates) == n_layers
    if not is_valid or not all(
        isinstance(rate, Real) and (rate < 1) and not (rate < 0) for rate in rates
    ):
        raise ValueError(
            f"dropout expects one rate in [0, 1), or one for each of the {n_layers} "
            f"hidden layers, got dropout={dropout!r}."
        )
    return list(map(float, rates))


def is_noisy(estimator: Any) -> bool:
    """Tell whether training draws noise."""
    return bool(
        any(dropout_rates(estimator, len(hidden_sizes(estimator))))
        or estimator.input_dropout
        or estimator.target_noise
        or estimator.augmenter is not None
    )


def noise_source(random_state: np.random.RandomState, n_rows_seen: int) -> Any:
    """Return a source of noise that leaves the random state as it is.

    It depends on the rows gone through before, so that calls that start from the same
    seed and go on from one another do not repeat their noise.
    """
    words = copy.deepcopy(random_state).randint(2**32, size=8, dtype=np.uint32)
    seed = np.random.SeedSequence([*(int(word) for word in words), n_rows_seen])
    return np.random.Generator(np.random.SFC64(seed))


def network_of(
    estimator: Any, layer_units: tuple[int, ...], *, sparse: bool
) -> Network:
    """Describe the network; what moves inputs needs them dense."""
    n_layers = len(layer_units) - 2
    return multilayer_perceptron(
        layer_units,
        hidden_activations(estimator, n_layers),
        estimator._loss,
        sparse=sparse and not estimator.adversarial_step,
        input_dropout=float(estimator.input_dropout),
        dropout=dropout_rates(estimator, n_layers),
        batch_norm=estimator.batch_norm,
        activity_penalty=activity_penalty(estimator),
        heads=estimator._heads,
    )


def activity_penalty(estimator: Any) -> ActivityPenalty | None:
    """Return the penalty on activations, if there is one."""
    if not _penalizes_activity(estimator):
        return None
    return ACTIVITY_PENALTIES[estimator.activity_penalty](estimator)


def recipe_of(estimator: Any, network: Network, mean_weight: float) -> Recipe:
    """Put together how the network is trained."""
    adversary = None
    if estimator.adversarial_step:
        adversary = Adversary(
            float(estimator.adversarial_step),
            estimator.adversarial_norm,
            float(estimator.adversarial_weight),
            int(estimator.adversarial_iterations),
        )
    noise = None
    if estimator.target_noise:
        noise = _target_noise(network.loss, float(estimator.target_noise))
    limit = estimator.max_norm
    return Recipe(
        network,
        tuple(penalties_of(estimator, mean_weight)),
        None if limit is None else MaxNorm(float(limit)),
        adversary,
        noise,
        *_steps(estimator),
    )


def _target_noise(loss: Any, std: float) -> Any:
    """Return the noise that the targets of a loss can take."""
    if isinstance(loss, MultiTaskLoss):
        return GroupedTargetNoise(
            tuple(_target_noise(part, std) for part in loss.parts), loss.sizes
        )
    return TargetNoise(std, keeps_sum=loss.output_activation == "softmax")


def penalties_of(estimator: Any, mean_weight: float) -> Iterator[Penalty]:
    """Yield the penalties on the weights."""
    strength = float(estimator.alpha) / mean_weight
    yield L2Penalty(strength * (1 - float(estimator.l1_ratio)))
    yield L1Penalty(strength * float(estimator.l1_ratio))


def _steps(estimator: Any) -> tuple[Any, Any]:
    """Return the rule of the steps and the average, None for a solver of SciPy's.

    Within a network the average is taken after proximal steps and bounds.
    """
    averaging = AVERAGES.get(estimator.weight_averaging)
    if not takes_steps(estimator):
        return None, averaging
    optimizer = optimizer_of(estimator)
    if isinstance(optimizer, Averaged):
        averaging = MovingAverage(float(optimizer.decay))
        optimizer = optimizer.optimizer
    if estimator.max_grad_norm is not None:
        optimizer = GradientClipping(optimizer, float(estimator.max_grad_norm))
    return optimizer, averaging


def _penalizes_activity(estimator: Any) -> bool:
    return bool(estimator.activity_alpha)


def _sparsifies(estimator: Any) -> bool:
    return bool(estimator.alpha and estimator.l1_ratio)
