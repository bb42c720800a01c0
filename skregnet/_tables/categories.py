"""Categories: how a value becomes one, in `fit`, at prediction and in ONNX alike.

A category is text. A value goes by its type and itself alone: integers, and floats and
Decimals that are integers, by their digits; other numbers by the fewest digits that
tell them apart in their own precision; Booleans by their names; text is itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from numbers import Integral, Rational
from typing import Any, Self

import numpy as np

from skregnet._kernels import Array
from skregnet._tables.columns import Column
from skregnet._tables.instants import (
    instant_of,
    text_of_duration,
    text_of_instant,
)
from skregnet._tables.values import (
    BOOLEANS,
    DATES,
    NUMBERS,
    TEXT,
    family_of,
    refused,
    text_of,
)

UNKNOWN = -1
MISSING = -2

_BOOLEANS_OF_DIGITS = {"0": "False", "1": "True"}
_DIGITS_OF_BOOLEANS = {"False": "0", "True": "1"}
# Characters of the longest text of a float of 32 bits, -1.23456789e-38.
_LONGEST_SHORT = 15
_NAMED_BY_VALUE = {TEXT, BOOLEANS, NUMBERS}


@dataclass(frozen=True)
class Categories:
    """A column for each category; one of -1 and 1 where there are two."""

    name: str
    kept: list[str]
    marks_missing: bool

    @classmethod
    def learn(cls, column: Column, weights: Array, max_categories: int) -> Self:
        """Learn which categories there are; the rarest of too many are left out."""
        numbered = _Numbered()
        codes = _codes_of(column, lambda names: numbered[names[0]])
        is_there = codes != MISSING
        sums = np.bincount(codes[is_there], weights[is_there], minlength=len(numbered))
        found = sorted(numbered)
        sums = sums[[numbered[text] for text in found]]
        order = np.argsort(-sums, kind="stable")[:max_categories]
        kept = [found[k] for k in np.sort(order)]
        return cls(column.name, kept, not is_there.all())

    @property
    def is_binary(self) -> bool:
        """Whether one column stands for two categories."""
        return len(self.kept) == 2 and not self.marks_missing

    @property
    def names(self) -> list[str]:
        """Names of the columns that it becomes."""
        if self.is_binary:
            return [f"{self.name}_{self.kept[1]}"]
        names = [f"{self.name}_{category}" for category in self.kept]
        return [*names, f"{self.name}_missing"] if self.marks_missing else names

    def code_of(self, value: Any) -> int:
        """Return which category a value is; -1 if it is none."""
        return self._finder()(names_of(value))

    def read(self, column: Column) -> Array:
        """Return which category each sample has, -1 if none, -2 if it is missing."""
        return _codes_of(column, self._finder())

    def _finder(self) -> Callable[[tuple[str, ...]], int]:
        """Return the function from a value's names to its category."""
        places = {text: k for k, text in enumerate(self.kept)}
        return lambda names: next(
            (places[name] for name in names if name in places), UNKNOWN
        )

    def encode(self, codes: Array, out: Array) -> None:
        """Write ones into `out`, zeros of shape (n_samples, n_columns)."""
        if self.is_binary:
            out[:, 0] = np.where(codes >= 0, 2 * codes - 1, 0)
            return
        known = np.flatnonzero(codes >= 0)
        out[known, codes[known]] = 1
        if self.marks_missing:
            out[:, -1] = codes == MISSING


def names_of(value: Any) -> tuple[str, ...]:
    """Return the names by which `fit` may have known a value.

    Parameters
    ----------
    value : object
        A value that is not missing.

    Returns
    -------
    names : tuple of str
        The first is the category that it is itself. Where `fit` has not seen that, an
        integer is the Boolean that equals it, or its text with a decimal point, a
        Boolean is its integer, and a float is the one of another precision that equals
        it or has the same fewest digits.
    """
    family = family_of(type(value))
    if family == TEXT:
        return (text_of(value),)
    if family == BOOLEANS:
        text = str(bool(value))
        return text, _DIGITS_OF_BOOLEANS[text]
    if family == DATES:
        return (text_of_instant(instant_of(value), _is_aware(value)),)
    return _names_of_number(value) if family == NUMBERS else (_text_of_other(value),)


def _text_of_other(value: Any) -> str:
    """Return the text of a value of no family, which does not depend on its unit."""
    if isinstance(value, timedelta | np.timedelta64):
        return text_of_duration(value)
    if isinstance(value, frozenset):  # in an order that is not that of hashes
        return f"frozenset({{{', '.join(sorted(map(repr, value)))}}})"
    return str(value)


def _names_of_number(value: Any) -> tuple[str, ...]:
    """Return the names of a number."""
    if not _is_integer(value):
        return _fractional(value)
    digits = str(int(value))
    if digits in _BOOLEANS_OF_DIGITS:
        return digits, _BOOLEANS_OF_DIGITS[digits], f"{digits}.0"
    return digits, f"{digits}.0"


def _is_aware(value: Any) -> bool:
    """Tell dates that have a time zone."""
    return isinstance(value, date) and getattr(value, "tzinfo", None) is not None


def _is_integer(value: Any) -> bool:
    """Tell numbers that are integers, of whatever type."""
    if isinstance(value, Integral):
        return True
    if isinstance(value, Rational):
        return value.denominator == 1
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    is_finite = bool(np.isfinite(value))
    return is_finite and value == int(value)


def _fractional(value: Any) -> tuple[str, ...]:
    """Return the names of a number that is no integer."""
    own, number = _shortest(value), float(value)
    names = [own, *(_texts_of(number) if number == value else ())]
    for text in list(names):
        for equal in floats_named(text):
            names += _texts_of(equal)
    return tuple(dict.fromkeys(names))


def floats_named(text: str) -> list[float]:
    """Return the floats of each precision whose fewest digits are a text."""
    number = float(text)
    if not np.isfinite(number):
        return []
    if len(text) > _LONGEST_SHORT:
        return [number]
    shorter = [short for short in _shorter(number) if _shortest(short) == text]
    return [number, *map(float, shorter)]


def _texts_of(number: float) -> list[str]:
    """Return the fewest digits of a float in each precision that holds it."""
    equal = [short for short in _shorter(number) if float(short) == number]
    return list(map(_shortest, [number, *equal]))


def _shorter(number: float) -> list[Any]:
    """Return a float in each shorter precision."""
    with np.errstate(over="ignore", under="ignore"):
        return [np.float32(number), np.float16(number)]


def _shortest(value: Any) -> str:
    """Return the fewest digits that tell a number from others of its precision."""
    number = float(value)
    if isinstance(value, np.float16 | np.float32):
        text = np.format_float_scientific(value)
        return repr(float(text))
    if isinstance(value, Decimal) and Decimal(repr(number)) != value:
        return f"{value:f}".rstrip("0")
    if isinstance(value, np.longdouble) and value != number:
        return np.format_float_positional(value)
    return repr(number)


class _Numbered(dict[Any, int]):
    """Numbers what it is asked for, as it comes."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


def _codes_of(column: Column, code_of: Callable[[tuple[str, ...]], int]) -> Array:
    """Return the code of each sample, found once for each value that is different."""
    codes = np.full(len(column.values), MISSING)
    try:
        names, places = _distinct(column)
        own = [code_of(names_of_one) for names_of_one in names]
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"column {column.name!r} of X expects categories that have text: {error}"
        ) from error
    codes[~column.is_missing] = np.array(own, np.intp)[places]
    return column.by_sample(codes)


def _distinct(column: Column) -> tuple[list[tuple[str, ...]], Array]:
    """Return the names of the different values, and where each of its values is.

    Values of different types are different, though Python's 1 equals its True. Text and
    numbers of one type have one name if they are equal; of dates, ranges and other
    objects that need not be so, and names are what tells them apart.
    """
    values = column.present
    if values.dtype.kind != "O":
        found, places = np.unique(values, return_inverse=True)
        if column.zone is not None:
            # These are instants of UTC.
            return [(text_of_instant(instant_of(v), True),) for v in found], places
        return list(map(names_of, found)), places
    numbered, by_value = _Numbered(), column.families <= _NAMED_BY_VALUE
    is_mixed = len(column.types) > 1
    keys: Iterable[Any] = values
    if not by_value:
        keys = (names_of(_hashable(column.name, value)) for value in values)
    elif is_mixed:
        keys = zip(map(type, values), values, strict=True)
    places = np.fromiter(map(numbered.__getitem__, keys), np.intp, len(values))
    if not by_value:
        return list(numbered), places
    own = (key[1] for key in numbered) if is_mixed else numbered
    return list(map(names_of, own)), places


def _hashable(name: str, value: Any) -> Any:
    """Return a value that can be hashed, or refuse it."""
    try:
        hash(value)
    except TypeError as error:
        raise refused(name, "categories", value) from error
    return value
