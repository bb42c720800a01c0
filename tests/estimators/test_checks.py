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
        MLPClassifier(batch_norm="before"),
        MLPRegressor(solver="sgd", l1_ratio=0.5, weight_averaging="ema"),
        MLPClassifier(adversarial_step=0.1, label_smoothing=0.1),
        MLPClassifier(solver="newton_cg", alpha=0.1),
        MLPRegressor(solver="eigen_step", learning_rate_init=10.0),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)
