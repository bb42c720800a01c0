"""The kind of a column: decided in `fit` by its values, and kept.

The type of a column decides where it says enough. The values do where it does not
(objects, sparse columns, lists): all numbers, all dates, or text, Booleans and mixtures
of these with numbers, which are categories. A column of missing values alone has no
kind, and nothing is learned of it.
"""

import warnings

from skregnet._tables.columns import Column
from skregnet._tables.values import (
    BOOLEANS,
    DATES,
    NUMBERS,
    OTHERS,
    TEXT,
    family_of,
    number_of,
    refused,
)

CATEGORIES = "categories"
NOTHING = "nothing"

_READABLE = (
    "numbers, text, Booleans, dates and missing values, or to be named in "
    "categorical_features"
)


def kind_of(column: Column) -> str:
    """Return the kind of a column: numbers, categories, dates or nothing.

    Raises
    ------
    ValueError
        If there are values that are none of these, unless the column is said to hold
        categories.
    """
    families = column.families
    if not families:
        return NOTHING
    if column.is_category:
        return CATEGORIES
    if OTHERS in families:
        raise refused(column.name, _READABLE, _example(column, {OTHERS}))
    if DATES in families and len(families) > 1:
        others = families - {DATES}
        raise refused(column.name, "dates alone or none", _example(column, others))
    if families in ({NUMBERS}, {DATES}):
        return NUMBERS if NUMBERS in families else DATES
    is_of_numbers = column.parses_text and BOOLEANS not in families
    return NUMBERS if is_of_numbers and _parses(column) else CATEGORIES


def check_families(column: Column, kind: str, learned: set[str]) -> None:
    """Check that values can be compared with those of `fit`.

    Parameters
    ----------
    column : Column
        A column to encode.
    kind : str
        What it was in `fit`.
    learned : set of str
        The families of its values in `fit`.

    Raises
    ------
    ValueError
        If there are values that cannot.
    """
    if kind == NOTHING:
        return
    comparable = {DATES} if kind == DATES else {TEXT, BOOLEANS, NUMBERS} | learned
    others = column.families - comparable
    if others:
        raise refused(column.name, f"{kind} as in fit", _example(column, others))


def warn_of_families(column: Column, kind: str, learned: set[str]) -> None:
    """Warn where text has come in place of numbers or Booleans, or they of text."""
    families = column.families
    if kind in (NOTHING, DATES) or families <= learned:
        return
    if TEXT in families - learned or learned == {TEXT}:
        warnings.warn(
            f"column {column.name!r} of X holds {_listed(families)}, where it held "
            f"{_listed(learned)} in fit; they are taken as {kind}. Pass the type of "
            "fit, or fit to what there is now.",
            UserWarning,
            stacklevel=2,
        )


def _listed(families: set[str]) -> str:
    """Return the names of families."""
    return " and ".join(sorted(families))


def _example(column: Column, families: set[str]) -> object:
    """Return a value of one of these families."""
    values = column.present
    return next(value for value in values if family_of(type(value)) in families)


def _parses(column: Column) -> bool:
    """Tell whether all text is numbers."""
    try:
        for value in column.present:
            number_of(value)
    except (ValueError, OverflowError):
        return False
    return True
