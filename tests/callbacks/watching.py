"""Networks as callbacks see them, and what is recorded of their curvature."""

import numpy as np

from skregnet import MLPClassifier
from skregnet.curvature import hessian

SETTINGS = {"hidden_layer_sizes": (4,), "max_iter": 4, "random_state": 0}
NAMES = ["largest_eigenvalue", "smallest_eigenvalue", "trace", "condition_number"]


class Keeper:
    """Keeps the networks of all epochs, and of the fit, as callbacks see them."""

    def __init__(self):
        self.kept = {}

    def setup(self, estimator, context):
        """Nothing."""

    def teardown(self, estimator, context):
        """Nothing."""

    def on_fit_task_begin(self, estimator, context):
        """Nothing."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        self.kept[context.task_name, context.task_id] = fitted_estimator


def records(monitor, name=None):
    """Return the values of the last run, by task, or one of them in order."""
    rows = monitor.get_logs().data
    if name is not None:
        return np.array([row[name] for row in rows])
    return {
        (row["task_name"], row["task_id"]): [row[name] for name in NAMES]
        for row in rows
    }


def watch(monitor, data, cls=MLPClassifier, sample_weight=None, **parameters):
    """Fit a network, and return the networks that callbacks have seen."""
    keeper = Keeper()
    mlp = cls(**{**SETTINGS, **parameters}).set_callbacks(monitor, keeper)
    mlp.fit(*data, sample_weight)
    return keeper.kept


def by_numpy(matrix):
    """Return what is to be recorded of a matrix that is written down."""
    values = np.linalg.eigvalsh(matrix)
    magnitudes = np.abs(values)
    magnitudes = magnitudes[magnitudes > len(values) * 2.3e-16 * magnitudes.max()]
    condition = magnitudes.max() / magnitudes.min()
    return [values.max(), values.min(), np.trace(matrix), condition]


def assert_recorded(monitor, kept, *data, **options):
    """Compare with the Hessians of the networks kept, at the epochs recorded."""
    found = records(monitor)
    assert ("fit", 0) in found
    for task, values in found.items():
        matrix = hessian(kept[task], *data, **options)
        np.testing.assert_allclose(values, by_numpy(matrix), rtol=1e-6, atol=1e-14)
