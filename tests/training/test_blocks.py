"""All samples in blocks, for optimizers that take them all in each step."""

import numpy as np
import pytest
from scipy import sparse

from skregnet._fitting.request import Request
from skregnet._fitting.stacks import fit_together
from skregnet._training import blocks
from tests.cases import ESTIMATORS, problem
from tests.fitting import flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PROBLEMS = [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS]

# What is summed over samples, and what depends on all of a batch.
SUMMED = [
    {},
    {"alpha": 1.0, "l1_ratio": 0.5, "max_grad_norm": 0.5, "max_norm": 1.0},
    {"activity_alpha": 0.1, "activity_penalty": "l1"},
    {"adversarial_step": 0.1, "adversarial_iterations": 2},
    {"weight_averaging": "ema"},
]
WHOLE = [
    {"batch_norm": "before"},
    {"activity_alpha": 0.1, "activity_penalty": "kl", "activation": "logistic"},
]


def fitted(cls, kind, monkeypatch, n_rows, weights=None, X=None, **parameters):
    """Return an estimator fitted in blocks of so many rows."""
    monkeypatch.setattr(blocks, "BLOCK_ROWS", n_rows)
    given, y = problem(kind)
    X = given if X is None else X
    settings = {"hidden_layer_sizes": (5,), "max_iter": 15, "random_state": 0}
    mlp = cls(solver="delta_bar_delta", **{**settings, **parameters})
    return mlp.fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("changes", SUMMED)
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_blocks_sum_to_the_whole(cls, parameters, kind, changes, weighted, monkeypatch):
    weights = np.linspace(0.5, 2, 120) if weighted else None
    parameters = {**parameters, **changes, "weights": weights}
    whole = fitted(cls, kind, monkeypatch, 120, **parameters)
    for n_rows in (50, 60, 119):
        mlp = fitted(cls, kind, monkeypatch, n_rows, **parameters)
        np.testing.assert_allclose(flat(mlp), flat(whole), rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(mlp.loss_curve_, whole.loss_curve_, rtol=1e-10)


@pytest.mark.parametrize("changes", WHOLE)
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_what_depends_on_the_batch_takes_it_whole(
    cls, parameters, kind, changes, monkeypatch
):
    parameters = {**parameters, **changes}
    whole = fitted(cls, kind, monkeypatch, 120, **parameters)
    mlp = fitted(cls, kind, monkeypatch, 50, **parameters)
    np.testing.assert_array_equal(flat(mlp), flat(whole))


def test_sparse_samples(monkeypatch):
    cls, _, kind = ESTIMATORS[1][1:]
    X = sparse.csr_array(np.round(problem(kind)[0]))
    whole = fitted(cls, kind, monkeypatch, 120, X=X)
    mlp = fitted(cls, kind, monkeypatch, 50, X=X)
    np.testing.assert_allclose(flat(mlp), flat(whole), rtol=1e-8, atol=1e-10)


def test_members_of_a_stack_go_as_alone(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 50)
    cls, _, kind = ESTIMATORS[1][1:]
    X, y = problem(kind)
    members = [
        cls((5,), solver="delta_bar_delta", max_iter=15, alpha=alpha, random_state=seed)
        for seed, alpha in enumerate((0.0, 1.0, 5.0))
    ]
    fit_together([Request(member, X, y) for member in members])
    for member in members:
        alone = cls(**member.get_params()).fit(X, y)
        np.testing.assert_array_equal(flat(member), flat(alone))
