"""Members for which samples of one class only were drawn, from data of several."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.utils._param_validation import InvalidParameterError

from skregnet.kernels import Array


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
    y : array-like
        Targets of all samples.
    drawn : array-like
        Targets of the member's samples.
    """
    if isinstance(error, InvalidParameterError) or not is_classifier(template):
        return False
    is_column = isinstance(drawn, np.ndarray) and drawn.ndim == 1
    return is_column and bool((drawn == drawn[0]).all() and (y != drawn[0]).any())


def constant_member(X: Any, drawn: Array) -> DummyClassifier:
    """Return a classifier that predicts the one class that was drawn."""
    return DummyClassifier().fit(X, drawn)
