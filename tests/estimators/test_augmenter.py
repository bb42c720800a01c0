"""The parameter `augmenter`: fresh changes of each minibatch, and of nothing else."""

from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from skregnet._fitting.request import Request
from skregnet._fitting.stacks import fit_together
from skregnet.augmentation import GaussianNoise
from tests.cases import ESTIMATORS, problem
from tests.fitting import AT_START, fit, flat

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PROBLEMS = [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS]
SHORT = {"max_iter": 5, "random_state": 0, "hidden_layer_sizes": (8,)}


class Spy(BaseEstimator):
    """Notes what it is handed and gives it back, perhaps changed."""

    log: ClassVar[list] = []

    def __init__(self, change=None):
        self.change = change

    def fit(self, X, y=None):
        Spy.log = [("fit", X, y)]
        return self

    def augment(self, X, y, rng):
        Spy.log.append(("augment", X.copy(), y.copy()))
        return (X, y) if self.change is None else self.change(X, y, rng)


@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_each_minibatch_is_handed_over(cls, parameters, kind):
    X, y = problem(kind)
    mlp = cls(**SHORT, batch_size=50, **parameters)
    plain = clone(mlp).fit(X, y)
    spied = clone(mlp).set_params(augmenter=Spy()).fit(X, y)
    np.testing.assert_array_equal(flat(spied), flat(plain))
    (name, rows, targets), *batches = Spy.log
    assert name == "fit"
    np.testing.assert_array_equal(rows, X)
    assert [len(batch) for _, batch, _ in batches] == [50, 50, 20] * 5
    for _, batch, batch_targets in batches:
        for row, target in zip(batch, batch_targets, strict=True):
            number = np.flatnonzero((rows == row).all(axis=1))[0]
            np.testing.assert_array_equal(target, targets[number])


def test_the_estimators_own_augmenter_is_not_touched():
    augmenter = GaussianNoise()
    fit("real", augmenter=augmenter)
    assert not hasattr(augmenter, "scale_")


@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_what_is_learned_are_the_changed_rows(kind):
    X, y = problem(kind)
    moved = fit(kind, data=(X, y), augmenter=Spy(lambda X, y, rng: (X + 1, y)))
    other = fit(kind, data=(X + 1, y))
    np.testing.assert_allclose(flat(moved), flat(other), rtol=1e-10)


def test_what_is_learned_are_the_changed_targets():
    X, y = problem("real")
    moved = fit("real", data=(X, y), augmenter=Spy(lambda X, y, rng: (X, y + 2)))
    np.testing.assert_allclose(flat(moved), flat(fit("real", data=(X, y + 2))))
    shares = Spy(lambda X, y, rng: (X, 0.8 * y + 0.2 / 3))
    smoothed = fit("multiclass", augmenter=shares)
    other = fit("multiclass", label_smoothing=0.2)
    np.testing.assert_allclose(flat(smoothed), flat(other), rtol=1e-10)


def test_changes_are_fresh():
    X, y = problem("binary")
    noise = Spy(lambda X, y, rng: (X + rng.standard_normal(X.shape), y))
    drawn = []
    noise.change = lambda X, y, rng: (drawn.append(rng.standard_normal(3)), (X, y))[1]
    MLPClassifier(**SHORT, batch_size=60, augmenter=noise).fit(X, y)
    assert len({tuple(numbers) for numbers in drawn}) == 2 * 5


def test_validation_rows_stay():
    X, y = problem("multiclass")
    move = Spy(lambda X, y, rng: (X * 0, y))
    mlp = fit("multiclass", data=(X, y), early_stopping=True, augmenter=move)
    assert {len(batch) for _, batch, _ in Spy.log} == {108}
    held_out = fit("multiclass", data=(X, y), early_stopping=True, **AT_START)
    # Learning from zeros moves biases only, so that scores change but little.
    assert len(mlp.validation_scores_) == mlp.n_iter_
    assert held_out.n_iter_ == 1
    given = fit("multiclass", data=(X, y)).set_params(
        early_stopping=True, augmenter=move
    )
    given.fit(X, y, X_val=X + 1, y_val=y)
    assert not any((batch > 100).any() for _, batch, _ in Spy.log)


def test_other_randomness_stays():
    noise = GaussianNoise(scale=0.0)
    np.testing.assert_array_equal(
        flat(fit("multiclass", augmenter=noise, dropout=0.0)), flat(fit("multiclass"))
    )


def test_more_noise_shrinks_the_weights_of_a_linear_model():
    # Noise on the features of a linear model is an L2 penalty (Bishop 1995): weights
    # become those of a ridge regression whose strength is the noise's variance.
    X, y = problem("real", n_rows=400)
    y = y - y.mean()
    X = X - X.mean(axis=0)
    linear = {"hidden_layer_sizes": (), "alpha": 0.0, "max_iter": 400, "tol": 0.0}
    linear |= {"n_iter_no_change": np.inf, "weight_averaging": "swa"}
    for scale in (0.5, 1.0):
        noise = GaussianNoise(scale=scale, relative=False)
        mlp = MLPRegressor(**linear, random_state=0, augmenter=noise).fit(X, y)
        ridge = np.linalg.solve(X.T @ X + 400 * scale**2 * np.eye(6), X.T @ y)
        np.testing.assert_allclose(mlp.coefs_[0][:, 0], ridge, atol=0.02)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stacks(dtype):
    X, y = problem("multiclass", dtype=dtype)
    members = [
        MLPClassifier(
            max_iter=5,
            batch_size=30,
            random_state=k,
            augmenter=GaussianNoise(scale),
            dropout=0.3,
        )
        for k, scale in enumerate([0.1, 0.5, 1.0])
    ]
    alone = [clone(member).fit(X, y) for member in members]
    fit_together([Request(member, X, y) for member in members])
    for member, other in zip(members, alone, strict=True):
        np.testing.assert_array_equal(flat(member), flat(other))
        assert member.coefs_[0].dtype == dtype


def test_members_of_an_ensemble():
    X, y = problem("multiclass")
    base = MLPClassifier((8,), max_iter=5, augmenter=GaussianNoise(0.5))
    bag = BaggingEnsemble(base, 3, max_features=0.5, random_state=0).fit(X, y)
    draws = zip(
        bag.estimators_, bag.estimators_samples_, bag.estimators_features_, strict=True
    )
    for member, rows, columns in draws:
        other = clone(member).fit(X[rows][:, columns], y[rows])
        np.testing.assert_array_equal(flat(member), flat(other))


def test_partial_fit_goes_on():
    X, y = problem("real")
    mlp = MLPRegressor(random_state=0, augmenter=GaussianNoise(0.5), shuffle=False)
    for _ in range(3):
        mlp.partial_fit(X, y)
    whole = clone(mlp).set_params(max_iter=3, tol=0.0).fit(X, y)
    np.testing.assert_allclose(flat(mlp), flat(whole), rtol=1e-10)


def test_sparse_rows():
    X, y = problem("binary")
    X[np.abs(X) < 1] = 0
    double = Spy(lambda X, y, rng: (X * 2, y))
    mlp = fit("binary", data=(sparse.csr_array(X), y), augmenter=double)
    np.testing.assert_allclose(flat(mlp), flat(fit("binary", data=(2 * X, y))))


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_nested_parameters_are_searched(n_jobs):
    X, y = problem("multiclass")
    mlp = MLPClassifier((8,), max_iter=80, random_state=0, augmenter=GaussianNoise())
    pipeline = make_pipeline(StandardScaler(), mlp)
    grid = {"mlpclassifier__augmenter__scale": [0.0, 100.0]}
    search = GridSearchCV(pipeline, grid, n_jobs=n_jobs, cv=3).fit(X, y)
    assert search.best_params_["mlpclassifier__augmenter__scale"] == 0.0
    grid = {"mlpclassifier__augmenter": [None, GaussianNoise(100.0)]}
    search = GridSearchCV(pipeline, grid, n_jobs=n_jobs, cv=3).fit(X, y)
    assert search.best_params_["mlpclassifier__augmenter"] is None


@pytest.mark.parametrize("solver", ["lbfgs", "delta_bar_delta"])
def test_full_batches_are_not_augmented(solver):
    with pytest.raises(ValueError, match=r"augmenter=GaussianNoise\(\) cannot be used"):
        fit("real", solver=solver, augmenter=GaussianNoise())


@pytest.mark.parametrize(
    ("augmenter", "message"),
    [
        (StandardScaler(), "augmenter"),
        ("noise", "augmenter"),
        (GaussianNoise, "got the class GaussianNoise"),
        (GaussianNoise(scale=-1), "scale"),
        (Spy(lambda X, y, rng: (X[1:], y[1:])), "as many rows"),
        (Spy(lambda X, y, rng: (X, None)), "as many rows"),
        (Spy(lambda X, y, rng: (X, y - 1)), "makes targets negative"),
    ],
)
def test_invalid_augmenters(augmenter, message):
    mlp = fit("count", loss="poisson")
    before = flat(mlp)
    X, y = problem("count")
    with pytest.raises(ValueError, match=message):
        mlp.set_params(augmenter=augmenter).fit(X, y)
    np.testing.assert_array_equal(flat(mlp), before)
