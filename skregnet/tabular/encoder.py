"""Tables as networks want them: numbers of one scale, bins, categories, dates."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skregnet.all_or_nothing import all_or_nothing
from skregnet.documentation import DocumentedMixin
from skregnet.estimators._weights import checked_weights, summable
from skregnet.kernels import Array
from skregnet.tabular._columns import (
    CATEGORIES,
    DATES,
    Column,
    date_parts,
    read_columns,
)

# What a scaled number tends to, where it is far out.
BOUND = 3.0
FAR = 1e9
# Bins add nothing to a column of fewer edges.
_FEWEST_EDGES = 4


class _Encoding(Protocol):
    """How one column becomes several."""

    @property
    def names(self) -> list[str]:
        """Names of the columns that it becomes."""
        ...

    def encode(self, values: Array) -> Array:
        """Return them, of shape (n_rows, n_columns)."""
        ...


@dataclass(frozen=True)
class Numbers:
    """A number, scaled and softly bounded; its bins; whether it is missing."""

    name: str
    center: float
    scale: float
    edges: Array
    marks_missing: bool

    @classmethod
    def of(cls, name: str, values: Array, weights: Array, n_bins: int) -> Self:
        """Learn from the values that are there."""
        is_there = ~np.isnan(values)
        found, weights = values[is_there], weights[is_there]
        marks = not is_there.all()
        if not len(found):
            return cls(name, 0.0, 0.0, np.zeros(0), marks)
        low, center, high = _quantiles(found, [0.25, 0.5, 0.75], weights)
        with np.errstate(over="ignore"):
            spread = high - low or (found.max() - found.min()) / 2
            scale = 1 / spread if spread > 0 and np.isfinite(1 / spread) else 0.0
        shares = np.linspace(0, 1, n_bins + 1)
        edges = np.unique(_quantiles(found, shares, weights)) if n_bins else np.zeros(0)
        if len(edges) < _FEWEST_EDGES:
            edges = edges[:0]
        return cls(name, center, scale, edges, marks)

    @property
    def names(self) -> list[str]:
        """Names of the columns that it becomes."""
        bins = [f"{self.name}_bin{k}" for k in range(max(len(self.edges) - 1, 0))]
        missing = [f"{self.name}_missing"] if self.marks_missing else []
        return [self.name, *bins, *missing]

    def encode(self, values: Array) -> Array:
        """Return them, of shape (n_rows, n_columns)."""
        is_missing = np.isnan(values)
        known = np.where(is_missing, self.center, values)
        # Differences of huge numbers are far out, whatever they overflow to.
        with np.errstate(over="ignore"):
            scaled = (_bounded(known - self.center) * self.scale).clip(-FAR, FAR)
            parts = [scaled / np.hypot(1, scaled / BOUND)]
            if len(self.edges):
                widths = _bounded(np.diff(self.edges))
                inside = _bounded(known[:, np.newaxis] - self.edges[:-1]) / widths
                parts.append(inside.clip(0, 1))
        if self.marks_missing:
            parts.append(is_missing)
        return np.column_stack(parts)


@dataclass(frozen=True)
class Categories:
    """A column for each category; one of -1 and 1 where there are two."""

    name: str
    kept: list[str]
    marks_missing: bool

    @classmethod
    def of(cls, name: str, values: Array, weights: Array, max_categories: int) -> Self:
        """Learn which categories there are; the rarest of too many are left out."""
        is_there = values != None  # noqa: E711 (each of the elements)
        found, places = np.unique(values[is_there].astype(str), return_inverse=True)
        sums = np.bincount(places, weights[is_there], minlength=len(found))
        order = np.argsort(-sums, kind="stable")[:max_categories]
        return cls(name, found[np.sort(order)].tolist(), not is_there.all())

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

    def encode(self, values: Array) -> Array:
        """Return them, of shape (n_rows, n_columns)."""
        one_hot = np.column_stack(
            [np.zeros((len(values), 0)), *[values == kept for kept in self.kept]]
        )
        if self.is_binary:
            return one_hot[:, 1:] - one_hot[:, :1]
        if self.marks_missing:
            one_hot = np.column_stack([one_hot, values == None])  # noqa: E711
        return one_hot


@dataclass(frozen=True)
class _Dates:
    """What may matter of a date, as numbers."""

    parts: dict[str, Numbers]

    @classmethod
    def of(cls, name: str, days: Array, weights: Array, n_bins: int) -> Self:
        """Learn the scales of all parts."""
        return cls(
            {
                part: Numbers.of(
                    f"{name}_{part}", values, weights, n_bins if part == "days" else 0
                )
                for part, values in date_parts(days).items()
            }
        )

    @property
    def names(self) -> list[str]:
        return [name for part in self.parts.values() for name in part.names]

    def encode(self, days: Array) -> Array:
        parts = date_parts(days)
        encoded = [part.encode(parts[name]) for name, part in self.parts.items()]
        return np.hstack(encoded)


class TableEncoder(DocumentedMixin, TransformerMixin, BaseEstimator):
    """Turns the columns of a table into numbers that networks learn from well.

    - Numbers are centred by the median, scaled by the range between the quartiles, and
      softly bounded: ``z / sqrt(1 + (z / 3)^2)``. Beside that each is encoded by bins
      between quantiles, piecewise linearly: 0 below a bin, 1 above, and its share
      within. That lets the first layer learn any function of one column.
    - Categories, text and booleans become a column each, or one of -1 and 1 where there
      are two. A category that was not there in `fit` has zeros.
    - Dates become the time itself, and the season, the weekday and the hour as points
      on circles.
    - Missing values are allowed everywhere. They count as the median, and have a column
      that says so where any was missing in `fit`.

    Parameters
    ----------
    n_bins : int, default=16
        Bins of a number; 0 for none.
    max_categories : int, default=100
        Most categories of a column, the most frequent; the rest count as unknown.
    categorical_features : 'from_dtype' or array-like, default='from_dtype'
        Columns that are categories though they hold numbers: names, places or a mask.
        By default categories are what is not numbers or dates.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where they have names that are all strings.
    n_columns_of_features_ : list of int
        How many columns each of them becomes.

    See Also
    --------
    TabularClassifier, TabularRegressor : Networks on tables, with this in front.

    References
    ----------
    D. Holzmüller, L. Grinsztajn and I. Steinwart (2024). Better by default: strong
    pre-tuned MLPs and boosted trees on tabular data. NeurIPS.

    Y. Gorishniy, I. Rubachev and A. Babenko (2022). On embeddings for numerical
    features in tabular deep learning. NeurIPS.

    Examples
    --------
    >>> import pandas as pd
    >>> from skregnet import TableEncoder
    >>> table = pd.DataFrame({"size": [1.0, 2.0, 4.0], "color": ["red", "blue", None]})
    >>> encoder = TableEncoder(n_bins=0).fit(table)
    >>> encoder.get_feature_names_out().tolist()
    ['size', 'color_blue', 'color_red', 'color_missing']
    >>> encoder.transform(table).round(2).tolist()[0]
    [-0.33, 0.0, 1.0, 0.0]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_bins": [Interval(Integral, 0, None, closed="left")],
        "max_categories": [Interval(Integral, 1, None, closed="left")],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
    }

    def __init__(
        self,
        n_bins: int = 16,
        max_categories: int = 100,
        categorical_features: Any = "from_dtype",
    ) -> None:
        self.n_bins = n_bins
        self.max_categories = max_categories
        self.categorical_features = categorical_features

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        sample_weight: Any = None,
    ) -> Self:
        """Learn scales, bins and categories.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table of pandas, polars or the like, or an array.
        y : object, default=None
            Not used.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative; rows of weight 0 are left out.

        Returns
        -------
        self : TableEncoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If there are infinite numbers, or columns of types that are not known.
        """
        with all_or_nothing(self):
            self._fit(X, sample_weight)
        return self

    def _fit(self, X: Any, sample_weight: Any) -> None:
        """Learn how each column becomes several."""
        columns = read_columns(self, X, self.categorical_features, reset=True)
        weights = summable(checked_weights(sample_weight, columns[0].values))
        if weights is None:
            weights = np.ones(len(columns[0].values))
        rows = weights > 0
        self._encodings = [
            self._learn(column, column.values[rows], weights[rows])
            for column in columns
        ]
        self._kinds = [column.kind for column in columns]
        self.n_columns_of_features_ = [len(own.names) for own in self._encodings]

    def transform(self, X: Any) -> Array:
        """Encode a table.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table with the columns of `fit`.

        Returns
        -------
        encoded : ndarray of shape (n_samples, n_columns), float64
            What `get_feature_names_out` names.

        Raises
        ------
        ValueError
            If columns are not those of `fit`, or hold something else.
        """
        return self._encode(X)

    def _encode(self, X: Any) -> Array:
        """Return the array that `transform` returns, whatever its output is set to."""
        check_is_fitted(self)
        columns = read_columns(self, X, self.categorical_features, reset=False)
        parts = [
            encoding.encode(self._of_kind(column, kind))
            for column, encoding, kind in zip(
                columns, self._encodings, self._kinds, strict=True
            )
        ]
        encoded: Array = np.hstack(parts)
        return encoded

    def get_feature_names_out(
        self,
        input_features: Any = None,  # noqa: ARG002
    ) -> Array:
        """Return the names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : object, default=None
            Not used.

        Returns
        -------
        names : ndarray of str
            Each begins with the name of the column it is of.
        """
        check_is_fitted(self)
        return np.array(
            [name for encoding in self._encodings for name in encoding.names], object
        )

    def _learn(self, column: Column, values: Array, weights: Array) -> _Encoding:
        """Return the encoding of a column."""
        if column.kind == CATEGORIES:
            return Categories.of(column.name, values, weights, self.max_categories)
        kind = _Dates if column.kind == DATES else Numbers
        return kind.of(column.name, values, weights, self.n_bins)

    def _of_kind(self, column: Column, kind: str) -> Array:
        """Return the values of a column as what they were in `fit`."""
        if column.kind == kind:
            return column.values
        if kind == CATEGORIES:
            is_there = ~np.isnan(column.values)
            texts = [f"{v:g}" for v in column.values[is_there]]
            values = np.full(len(column.values), None, object)
            values[is_there] = texts
            return values
        if column.kind == CATEGORIES and all(v is None for v in column.values):
            return np.full(len(column.values), np.nan)
        raise ValueError(
            f"column {column.name!r} of X expects {kind} as in fit, got {column.kind}."
        )

    def __sklearn_tags__(self) -> Any:
        """Say what columns may hold."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags


def _bounded(differences: Array) -> Array:
    """Return finite numbers instead of infinite ones."""
    largest = np.finfo(np.float64).max
    return differences.clip(-largest, largest)


def _quantiles(values: Array, shares: Any, weights: Array) -> Array:
    """Return quantiles in which a weight of 2 counts like two values."""
    return np.quantile(values, shares, weights=weights, method="inverted_cdf")
