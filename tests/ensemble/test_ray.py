"""What Ray's workers learn is to the last bit what this process learns."""

import joblib
import pytest
from joblib.pool import PicklingPool

from tests.ensemble.test_distributed import check_ensemble, check_search

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Left alone, Ray's backend computes here.
BACKEND = {"backend": "ray", "n_jobs": -1}


@pytest.fixture(scope="module")
def ray_cluster():
    """Start two workers on this machine."""
    ray = pytest.importorskip("ray")
    from ray.util.joblib import register_ray

    # Ray makes its own pool the base of joblib's, for good.
    bases = PicklingPool.__bases__
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        object_store_memory=100_000_000,
        log_to_driver=False,
        logging_level="error",
    )
    register_ray()
    yield
    ray.shutdown()
    PicklingPool.__bases__ = bases
    del joblib.parallel.BACKENDS["ray"]


def test_ensemble(ray_cluster, tmp_path):
    check_ensemble(tmp_path, **BACKEND)


def test_search(ray_cluster, tmp_path):
    check_search(tmp_path, **BACKEND)
