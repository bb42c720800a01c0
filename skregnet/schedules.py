"""Learning-rate schedules: how a rate changes from epoch to epoch.

A schedule never changes; the rate is handed in and handed back.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol


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
        """Scale the initial rate."""
        return float(self.initial / (n_rows_seen + 1) ** self.power)

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
