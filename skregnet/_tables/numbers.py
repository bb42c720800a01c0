"""Numbers of one scale, softly bounded, with bins.

A spread counts only if rounding cannot have made it: what is constant but for the last
places of its numbers is constant.
"""

from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np

from skregnet._kernels import Array
from skregnet._tables.columns import Column
from skregnet._tables.values import number_of, refused

# What a scaled number tends to, where it is far out.
BOUND = 3.0
FAR = 1e9
# Bins add nothing to a column of fewer edges.
_FEWEST_EDGES = 4
# Half the range of sums of 5,000 shares each, added one after another, is 36 units of
# rounding in float64 and 24 in float32; of 1,000 shares it is 15 and 10. Numbers of 16
# bits have a thousand units for each, and are summed in longer ones.
_FLOAT64 = float(np.finfo(np.float64).eps)
_UNITS_OF_ROUNDING = {np.float32: 32, np.float16: 4}
ROUNDING = 128 * _FLOAT64
"""By which share of themselves rounding may have changed numbers of 64 bits."""


@dataclass(frozen=True)
class Numbers:
    """A number, scaled and softly bounded; its bins; whether it is missing."""

    name: str
    center: float
    scale: float
    edges: Array
    marks_missing: bool

    @classmethod
    def of(
        cls,
        name: str,
        values: Array,
        weights: Array,
        n_bins: int,
        rounding: float = 0.0,
        size: float = 0.0,
    ) -> Self:
        """Learn from the values that are there.

        Parameters
        ----------
        name : str
            Name of the column.
        values : ndarray of shape (n_samples,)
            Numbers, NaN where one is missing.
        weights : ndarray of shape (n_samples,)
            Weights of the samples, positive.
        n_bins : int
            Most bins.
        rounding : float, default=0.0
            By which share of themselves rounding may have changed the numbers.
        size : float, default=0.0
            Size of what the numbers were computed from, if they may be smaller.
        """
        is_there = ~np.isnan(values)
        found, weights = values[is_there], weights[is_there]
        marks = not is_there.all()
        if not len(found):
            return cls(name, 0.0, 0.0, np.zeros(0), marks)

        def is_beyond_rounding(difference: Any, *ends: Any) -> bool:
            return bool(difference > rounding * max(size, *map(abs, ends)))

        low, center, high = _quantiles(found, [0.25, 0.5, 0.75], weights)
        with np.errstate(over="ignore"):
            spread, ends = high - low, (low, high)
            if not is_beyond_rounding(spread, *ends):
                ends = found.min(), found.max()
                spread = (ends[1] - ends[0]) / 2
            is_spread = is_beyond_rounding(spread, *ends) and np.isfinite(1 / spread)
            scale = 1 / spread if is_spread else 0.0
            shares = np.linspace(0, 1, n_bins + 1)
            edges: list[Any] = []
            for edge in np.unique(_quantiles(found, shares, weights)) if n_bins else ():
                if not edges or is_beyond_rounding(edge - edges[-1], edges[-1], edge):
                    edges.append(edge)
        if len(edges) < _FEWEST_EDGES:
            edges = []
        edges_of_bins = np.array(edges, np.float64)
        return cls(name, float(center), float(scale), edges_of_bins, marks)

    @classmethod
    def learn(cls, column: Column, weights: Array, n_bins: int) -> Self:
        """Learn from a column of numbers."""
        values = floats_of(column)
        rounding = _rounding_of(column, values)
        return cls.of(column.name, values, weights, n_bins, rounding)

    @property
    def names(self) -> list[str]:
        """Names of the columns that it becomes."""
        bins = [f"{self.name}_bin{k}" for k in range(max(len(self.edges) - 1, 0))]
        missing = [f"{self.name}_missing"] if self.marks_missing else []
        return [self.name, *bins, *missing]

    def read(self, column: Column) -> Array:
        """Return the numbers of a column, of shape (n_samples,)."""
        return floats_of(column)

    def encode(self, values: Array, out: Array) -> None:
        """Write what numbers become into `out`, of shape (n_samples, n_columns)."""
        is_missing = np.isnan(values)
        known = np.where(is_missing, self.center, values)
        # Differences of huge numbers are far out, whatever they overflow to.
        with np.errstate(over="ignore"):
            scaled = (_bounded(known - self.center) * self.scale).clip(-FAR, FAR)
            np.divide(scaled, np.hypot(1, scaled / BOUND), out=out[:, 0])
            if len(self.edges):
                widths = _bounded(np.diff(self.edges))
                inside = _bounded(known[:, np.newaxis] - self.edges[:-1]) / widths
                np.clip(inside, 0, 1, out=out[:, 1 : len(self.edges)])
        if self.marks_missing:
            out[:, -1] = is_missing


def floats_of(column: Column) -> Array:
    """Return the numbers of a column as floats, of shape (n_samples,).

    Parameters
    ----------
    column : Column
        Numbers, Booleans, or text that is numbers.

    Returns
    -------
    values : ndarray of shape (n_samples,), float64
        NaN where one is missing.

    Raises
    ------
    ValueError
        If there are infinite numbers, or values that are no numbers.
    """
    values = np.full(len(column.values), np.nan)
    present = column.present
    if present.dtype.kind not in "biuf":
        present = _floats_of_objects(column.name, present)
    with np.errstate(over="ignore"):
        values[~column.is_missing] = present
    if np.isinf(values).any():
        raise ValueError(
            f"X contains infinity in column {column.name!r}: it expects finite numbers "
            "or missing ones."
        )
    return column.by_sample(values)


def _floats_of_objects(name: str, values: Array) -> Array:
    """Return objects as floats, each on its own."""
    floats = np.empty(len(values))
    for k, value in enumerate(values):
        try:
            floats[k] = number_of(value)
        except OverflowError as error:
            raise refused(name, "numbers that floats can hold", value) from error
        except (TypeError, ValueError) as error:
            raise refused(name, "numbers as in fit", value) from error
    return floats


def _rounding_of(column: Column, values: Array) -> float:
    """Return by which share of themselves rounding may have changed numbers."""
    rounded = [k for k in column.types if not issubclass(k, Integral | np.bool_)]
    unit = max(map(_unit_of_rounding, rounded), default=0.0)
    if not unit or _are_integers(values[~np.isnan(values)], 2 / unit):
        return 0.0
    return max(
        _UNITS_OF_ROUNDING[k] * _unit_of_rounding(k)
        if k in _UNITS_OF_ROUNDING
        else ROUNDING
        for k in rounded
    )


def _unit_of_rounding(kind: Any) -> float:
    """Return the rounding of numbers of a type, relative to them."""
    return float(np.finfo(kind).eps) if kind in _UNITS_OF_ROUNDING else _FLOAT64


def _are_integers(values: Array, largest: float) -> bool:
    """Tell integers, of which floats can hold all up to the largest."""
    return bool(((values == np.rint(values)) & (abs(values) <= largest)).all())


def _bounded(differences: Array) -> Array:
    """Return finite numbers instead of infinite ones."""
    largest = np.finfo(np.float64).max
    return differences.clip(-largest, largest)


def _quantiles(values: Array, shares: Any, weights: Array) -> Array:
    """Return quantiles in which a weight of 2 counts like two values."""
    return np.quantile(values, shares, weights=weights, method="inverted_cdf")
