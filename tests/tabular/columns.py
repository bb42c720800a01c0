"""Columns of every kind, and the containers of a table that may hold them."""

import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl

_DAYS = [
    datetime.datetime(2024, 1, 1, 5) + datetime.timedelta(days=k, microseconds=k)
    for k in range(0, 60, 5)
]


def _in(zone):
    return [day.replace(tzinfo=zone) for day in _DAYS]


NUMBERS = {
    "integers": [3, -1, 2**60 + 1, 0],
    "integers, some missing": [1, 2, 3, None, 10],
    "huge integers": [10**30, 0, -(10**20)],
    "floats": [0.1, 1 / 3, -0.0, 1e300],
    "floats, some missing": [0.1, float("nan"), 0.7],
    "decimals": [Decimal("0.5"), Decimal("1.25"), None],
    "any numbers": [np.float32(0.1), np.int8(3), Fraction(1, 3), Decimal(7), 2.5],
}
CATEGORIES = {
    "Booleans": [True, False],
    "Booleans, some missing": [True, False, None],
    "Booleans of NumPy": [np.bool_(True), np.bool_(False), pd.NA],
    "text": ["red", "blue", "ü", ""],
    "text of digits and others": ["02139", "2139", "K1A 0B1", "1e3", "10001"],
    "text, some missing": ["a", "b", float("nan"), None, pd.NA],
    "text that ends in NUL": ["a", "a\0", "b"],
    "bytes": [b"a", b"b", "a"],
    "mixed": ["a", 1, 1.0, True, 0.1, None, -0.0, Decimal("1.10"), "True"],
}
DATES = {
    "days": [day.date() for day in _DAYS],
    "dates": _DAYS,
    "dates of pandas": [pd.Timestamp(day) for day in _DAYS],
    "dates of NumPy": [np.datetime64(day) for day in _DAYS],
    "dates, some missing": [_DAYS[0], None, _DAYS[1], pd.NaT, np.datetime64("NaT")],
    "dates in New York": _in(ZoneInfo("America/New_York")),
    "dates in a zone with a sign": _in(ZoneInfo("Etc/GMT+5")),
    "dates ahead of UTC": _in(datetime.timezone(datetime.timedelta(hours=5.5))),
}
NOTHING = {
    "None": [None],
    "NaN": [float("nan")],
    "NaT": [pd.NaT],
    "NA of pandas": [pd.NA],
    "NaT of NumPy": [np.datetime64("NaT")],
    "NaN of Decimal": [Decimal("NaN")],
}
KINDS = {
    "numbers": NUMBERS,
    "categories": CATEGORIES,
    "dates": DATES,
    "nothing": NOTHING,
}
COLUMNS = {name: values for kind in KINDS.values() for name, values in kind.items()}
KIND_OF = {name: kind for kind, columns in KINDS.items() for name in columns}


def repeated(name, n_samples):
    """Return so many values of a column."""
    values = COLUMNS[name]
    return [values[k % len(values)] for k in range(n_samples)]


CONTAINERS = {
    "pandas": lambda values: pd.DataFrame({"a": pd.Series(values)}),
    "objects of pandas": lambda values: pd.DataFrame(
        {"a": pd.Series(values, dtype=object)}
    ),
    "polars": lambda values: pl.DataFrame({"a": values}),
    "objects of polars": lambda values: pl.DataFrame(
        {"a": pl.Series(values, dtype=pl.Object)}
    ),
    "array": lambda values: np.fromiter(values, object, len(values))[:, np.newaxis],
    "list": lambda values: [[value] for value in values],
}


def contained(container, values):
    """Return a table of one column, or None if the container does not take these."""
    try:
        return CONTAINERS[container](values)
    except BaseException as error:  # polars panics
        if isinstance(error, KeyboardInterrupt):
            raise
        return None
