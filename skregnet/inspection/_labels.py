"""Names of what is drawn together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any


def with_labels(
    parameter: str, items: Any, names: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return items by label.

    Parameters
    ----------
    parameter : str
        What the items are called where they are not what is expected.
    items : dict or list
        What there is to label.
    names : list of str, default=None
        Labels of a list. If None, the names of the classes, numbered where there are
        several of a class.
    """
    if not isinstance(items, Mapping | Sequence):
        raise TypeError(
            f"{parameter} expects a dict by label or a list, got {parameter}="
            f"{items!r}; put a single one in a list."
        )
    if not items:
        raise ValueError(
            f"{parameter} expects at least one, got {parameter}={items!r}."
        )
    if names is not None:
        _check_names(parameter, items, names)
        return dict(zip(names, items, strict=True))
    if isinstance(items, Mapping):
        return dict(items)
    classes = [type(item).__name__ for item in items]
    several = {name for name, number in Counter(classes).items() if number > 1}
    numbers = {name: count(1) for name in several}
    labels = [f"{n} {next(numbers[n])}" if n in several else n for n in classes]
    return dict(zip(labels, items, strict=True))


def _check_names(parameter: str, items: Any, names: Sequence[str]) -> None:
    """Refuse names that are not one for each item of a list."""
    if isinstance(items, Mapping):
        raise ValueError(
            f"names expects None where {parameter} is a dict, whose keys are the "
            f"names, got names={names!r}."
        )
    if isinstance(names, str) or not len(set(names)) == len(names) == len(items):
        raise ValueError(
            f"names expects {len(items)} different names, one for each of {parameter}, "
            f"got names={names!r}."
        )
