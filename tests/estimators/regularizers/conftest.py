"""Solvers for all tests of this folder."""

import pytest


@pytest.fixture(params=["adam", "sgd", "lbfgs"])
def solver(request):
    """Return each solver in turn."""
    return request.param
