"""Members for which samples of one class only were drawn, from data of several."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier

from skregnet._kernels import Array
from skregnet._sklearn.private import (
    InvalidParameterError,
    _num_samples,
    _safe_indexing,
)

# Errors by which classifiers fail that do not reckon with a single class.
_FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def has_one_class(y: Any, drawn: Any) -> bool:
    """Return whether targets that were drawn have one class, and those of all several.

    Parameters
    ----------
    y : array-like
        Targets of all samples.
    drawn : array-like
        Targets of a member's samples.
    """
    if not (isinstance(drawn, np.ndarray) and drawn.ndim == 1):
        return False
    return not _has_another(drawn, drawn[0]) and _has_another(y, drawn[0])


def _has_another(labels: Array, label: Any) -> bool:
    """Return whether a label differs from this one, which may be any object."""
    if labels.dtype.kind == "O":
        return any(other != label for other in labels)
    return bool((labels != label).any())


def refuses_one_class(error: ValueError, template: Any, y: Any, drawn: Any) -> bool:
    """Return whether a fit may have failed because one class of several was drawn.

    Nothing but a fit tells whether a classifier accepts a single class: scikit-learn
    asks those that do not for a ValueError.

    Parameters
    ----------
    error : ValueError
        The error of the member's fit.
    template : estimator
        What members are copies of.
    y, drawn : array-like
        Targets of all samples and of the member's samples.
    """
    is_other = isinstance(error, InvalidParameterError)
    return is_classifier(template) and not is_other and has_one_class(y, drawn)


def predicts_one_class(member: Any, X: Any) -> bool:
    """Return whether a member of one class returns probabilities of its classes.

    Some classifiers accept a single class in `fit`, and afterwards return probabilities
    of two, or raise an error.

    Parameters
    ----------
    member : classifier
        Fitted to samples of one class.
    X : array-like of shape (n_samples, n_features)
        Its features, of which a few are tried.
    """
    few = _safe_indexing(X, np.arange(min(2, _num_samples(X))))
    try:
        shape = (_num_samples(few), len(member.classes_))
        if np.shape(member.predict(few)) != shape[:1]:
            return False
        return all(
            np.shape(getattr(member, method)(few)) == shape
            for method in ("predict_proba", "predict_log_proba")
            if hasattr(member, method)
        )
    except _FAILURES:
        return False


def constant_member(X: Any, drawn: Array) -> DummyClassifier:
    """Return a classifier that predicts the one class that was drawn."""
    return DummyClassifier().fit(X, drawn)
