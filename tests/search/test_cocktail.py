"""The space of all regularizers."""

import numpy as np
import pytest
from scipy.stats import uniform
from sklearn.linear_model import Ridge
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skregnet import MLPClassifier, MLPRegressor, StackedSearchCV
from skregnet.augmentation import GaussianNoise, Mixup
from skregnet.search import Switched, regularization_cocktail
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT = {"hidden_layer_sizes": (6,), "max_iter": 9, "random_state": 0}


def drawn(estimator, n=400):
    spaces = regularization_cocktail(estimator)
    return list(ParameterSampler(spaces, n, random_state=0))


def test_each_is_on_in_half_of_the_cases():
    candidates = drawn(MLPClassifier())
    for name in ("alpha", "dropout", "batch_norm", "weight_averaging"):
        share = np.mean([bool(candidate[name]) for candidate in candidates])
        assert 0.42 < share < 0.58
    assert all(0 <= candidate["dropout"] < 0.8 for candidate in candidates)
    assert all(candidate["label_smoothing"] <= 0.2 for candidate in candidates)


def test_rows_are_changed_in_one_way():
    kinds = {"none": 0, "GaussianNoise": 0, "Mixup": 0, "adversarial": 0}
    for candidate in drawn(MLPClassifier()):
        assert not ("augmenter" in candidate and "adversarial_step" in candidate)
        if "augmenter" in candidate:
            kinds[type(candidate["augmenter"]).__name__] += 1
        else:
            kinds["adversarial" if "adversarial_step" in candidate else "none"] += 1
    assert all(70 < number < 130 for number in kinds.values())


def test_regressors_have_no_labels():
    assert all("label_smoothing" not in space for space in drawn(MLPRegressor(), 8))


@pytest.mark.parametrize("kind", ["real", "multiclass"])
@pytest.mark.parametrize("is_pipeline", [False, True])
def test_searched_together_as_one_by_one(kind, is_pipeline):
    X, y = problem(kind)
    base = MLPRegressor(**SHORT) if kind == "real" else MLPClassifier(**SHORT)
    if is_pipeline:
        base = make_pipeline(StandardScaler(), base)
    spaces = regularization_cocktail(base)
    ours = StackedSearchCV(base, spaces, n_candidates=20, cv=2, random_state=0)
    theirs = RandomizedSearchCV(base, spaces, n_iter=20, cv=2, random_state=0)
    np.testing.assert_array_equal(
        ours.fit(X, y).cv_results_["mean_test_score"],
        theirs.fit(X, y).cv_results_["mean_test_score"],
    )
    augmenters = {
        type(candidate.get("augmenter")) for candidate in ours.cv_results_["params"]
    }
    assert is_pipeline or {GaussianNoise, Mixup} <= augmenters


@pytest.mark.parametrize("solver", ["lbfgs", "newton_cg", "delta_bar_delta"])
def test_solvers_without_noise(solver):
    with pytest.raises(ValueError, match="expects a solver that takes minibatches"):
        regularization_cocktail(MLPClassifier(solver=solver))


def test_other_estimators():
    with pytest.raises(TypeError, match="expects a network of skregnet"):
        regularization_cocktail(Ridge())


def test_switches():
    values = [
        Switched(uniform(1, 1), off=None, probability=0.2).rvs(random_state=seed)
        for seed in range(200)
    ]
    on = [value for value in values if value is not None]
    assert 20 < len(on) < 60
    assert all(1 <= value <= 2 for value in on)
    with pytest.raises(TypeError, match="method rvs"):
        Switched([1, 2])
    with pytest.raises(ValueError, match="a share"):
        Switched(uniform(), probability=2)
