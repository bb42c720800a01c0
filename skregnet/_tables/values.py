"""Single values of a table: which are missing, and of which family the others are.

Families are told apart by type alone, so that a value is the same thing in whatever
column, batch or library it comes.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from numbers import Real
from reprlib import repr as short_repr
from typing import Any

import numpy as np

from skregnet._kernels import Array

TEXT = "text"
BOOLEANS = "Booleans"
NUMBERS = "numbers"
DATES = "dates"
OTHERS = "other values"

_FAMILIES: list[tuple[Any, str]] = [
    ((str, bytes), TEXT),
    ((bool, np.bool_), BOOLEANS),
    # NumPy counts its durations among the integers.
    (np.timedelta64, OTHERS),
    ((Real, Decimal), NUMBERS),
    ((date, np.datetime64), DATES),
]
_NEVER_MISSING = {str, int, bool}


def family_of(kind: type) -> str:
    """Return the family of the values of a type."""
    families = (family for types, family in _FAMILIES if issubclass(kind, types))
    return next(families, OTHERS)


def objects_of(values: Iterable[Any], n_values: int) -> Array:
    """Return an array of values as they are, sequences among them too."""
    return np.fromiter(values, object, n_values)


def missing_among(values: Array) -> Array:
    """Return a mask of the missing values of an array of objects."""
    if set(map(type, values)) <= _NEVER_MISSING:
        return np.zeros(len(values), bool)
    return np.fromiter(map(_is_missing, values), bool, len(values))


def _is_missing(value: Any) -> bool:
    """Tell None, and what is not equal to itself; `pandas.NA` gives itself for that."""
    if value is None:
        return True
    try:
        differs = value != value
    except ArithmeticError:  # a signaling NaN
        return True
    except Exception:
        return False
    if isinstance(differs, bool | np.bool_):
        return bool(differs)
    return differs is value


def text_of(value: str | bytes) -> str:
    """Return text as plain `str`, bytes by UTF-8."""
    return value.decode() if isinstance(value, bytes) else str.__str__(value)


def number_of(value: Any) -> float:
    """Return a number, a Boolean or text that is a number as a float."""
    if not isinstance(value, str | bytes):
        return float(value)
    text = text_of(value)
    if "_" in text:
        raise ValueError(f"could not convert string to float: {text!r}")
    return float(text)


def refused(name: str, expected: str, value: Any) -> ValueError:
    """Return the error that says what a column expects, and which value it has."""
    return ValueError(
        f"column {name!r} of X expects {expected}, got {short_repr(value)} of type "
        f"{type(value).__name__}."
    )
