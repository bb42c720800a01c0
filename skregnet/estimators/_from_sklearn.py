"""Data as the networks of scikit-learn's own estimators see them."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted

from skregnet._kernels import Array
from skregnet._networks.parameters import precision_of
from skregnet._sklearn.data_checks import FLOATS, checked_rows


def checked_data(
    estimator: Any, X: Any, y: Any, dtype: Any = None
) -> tuple[Any, Array]:
    """Return data as the network of an estimator of scikit-learn sees them.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor of scikit-learn
        A fitted estimator.
    X : {array-like, sparse matrix} of shape (n_rows, n_features)
        Features.
    y : array-like
        Targets, as `fit` was given.
    dtype : dtype, default=None
        Precision of the targets; None for that of the weights.

    Returns
    -------
    X : ndarray or CSR array of shape (n_rows, n_features)
        Features, checked.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets, encoded.

    Raises
    ------
    ValueError
        If the estimator cannot have been fitted to such targets.
    """
    check_is_fitted(estimator)
    X = checked_rows(
        estimator,
        X,
        accept_sparse="csr",
        dtype=FLOATS,
        reset=False,
    )
    check_consistent_length(X, y)
    if dtype is None:
        dtype = precision_of([*estimator.coefs_, *estimator.intercepts_])
    if is_classifier(estimator):
        _check_labels(estimator, y)
        encoded = estimator._label_binarizer.transform(y)
        return X, np.asarray(encoded, dtype).reshape(X.shape[0], -1)
    given = column_or_1d(y, dtype=dtype) if np.ndim(y) == 1 else y
    targets = np.asarray(given, dtype).reshape(X.shape[0], -1)
    _check_numbers(estimator, y, targets)
    return X, targets


def _check_labels(mlp: Any, y: Any) -> None:
    """Refuse labels that scikit-learn's classifier would encode as other ones."""
    is_multilabel = type_of_target(y).startswith("multilabel")
    labels = unique_labels(y if is_multilabel else np.ravel(y))
    was_multilabel = mlp._label_binarizer.y_type_.startswith("multilabel")
    if is_multilabel != was_multilabel or not np.isin(labels, mlp.classes_).all():
        raise ValueError(
            f"y expects labels of the kind that fit was given, {mlp.classes_}, got "
            f"{labels}."
        )


def _check_numbers(mlp: Any, y: Any, targets: Array) -> None:
    """Refuse numbers that scikit-learn's regressor cannot have been fitted to."""
    if targets.shape[1] != mlp.n_outputs_ or not np.isfinite(targets).all():
        raise ValueError(
            f"y expects {mlp.n_outputs_} finite numbers a row, as the y of fit has, "
            f"got an array of shape {np.shape(y)}"
            f"{'' if np.isfinite(targets).all() else ' that has others'}."
        )
    if mlp.out_activation_ == "exp" and (targets < 0).any():
        raise ValueError(
            "y expects no numbers below 0 with loss='poisson', got a smallest one of "
            f"{targets.min():g}."
        )
