"""scikit-learn's own checks, none of them excused."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skregnet import MLPClassifier, MLPRegressor


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        MLPClassifier(),
        MLPClassifier(solver="sgd"),
        MLPRegressor(),
        MLPRegressor(solver="lbfgs"),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)
