"""Dates as numbers: the time itself, and the season, the weekday and the hour."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from skregnet._kernels import Array
from skregnet._tables.columns import Column
from skregnet._tables.instants import (
    DAY,
    NANOSECONDS,
    NO_INSTANT,
    Zone,
    instants_of,
    wall_clock,
)
from skregnet._tables.numbers import ROUNDING, Numbers

# A year is 365.2425 days.
_SECONDS = {"year": 31_556_952, "week": 7 * DAY, "day": DAY}
_UTC = 0


@dataclass(frozen=True)
class Dates:
    """The parts of a date as numbers, relative to one of `fit`, in the zone of `fit`.

    The time is the same in all zones; season, weekday and hour are those of clocks.
    """

    name: str
    zone: Zone
    origin: list[int]
    parts: dict[str, Numbers]

    @classmethod
    def learn(cls, column: Column, weights: Array, n_bins: int) -> Self:
        """Learn the zone, the origin, and the scales of all parts."""
        instants, zones = instants_of(column)
        if None in zones and len(zones) > 1:
            raise ValueError(
                f"column {column.name!r} of X expects dates all with a time zone or "
                "all without one, got some of both."
            )
        zone = zones.pop() if len(zones) == 1 else _UTC
        origin = _median(instants, weights)
        parts = {
            # The time is a difference of integers, and not rounded.
            part: Numbers.of(f"{column.name}_{part}", values, weights, n_bins)
            if part == "days"
            else Numbers.of(
                f"{column.name}_{part}", values, weights, 0, rounding=ROUNDING, size=1.0
            )
            for part, values in _parts_of(instants, zone, origin)
        }
        return cls(column.name, zone, origin, parts)

    @property
    def names(self) -> list[str]:
        """Names of the columns that it becomes."""
        return [name for part in self.parts.values() for name in part.names]

    def read(self, column: Column) -> Array:
        """Return the instants of a column, of shape (n_samples, 2)."""
        instants, zones = instants_of(column)
        if zones and (None in zones) != (self.zone is None):
            has, had = ("none", "one") if self.zone is not None else ("one", "none")
            raise ValueError(
                f"column {column.name!r} of X expects dates as in fit: those had "
                f"{had} time zone, these have {has}."
            )
        return instants

    def encode(self, instants: Array, out: Array) -> None:
        """Write all parts into `out`, of shape (n_samples, n_columns)."""
        start = 0
        for part, values in _parts_of(instants, self.zone, self.origin):
            numbers = self.parts[part]
            stop = start + len(numbers.names)
            numbers.encode(values, out[:, start:stop])
            start = stop


def _parts_of(
    instants: Array, zone: Zone, origin: list[int]
) -> Iterator[tuple[str, Array]]:
    """Yield the parts of dates by name, NaN where one is missing.

    What comes round is given by sine and cosine, so that the end is near the start.
    """
    seconds, parts = instants.T
    is_there = parts != NO_INSTANT
    first_seconds, first_parts = origin
    since = (seconds - first_seconds) + (parts - first_parts) / NANOSECONDS
    yield "days", np.where(is_there, since / DAY, np.nan)
    fractions = np.where(is_there, parts / NANOSECONDS, np.nan)
    shown = wall_clock(seconds, zone)
    for name, period in _SECONDS.items():
        turn = (shown % period + fractions) / period
        yield f"sin_{name}", np.sin(2 * np.pi * turn)
        yield f"cos_{name}", np.cos(2 * np.pi * turn)


def _median(instants: Array, weights: Array) -> list[int]:
    """Return the instant in the middle of those that are there."""
    is_there = instants[:, 1] != NO_INSTANT
    found, weights = instants[is_there], weights[is_there]
    order = np.lexsort((found[:, 1], found[:, 0]))
    sums = np.cumsum(weights[order])
    middle: list[int] = found[order[np.searchsorted(sums, sums[-1] / 2)]].tolist()
    return middle
