"""Successive halving: who stays, for how long, and that nobody starts again."""

import numpy as np
import pytest
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_digits
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor, StackedSearchCV
from skregnet.augmentation import GaussianNoise
from skregnet.optimizers import SGD, Adam, AdamW, Lookahead, RMSProp
from skregnet.search._halving import rung_shares
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "random_state": 0}
SPACE = {
    "alpha": loguniform(1e-5, 1),
    "dropout": uniform(0.05, 0.5),
    "learning_rate_init": loguniform(1e-4, 0.3),
}


def both(base, space, kind="multiclass", n_candidates=9, **parameters):
    """Return a search with halving, and all candidates' results without."""
    X, y = problem(kind)
    parameters = {"cv": 3, "random_state": 0, **parameters}
    halving = StackedSearchCV(
        base, space, n_candidates=n_candidates, resource="epochs", **parameters
    )
    for name in ("factor", "min_epochs"):
        parameters.pop(name, None)
    whole = StackedSearchCV(base, space, n_candidates=n_candidates, **parameters)
    return halving.fit(X, y).cv_results_, whole.fit(X, y).cv_results_


def assert_finalists_agree(halved, whole):
    """Those trained to the end have the scores that they have without pauses."""
    is_finalist = halved["rung"] == halved["rung"].max()
    assert 0 < is_finalist.sum() < len(is_finalist)
    for name in ("split0_test_score", "split2_test_score", "mean_test_score"):
        np.testing.assert_array_equal(
            halved[name][is_finalist], whole[name][is_finalist]
        )


@pytest.mark.parametrize("kind", ["real", "multiclass", "multilabel"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"solver": "sgd", "learning_rate": "cosine"},
        {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 2},
        {"solver": "rmsprop", "l1_ratio": 0.5},
        {"solver": RMSProp(centered=True)},
        {"solver": Adam(amsgrad=True)},
        {"solver": AdamW(weight_decay=0.1)},
        {"solver": Lookahead(SGD())},
        {"weight_averaging": "ema"},
        {"weight_averaging": "swa"},
        {"batch_norm": "before", "max_grad_norm": 1.0},
        {"early_stopping": True, "n_iter_no_change": 3},
        {"augmenter": GaussianNoise(0.1), "target_noise": 0.1},
        {"adversarial_step": 0.05, "input_dropout": 0.1, "max_norm": 2.0},
        {"shuffle": False, "batch_size": 17},
    ],
    ids=str,
)
def test_finalists_are_trained_as_without_pauses(kind, changes):
    if kind == "multilabel" and "target_noise" in changes:
        changes = {"augmenter": GaussianNoise(0.1)}
    cls = MLPRegressor if kind == "real" else MLPClassifier
    base = cls(**SHORT, max_iter=18, **changes)
    assert_finalists_agree(*both(base, SPACE, kind))


def test_members_that_differ_in_what_they_were_stacked_with():
    # In some stacks betas are one number, in others an array.
    space = {"beta_1": [0.5, 0.9], "beta_2": [0.9, 0.999], "alpha": [1e-3, 1.0]}
    base = MLPClassifier(**SHORT, max_iter=30)
    assert_finalists_agree(*both(base, space, n_candidates=None))


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("size", [1, 4, 64])
def test_neither_workers_nor_blocks_matter(n_jobs, size, monkeypatch):
    base = MLPClassifier(**SHORT, max_iter=18)
    expected, _ = both(base, SPACE)
    monkeypatch.setattr("skregnet._fitting.blocks._BLOCKS", ((np.inf, size),))
    found, _ = both(base, SPACE, n_jobs=n_jobs)
    for name in ("rung", "mean_n_epochs", "mean_test_score", "rank_test_score"):
        np.testing.assert_array_equal(found[name], expected[name])


def test_rungs_epochs_and_ranks():
    base = MLPClassifier(**SHORT, max_iter=27, tol=0, n_iter_no_change=100)
    found, _ = both(base, SPACE, n_candidates=18)
    rungs, scores = found["rung"], found["mean_test_score"]
    np.testing.assert_array_equal(np.bincount(rungs), [12, 4, 2])
    np.testing.assert_array_equal(
        found["mean_n_epochs"], [3, 9, 27] @ (rungs == [[0], [1], [2]])
    )
    in_order = np.lexsort((-scores, -rungs))
    assert (np.diff(found["rank_test_score"][in_order]) >= 0).all()
    assert found["rank_test_score"][in_order[0]] == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((1, 3, 100, None), [1]),
        ((2, 3, 100, None), [1]),
        ((3, 3, 100, None), [1 / 3, 1]),
        ((8, 3, 100, None), [1 / 3, 1]),
        ((9, 3, 100, None), [1 / 9, 1 / 3, 1]),
        ((1000, 3, 100, None), [1 / 9, 1 / 3, 1]),
        ((1000, 3, 100, 1), [1 / 81, 1 / 27, 1 / 9, 1 / 3, 1]),
        ((1000, 3, 100, 20), [1 / 3, 1]),
        ((1000, 3, 100, 200), [1]),
        ((4, 2, 100, 1), [1 / 4, 1 / 2, 1]),
        ((9, 1.5, 100, None), [1 / 2.25, 1 / 1.5, 1]),
    ],
)
def test_shares(arguments, expected):
    np.testing.assert_allclose(rung_shares(*arguments), expected)


@pytest.mark.parametrize(
    ("changes", "n_epochs"),
    [
        ({}, [3, 9, 27]),
        ({"min_epochs": 9}, [9, 27]),
        ({"min_epochs": 1}, [3, 9, 27]),
        ({"factor": 9}, [3, 27]),
        ({"factor": 2, "min_epochs": 4}, [7, 14, 27]),
    ],
    ids=str,
)
def test_factor_and_first_epochs(changes, n_epochs):
    base = MLPClassifier(**SHORT, max_iter=27, tol=0, n_iter_no_change=100)
    found, _ = both(base, SPACE, n_candidates=18, **changes)
    found_epochs = np.unique(found["mean_n_epochs"])
    np.testing.assert_array_equal(found_epochs, n_epochs)


def test_the_winner_stays_and_epochs_are_saved():
    X, y = load_digits(return_X_y=True)
    X, y = X[:600] / 16, y[:600]
    base = MLPClassifier((30,), max_iter=45, tol=0, n_iter_no_change=45, random_state=0)
    space = {"alpha": loguniform(1e-4, 10), "learning_rate_init": loguniform(1e-4, 0.1)}
    parameters = {"n_candidates": 18, "cv": 3, "random_state": 0}
    whole = StackedSearchCV(base, space, **parameters).fit(X, y)
    halving = StackedSearchCV(base, space, resource="epochs", **parameters).fit(X, y)
    assert halving.best_score_ > whole.best_score_ - 0.01
    assert halving.cv_results_["mean_n_epochs"].sum() < 18 * 45 / 2.5


def test_candidates_of_other_lengths_have_other_pauses():
    base = MLPClassifier(**SHORT, tol=0, n_iter_no_change=100)
    space = {"max_iter": [9, 18], "alpha": [0.01, 0.1, 1.0, 3.0, 10.0]}
    found, whole = both(base, space, n_candidates=None)
    assert_finalists_agree(found, whole)
    first = found["rung"] == 0
    lengths = np.array([params["max_iter"] for params in found["params"]])
    np.testing.assert_array_equal(found["mean_n_epochs"][first], lengths[first] / 9)


def test_what_has_converged_is_not_trained_on():
    base = MLPClassifier(**SHORT, max_iter=90, tol=10.0, n_iter_no_change=2)
    found, whole = both(base, SPACE)
    assert (found["mean_n_epochs"] <= 4).all()
    np.testing.assert_array_equal(found["mean_test_score"], whole["mean_test_score"])


def test_pipelines():
    base = make_pipeline(StandardScaler(), MLPClassifier(**SHORT, max_iter=18))
    space = {f"mlpclassifier__{name}": values for name, values in SPACE.items()}
    space["standardscaler__with_mean"] = [True, False]
    assert_finalists_agree(*both(base, space))


def test_several_measures():
    base = MLPClassifier(**SHORT, max_iter=18)
    changes = {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"}
    found, _ = both(base, SPACE, **changes)
    best = found["rank_test_neg_log_loss"].argmin()
    assert found["rung"][best] == 2
    with pytest.raises(ValueError, match="expected refit to be one of"):
        both(base, SPACE, scoring=changes["scoring"], refit=False)


@pytest.mark.filterwarnings("ignore:overflow")
def test_one_that_fails_is_dropped():
    base = MLPRegressor(**SHORT, max_iter=18, solver="sgd")
    space = {
        "learning_rate_init": [0.01, 0.02, 0.03, 1e200, 0.04, 0.001, 1e250, 0.05, 1]
    }
    with pytest.warns() as records:
        found, _ = both(base, space, "real", n_candidates=None)
    assert any(record.category is FitFailedWarning for record in records)
    np.testing.assert_array_equal(found["rung"][[3, 6]], [0, 0])
    assert np.isnan(found["mean_test_score"][[3, 6]]).all()
    assert np.isfinite(found["mean_test_score"]).sum() == 7


def test_solvers_without_epochs():
    base = MLPClassifier(**SHORT)
    space = {"solver": ["adam", "lbfgs"]}
    with pytest.raises(ValueError, match="expects solvers that take steps"):
        both(base, space, n_candidates=None)


def test_the_other_search_agrees():
    base = MLPClassifier(**SHORT, max_iter=18)
    X, y = problem("multiclass")
    found, _ = both(base, SPACE)
    search = RandomizedSearchCV(base, SPACE, n_iter=9, cv=3, random_state=0)
    assert_finalists_agree(found, search.fit(X, y).cv_results_)
