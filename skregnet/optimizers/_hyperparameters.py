"""Hyperparameters that can be read, searched over and checked.

scikit-learn's `clone`, `set_params` and grid searches ask for `get_params` and
`set_params`, and for nothing else; so ``solver__learning_rate`` can be searched without
the core knowing scikit-learn.
"""

import dataclasses
import math
from numbers import Integral
from reprlib import repr as short_repr
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np


def is_finite(value: Any) -> bool:
    """Return whether a value is a number, or an array of them, that floats can hold.

    Parameters
    ----------
    value : object
        Fractions, decimals and complex numbers are not, nor are strings.

    Returns
    -------
    finite : bool
        Whether it is, and neither infinite nor NaN.
    """
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf" and bool(np.isfinite(value).all())
    if not isinstance(value, int | float | np.number | np.bool_):
        return False
    if isinstance(value, complex | np.complexfloating | np.timedelta64):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


class Range(NamedTuple):
    """The numbers from `low` to `high` that a hyperparameter may take."""

    low: float
    high: float = float("inf")
    includes_low: bool = True
    includes_high: bool = False
    is_whole: bool = False

    def holds(self, value: Any) -> bool:
        """Tell whether a number, or each in an array, lies within."""
        if not is_finite(value):
            return False
        if self.is_whole and not isinstance(value, Integral):
            return False
        above = value >= self.low if self.includes_low else value > self.low
        below = value <= self.high if self.includes_high else value < self.high
        return bool(np.all(above & below))

    def __str__(self) -> str:
        """Write the range as mathematics does."""
        left = "[" if self.includes_low else "("
        right = "]" if self.includes_high else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"


POSITIVE = Range(0.0, includes_low=False)
NOT_NEGATIVE = Range(0.0)
SHARE = Range(0.0, 1.0)
COUNT = Range(1, is_whole=True)


class Hyperparameters:
    """Base of dataclasses whose fields are hyperparameters; abstract."""

    _ranges: ClassVar[dict[str, Range]] = {}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the hyperparameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add those of hyperparameters that have some themselves, as
            ``name__name``.

        Returns
        -------
        parameters : dict
            Values by name.
        """
        parameters: dict[str, Any] = {}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            parameters[field.name] = value
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                nested = value.get_params(deep=True)
                parameters |= {f"{field.name}__{k}": v for k, v in nested.items()}
        return parameters

    def set_params(self, **parameters: Any) -> Self:
        """Set hyperparameters, before training.

        Parameters
        ----------
        **parameters : dict
            Values by name, ``name__name`` for those of a hyperparameter.

        Returns
        -------
        self : object
            The same object.

        Raises
        ------
        ValueError
            If there is no hyperparameter of a name.
        """
        known = [field.name for field in dataclasses.fields(self)]  # type: ignore[arg-type]
        within: dict[str, dict[str, Any]] = {}
        for name, value in parameters.items():
            own, _, nested = name.partition("__")
            if own not in known:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {own!r}; expected one of "
                    f"{known}."
                )
            if nested:
                within.setdefault(own, {})[nested] = value
            else:
                object.__setattr__(self, own, value)
        # Afterwards, since what they belong to may have been set just now.
        for own, values in within.items():
            getattr(self, own).set_params(**values)
        return self

    def check(self) -> None:
        """Refuse hyperparameters out of their ranges.

        Raises
        ------
        ValueError
            That names the hyperparameter and its range.
        """
        for name, expected in self._ranges.items():
            value = getattr(self, name)
            if not expected.holds(value):
                whole = "; it must be a whole number" if expected.is_whole else ""
                raise ValueError(
                    f"{type(self).__name__} expects {name} in {expected}, got "
                    f"{name}={short_repr(value)}{whole}."
                )
        self._check_booleans()
        if not hasattr(self, "optimizer"):
            return
        inner = self.optimizer
        if isinstance(inner, type) or not hasattr(inner, "step"):
            raise ValueError(
                f"{type(self).__name__} expects optimizer to be an object with the "
                f"methods init and step, got optimizer={inner!r}."
            )
        if isinstance(inner, Hyperparameters):
            inner.check()

    def _check_booleans(self) -> None:
        """Raise an error for a field declared as a boolean that is none."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.type is bool and not isinstance(value, bool | np.bool_):
                raise ValueError(
                    f"{type(self).__name__} expects {field.name} to be True or False, "
                    f"got {field.name}={short_repr(value)}."
                )
