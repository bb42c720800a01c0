"""Arrays in the forms that estimators hand on."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import column_or_1d

from skregnet._kernels import Array


def finite(outputs: Array) -> Array:
    """Return outputs, or refuse the rows for which they are beyond the floats."""
    if not np.isfinite(outputs).all():
        raise ValueError(
            "X expects rows for which the network's outputs are finite, got values too "
            "large for its weights; scale X as the rows of fit, or look into coefs_."
        )
    return outputs


def by_rows(X: Any) -> Any:
    """Return features whose rows can be taken: an array, or CSR."""
    return X.tocsr() if sparse.issparse(X) else X


def flat_if_one_column(y: Any) -> Any:
    """Return targets of a single column as a vector, with scikit-learn's warning."""
    if y.ndim == 2 and y.shape[1] == 1:
        return column_or_1d(y, warn=True)
    return y
