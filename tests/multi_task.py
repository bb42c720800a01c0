"""Problems of several tasks, and fits to them."""

import numpy as np
import pandas as pd

from skregnet import MultiTaskMLP
from tests.cases import problem

SETTINGS = {"random_state": 0, "max_iter": 6, "hidden_layer_sizes": (8,)}
HEADS = {"head_layer_sizes": (4, 3)}


def mixture(n_rows=120, seed=0):
    """Return features and a data frame of three tasks of different kinds."""
    X, signal = problem("reals", n_rows, seed=seed)
    names = np.array(["red", "green", "blue"])
    Y = pd.DataFrame(
        {
            "colour": pd.Series(names[signal.argmax(axis=1)], dtype=object),
            "flag": (signal[:, 0] > 0).astype(int),
            "size": signal[:, 1],
        }
    )
    return X, Y


def with_gaps(Y, share=0.3, seed=0):
    """Return a data frame of which some values are missing, each column its own."""
    gaps = np.random.RandomState(seed).uniform(size=Y.shape) < share
    Y = Y.astype(object)
    return Y.mask(gaps, None)


def fit_tasks(data=None, sample_weight=None, cls=MultiTaskMLP, **parameters):
    """Fit to the mixture, or to other data, with one seed."""
    X, Y = data or mixture()
    return cls(**{**SETTINGS, **parameters}).fit(X, Y, sample_weight)
