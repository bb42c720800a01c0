"""Learning-rate schedules: how a rate changes from epoch to epoch.

A schedule never changes; the rate is handed in and handed back.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

Shape = Callable[[float], float]
"""From the share of training that is over, in [0, 1], to a factor of the rate."""


class Schedule(Protocol):
    """A rule for the learning rate of one network."""

    why_stop: ClassVar[str]
    """What to say of the rate when `on_plateau` stops."""

    @property
    def initial(self) -> float:
        """The rate of the first epoch."""
        ...

    def after_epoch(self, rate: float, n_rows_seen: int) -> float:
        """Return the next epoch's rate, after `n_rows_seen` rows in all epochs."""
        ...

    def on_plateau(self, rate: float) -> float | None:
        """Return the rate to go on with when progress has ended, None to stop."""
        ...


@dataclass(frozen=True)
class Constant:
    """The same rate throughout."""

    initial: float
    why_stop: ClassVar[str] = ""

    def after_epoch(self, rate: float, n_rows_seen: int) -> float:
        """Keep the rate."""
        return rate

    def on_plateau(self, rate: float) -> float | None:
        """Stop."""
        return None


@dataclass(frozen=True)
class InverseScaling:
    """``initial / (n_rows_seen + 1) ** power``."""

    initial: float
    power: float = 0.5
    why_stop: ClassVar[str] = ""

    def after_epoch(self, rate: float, n_rows_seen: int) -> float:
        """Scale the initial rate, down to 0 where the power is beyond the floats."""
        try:
            return float(self.initial / (n_rows_seen + 1) ** float(self.power))
        except OverflowError:
            return 0.0

    def on_plateau(self, rate: float) -> float | None:
        """Stop."""
        return None


@dataclass(frozen=True)
class Adaptive:
    """The same rate while there is progress, then a fifth of it, down to `smallest`."""

    initial: float
    smallest: float = 1e-6
    why_stop: ClassVar[str] = "Learning rate too small. "

    def after_epoch(self, rate: float, n_rows_seen: int) -> float:
        """Keep the rate."""
        return rate

    def on_plateau(self, rate: float) -> float | None:
        """Divide the rate by five, or stop when it is too small."""
        return None if rate <= self.smallest else rate / 5.0


@dataclass(frozen=True)
class Gradual:
    """A rate that changes with every step: `full` times a function of progress."""

    full: float
    shape: Shape
    why_stop: ClassVar[str] = ""

    @property
    def initial(self) -> float:
        """The rate of the first step."""
        return self.at(0.0)

    def at(self, progress: float) -> float:
        """Return the rate once a share of training, in [0, 1], is over."""
        got: Any
        cause = None
        try:
            got = self.shape(progress)
        except (ArithmeticError, TypeError, ValueError) as error:
            got = cause = error
        try:
            rate = self.full * float(got)
        except (OverflowError, TypeError, ValueError):
            rate = math.nan
        if not 0 <= rate < math.inf:
            raise ValueError(
                "learning_rate expects a function of one number, in [0, 1], whose "
                f"values are finite and not negative, got {got!r} where {progress:g} "
                "of training is over."
            ) from cause
        return rate

    def after_epoch(self, rate: float, n_rows_seen: int) -> float:
        """Leave it to `at`."""
        return rate

    def on_plateau(self, rate: float) -> float | None:
        """Stop."""
        return None


def cosine(progress: float) -> float:
    """Fall from 1 to 0 along half a cosine.

    References
    ----------
    I. Loshchilov and F. Hutter (2017). SGDR: stochastic gradient descent with warm
    restarts. ICLR.
    """
    return 0.5 * (1 + math.cos(math.pi * progress))


def one_cycle(progress: float) -> float:
    """Rise from 1/25 to 1 over the first 30 %, then fall to 1/250,000, along cosines.

    References
    ----------
    L. Smith and N. Topin (2018). Super-convergence: very fast training of neural
    networks using large learning rates. arXiv:1708.07120. The shares are PyTorch's.
    """
    first, last, rise = 1 / 25, 1 / 250_000, 0.3
    if progress < rise:
        return 1 + (first - 1) * cosine(progress / rise)
    return last + (1 - last) * cosine((progress - rise) / (1 - rise))


def coslog4(progress: float) -> float:
    """Four cosine cycles from 0 to 1 and back, each twice as long as the last.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart (2024). Better by default: strong
    pre-tuned MLPs and boosted trees on tabular data. NeurIPS.
    """
    return 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * progress)))


def warmup(progress: float) -> float:
    """Rise from near 0 to 1 in a straight line over the first tenth, and stay there.

    References
    ----------
    P. Goyal et al. (2017). Accurate, large minibatch SGD: training ImageNet in 1 hour.
    arXiv:1706.02677.
    """
    return min(1.0, 0.01 + 9.9 * progress)


SHAPES: dict[str, Shape] = {
    "cosine": cosine,
    "one_cycle": one_cycle,
    "coslog4": coslog4,
    "warmup": warmup,
}
"""Schedules by name that are functions of the share of training that is over."""


def shape_of(schedule: str | Shape) -> Shape:
    """Return the function that a name stands for, or the function itself."""
    return SHAPES[schedule] if isinstance(schedule, str) else schedule
