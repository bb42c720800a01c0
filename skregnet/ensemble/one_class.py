"""Members for which samples of one class only were drawn, from data of several."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.utils._param_validation import InvalidParameterError

from skregnet.kernels import Array


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


def constant_member(X: Any, drawn: Array) -> DummyClassifier:
    """Return a classifier that predicts the one class that was drawn."""
    return DummyClassifier().fit(X, drawn)
