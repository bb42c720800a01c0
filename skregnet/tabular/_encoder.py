"""Tables as networks want them: numbers of one scale, bins, categories, dates."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skregnet._fitting.sample_weights import checked_weights, summable
from skregnet._kernels import Array
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.doc_links import DocumentedMixin
from skregnet._sklearn.private import StrOptions, _fit_context
from skregnet._sklearn.rollback import all_or_nothing
from skregnet._tables.categories import Categories
from skregnet._tables.columns import Column, read_table
from skregnet._tables.dates import Dates
from skregnet._tables.kinds import (
    CATEGORIES,
    NOTHING,
    check_families,
    kind_of,
    warn_of_families,
)
from skregnet._tables.nothing import Nothing
from skregnet._tables.numbers import Numbers
from skregnet._tables.values import DATES, NUMBERS

# Samples that are encoded at once, so that what is between stays in the caches.
_BLOCK = 4096


class _Encoding(Protocol):
    """How one column becomes several."""

    @property
    def names(self) -> list[str]:
        """Names of the columns that it becomes."""
        ...

    def read(self, column: Column) -> Array:
        """Return what it needs of each sample; a value's does not depend on others."""
        ...

    def encode(self, values: Array, out: Array) -> None:
        """Write what `read` returned of samples into zeros, (n_samples, n_columns)."""
        ...


class TableEncoder(DocumentedMixin, TransformerMixin, BaseEstimator):
    """Turns the columns of a table into numbers that networks learn from well.

    - Numbers are centred by the median, scaled by the range between the quartiles, and
      softly bounded: ``z / sqrt(1 + (z / 3)^2)``. Numbers that differ by no more than
      the rounding of sums of some thousand terms are one: by 128 times the machine
      epsilon in float64, 32 in float32 and 4 in float16, relative to the larger;
      integers are exact. Beside that each is encoded by bins between quantiles,
      piecewise linearly: 0 below a bin, 1 above, and its share within. That lets the
      first layer learn any function of one column.
    - Categories, text and booleans become a column each, or one of -1 and 1 where there
      are two. A category that was not there in `fit` has zeros.
    - Dates become the time itself, and the season, the weekday and the hour as points
      on circles, by the clocks of the time zone in `fit`.
    - Missing values are allowed everywhere. They count as the median, and have a column
      that says so where any was missing in `fit`.

    What a column holds is decided in `fit`, by its type or, in columns of objects,
    sparse columns and lists, by its values: all numbers, all dates, or text, Booleans
    and mixtures of them with numbers, which are categories. Text in arrays and lists
    that is all numbers counts as numbers. A column in which all is missing takes
    anything later.

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
        "n_bins": [Interval(Integral, 0, 2**31 - 1, closed="both")],
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
            A table of pandas, polars or the like, an array, or a list of samples.
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
            If there are infinite numbers, or values that are neither numbers, text,
            Booleans nor dates, or dates with a time zone among others without one.
        """
        with all_or_nothing(self):
            self._fit(X, sample_weight)
        return self

    def _fit(self, X: Any, sample_weight: Any) -> None:
        """Learn how each column becomes several."""
        table = read_table(self, X, self.categorical_features, reset=True)
        weights = summable(checked_weights(sample_weight, np.empty(table.n_samples)))
        if weights is None:
            weights = np.ones(table.n_samples)
        rows = np.flatnonzero(weights)
        is_whole = len(rows) == table.n_samples
        self._encodings: list[_Encoding] = []
        self._kinds: list[str] = []
        self._families: list[list[str]] = []
        for column in table:
            own = column if is_whole else column.take(rows)
            kind = kind_of(own)
            self._kinds.append(kind)
            # Text that is numbers was not told from them.
            families = own.families | ({NUMBERS} if kind == NUMBERS else set())
            self._families.append(sorted(families))
            self._encodings.append(self._learn(own, kind, weights[rows]))
        self.n_columns_of_features_ = [len(own.names) for own in self._encodings]

    def _learn(self, column: Column, kind: str, weights: Array) -> _Encoding:
        """Return the encoding of a column."""
        if kind == NOTHING:
            return Nothing(column.name)
        if kind == CATEGORIES:
            return Categories.learn(column, weights, self.max_categories)
        if kind == DATES:
            return Dates.learn(column, weights, self.n_bins)
        return Numbers.learn(column, weights, self.n_bins)

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

        Warns
        -----
        UserWarning
            If a column holds text where it held numbers or Booleans in `fit`, or they
            text.
        """
        return self._encode(X)

    def _encode(self, X: Any) -> Array:
        """Return what `transform` does, as an array, whatever output is configured."""
        check_is_fitted(self)
        table = read_table(self, X, self.categorical_features, reset=False)
        encoded = np.zeros((table.n_samples, sum(self.n_columns_of_features_)))
        start = 0
        for column, encoding, kind, families in zip(
            table, self._encodings, self._kinds, self._families, strict=True
        ):
            check_families(column, kind, set(families))
            values = encoding.read(column)
            warn_of_families(column, kind, set(families))
            stop = start + len(encoding.names)
            for k in range(0, table.n_samples, _BLOCK):
                block = slice(k, k + _BLOCK)
                encoding.encode(values[block], encoded[block, start:stop])
            start = stop
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
            Each begins with the name of the column it is of. Where two would be equal,
            the second ends in ``_2``, or in the first number that is free.
        """
        check_is_fitted(self)
        return np.array(
            _unique(name for own in self._encodings for name in own.names), object
        )

    def __sklearn_tags__(self) -> Any:
        """Say what columns may hold."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags


def _unique(names: Iterable[str]) -> list[str]:
    """Return names; those that come again get the first number that makes them new."""
    given = list(names)
    taken, used = set(given), set[str]()
    for k, name in enumerate(given):
        number = 1
        while given[k] in used or (number > 1 and given[k] in taken):
            number += 1
            given[k] = f"{name}_{number}"
        used.add(given[k])
    return given
