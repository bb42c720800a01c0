"""The parameters along training, kept."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skregnet import BaggingEnsemble, MLPClassifier, MLPRegressor
from skregnet.callbacks import ParameterPath
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def flat(mlp):
    """Return the parameters as one vector."""
    return np.concatenate([a.ravel() for a in [*mlp.coefs_, *mlp.intercepts_]])


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "newton_cg", "eigen_step"])
def test_points_are_those_of_shorter_fits(solver):
    X, y = problem("real")
    path = ParameterPath()
    mlp = MLPRegressor(hidden_layer_sizes=(3,), solver=solver, random_state=0)
    mlp.set_params(max_iter=5, learning_rate_init=0.01, tol=1e-9)
    clone(mlp).set_callbacks(path).fit(X, y)
    assert path.vectors_.shape == (5, X.shape[1] * 3 + 3 + 3 + 1)
    for k in range(5):
        short = clone(mlp).set_params(max_iter=k + 1).fit(X, y)
        np.testing.assert_allclose(path.vectors_[k], flat(short), rtol=1e-9)


def test_every():
    X, y = problem("binary")
    path, rare = ParameterPath(), ParameterPath(every=3)
    mlp = MLPClassifier((3,), max_iter=8, random_state=0)
    mlp.set_callbacks(path, rare).fit(X, y)
    # After epochs 3 and 6, and at the end.
    np.testing.assert_array_equal(rare.vectors_, path.vectors_[[2, 5, 7]])


def test_a_new_fit_starts_anew():
    X, y = problem("binary")
    path = ParameterPath()
    with pytest.raises(AttributeError, match="once a network has been fitted"):
        path.vectors_  # noqa: B018
    mlp = MLPClassifier((3,), max_iter=3, random_state=0).set_callbacks(path)
    mlp.fit(X, y)
    mlp.set_params(hidden_layer_sizes=(2,)).fit(X, y)
    np.testing.assert_array_equal(path.vectors_[-1], flat(mlp))
    assert len(path.vectors_) == 3


def test_training_is_the_same():
    X, y = problem("binary")
    mlp = MLPClassifier((3,), max_iter=4, random_state=0)
    watched = clone(mlp).set_callbacks(ParameterPath()).fit(X, y)
    np.testing.assert_array_equal(flat(watched), flat(mlp.fit(X, y)))


def test_what_fit_ends_with():
    X, y = problem("binary")
    path = ParameterPath(every=2)
    mlp = MLPClassifier((3,), max_iter=30, random_state=0, learning_rate_init=0.1)
    mlp.set_params(early_stopping=True, n_iter_no_change=3).set_callbacks(path)
    mlp.fit(X, y)
    # Early stopping goes back to an earlier epoch.
    assert len(path.vectors_) == mlp.n_iter_ // 2 + 1
    np.testing.assert_array_equal(path.vectors_[-1], flat(mlp))
    assert not np.array_equal(path.vectors_[-2], flat(mlp))


def test_one_member_of_an_ensemble():
    # Members train together, their epochs take turns.
    X, y = problem("binary")
    path = ParameterPath()
    mlp = MLPClassifier((3,), max_iter=4, random_state=0).set_callbacks(path)
    ensemble = BaggingEnsemble(mlp, n_estimators=3, random_state=0, n_jobs=1)
    ensemble.fit(X, y)
    last = ensemble.estimators_[-1]
    assert len(path.vectors_) == 4
    np.testing.assert_array_equal(path.vectors_[-1], flat(last))
    steps = np.linalg.norm(np.diff(path.vectors_, axis=0), axis=1)
    assert steps.max() < 0.1


def test_last_fit_of_a_search():
    X, y = problem("binary")
    path = ParameterPath()
    mlp = MLPClassifier((3,), max_iter=4, random_state=0).set_callbacks(path)
    search = GridSearchCV(make_pipeline(PCA(3), mlp), {"pca__n_components": [2, 4]})
    search.fit(X, y)
    assert len(path.vectors_) == 4
    np.testing.assert_array_equal(path.vectors_[-1], flat(search.best_estimator_[-1]))


def test_pickled_with_its_network():
    X, y = problem("binary")
    path = ParameterPath()
    mlp = MLPClassifier((3,), max_iter=4, random_state=0).set_callbacks(path)
    mlp.fit(X, y)
    kept = path.vectors_
    pickle.loads(pickle.dumps(mlp)).set_params(random_state=1).fit(X, y)
    np.testing.assert_array_equal(path.vectors_, kept)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(path)).vectors_, kept)


@pytest.mark.parametrize(
    "estimator",
    [LogisticRegression(), GridSearchCV(MLPClassifier(), {"alpha": [1.0]})],
    ids=lambda estimator: type(estimator).__name__,
)
def test_set_on_anything_but_a_network(estimator):
    estimator.set_callbacks(ParameterPath())
    with pytest.raises(TypeError, match="set it on the network within"):
        estimator.fit(*problem("binary"))


@pytest.mark.parametrize("every", [0, 1.5, "2"])
def test_refusals(every):
    with pytest.raises(ValueError, match="every expects a whole number"):
        ParameterPath(every)
