"""With scikit-learn's parameters alone, the estimators are scikit-learn's."""

import inspect

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.utils import get_tags

import skregnet
from tests.cases import ESTIMATORS, problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FITTED = ["n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"]
SHORT = {"max_iter": 25, "random_state": 3, "hidden_layer_sizes": (7,)}
PROBLEMS = [pytest.param(*case[1:], id=case[0]) for case in ESTIMATORS]


def pair(cls, **parameters):
    """Return skregnet's and scikit-learn's estimator of the same parameters."""
    reference = getattr(neural_network, cls.__name__)
    return cls(**parameters), reference(**parameters)


def assert_equal(ours, theirs, X, rtol=1e-6):
    """Compare fitted attributes and predictions."""
    for name in FITTED:
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            np.testing.assert_allclose(mine, other, rtol=rtol, atol=1e-9)
            assert mine.dtype == other.dtype
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=rtol)
    if hasattr(theirs, "predict_proba"):
        np.testing.assert_allclose(
            ours.predict_proba(X), theirs.predict_proba(X), rtol=rtol, atol=1e-12
        )


def assert_equal_curves(ours, theirs):
    """Compare what was recorded in training."""
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-6)
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-6)
    for name in ("best_loss_", "best_validation_score_"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert (mine is None) == (other is None)
        assert mine is None or mine == pytest.approx(other, rel=1e-6)
    assert (ours.validation_scores_ is None) == (theirs.validation_scores_ is None)
    if theirs.validation_scores_ is not None:
        np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_)


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_signature(name):
    ours = inspect.signature(getattr(skregnet, name)).parameters
    theirs = inspect.signature(getattr(neural_network, name)).parameters
    for parameter in theirs.values():
        assert ours[parameter.name].default == parameter.default
        assert ours[parameter.name].kind == parameter.kind
    assert list(ours)[: len(theirs)] == list(theirs)
    added = [parameter for key, parameter in ours.items() if key not in theirs]
    assert {parameter.kind for parameter in added} == {inspect.Parameter.KEYWORD_ONLY}
    expected = get_tags(getattr(neural_network, name)())
    # scikit-learn's regressor takes several targets, and does not say so.
    expected.target_tags.multi_output |= name == "MLPRegressor"
    assert get_tags(getattr(skregnet, name)()) == expected


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_every_problem(cls, parameters, kind, solver):
    X, y = problem(kind)
    ours, theirs = pair(cls, solver=solver, **parameters, **SHORT)
    assert_equal(ours.fit(X, y), theirs.fit(X, y), X)
    if kind != "reals":  # where the loss that scikit-learn reports is another
        assert_equal_curves(ours, theirs)


@pytest.mark.parametrize(
    "parameters",
    [
        {"activation": "identity"},
        {"activation": "logistic"},
        {"activation": "tanh"},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": 4},
        {"hidden_layer_sizes": (6, 5, 4)},
        {"batch_size": 17},
        {"batch_size": 1, "max_iter": 3},
        {"shuffle": False, "batch_size": 50},
        {"alpha": 0.0},
        {"alpha": 5.0},
        {"learning_rate_init": 0.03},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-4},
        {"learning_rate": "invscaling"},
        {"tol": 0.05, "n_iter_no_change": 2},
        {"n_iter_no_change": np.inf},
    ],
    ids=str,
)
def test_every_parameter_of_adam(parameters):
    X, y = problem("multiclass")
    ours, theirs = pair(skregnet.MLPClassifier, **{**SHORT, **parameters})
    assert_equal(ours.fit(X, y), theirs.fit(X, y), X)
    assert_equal_curves(ours, theirs)


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [True, False])
def test_every_schedule_of_sgd(learning_rate, momentum, nesterov):
    X, y = problem("multiclass")
    ours, theirs = pair(
        skregnet.MLPClassifier,
        **{**SHORT, "max_iter": 150},
        solver="sgd",
        learning_rate=learning_rate,
        learning_rate_init=0.3,
        power_t=0.3,
        momentum=momentum,
        nesterovs_momentum=nesterov,
        tol=1e-2,
        n_iter_no_change=3,
    )
    assert_equal(ours.fit(X, y), theirs.fit(X, y), X)
    assert_equal_curves(ours, theirs)
    assert theirs.n_iter_ < 150


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("kind", ["binary", "real"])
def test_early_stopping(kind, solver):
    X, y = problem(kind, n_rows=200)
    cls = skregnet.MLPClassifier if kind == "binary" else skregnet.MLPRegressor
    ours, theirs = pair(
        cls,
        **{**SHORT, "max_iter": 500},
        solver=solver,
        early_stopping=True,
        validation_fraction=0.25,
        learning_rate_init=0.02,
        learning_rate="adaptive",
        n_iter_no_change=4,
    )
    assert_equal(ours.fit(X, y), theirs.fit(X, y), X)
    assert_equal_curves(ours, theirs)
    assert theirs.n_iter_ < 500


@pytest.mark.parametrize(("cls", "parameters", "kind"), PROBLEMS)
def test_lbfgs(cls, parameters, kind):
    X, y = problem(kind)
    settings = {**SHORT, "max_iter": 15, "solver": "lbfgs", "alpha": 0.1}
    ours, theirs = pair(cls, **settings, **parameters)
    ours.fit(X, y)
    if kind == "reals":  # scikit-learn's gradient is not that of its loss
        return
    theirs.fit(X, y)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-6)
    assert_equal(ours, theirs, X, rtol=1e-5)


@pytest.mark.parametrize("weights", ["random", "with zeros"])
@pytest.mark.parametrize("solver", ["lbfgs", "adam", "sgd"])
def test_sample_weight_of_a_full_batch(solver, weights):
    X, y = problem("multiclass")
    sample_weight = np.random.RandomState(0).uniform(0.1, 3, len(y))
    if weights == "with zeros":
        sample_weight[::5] = 0
    ours, theirs = pair(
        skregnet.MLPClassifier, **SHORT, solver=solver, batch_size=len(y), shuffle=False
    )
    if weights == "with zeros":
        ours.set_params(batch_size="auto")
    ours.fit(X, y, sample_weight)
    theirs.fit(X, y, sample_weight)
    for mine, other in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_warm_start(solver):
    X, y = problem("binary")
    ours, theirs = pair(
        skregnet.MLPClassifier,
        **SHORT,
        solver=solver,
        warm_start=True,
        learning_rate="invscaling",
    )
    for _ in range(3):
        ours.fit(X, y)
        theirs.fit(X, y)
        assert_equal(ours, theirs, X)
        assert_equal_curves(ours, theirs)
    assert len(ours.loss_curve_) == 3 * 25


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("first", ["fit", "partial_fit"])
@pytest.mark.parametrize("kind", ["multiclass", "real"])
def test_partial_fit(kind, first, solver):
    X, y = problem(kind)
    cls = skregnet.MLPClassifier if kind == "multiclass" else skregnet.MLPRegressor
    both = pair(cls, **SHORT, solver=solver, batch_size=32, learning_rate="invscaling")
    classes = {"classes": np.unique(y)} if kind == "multiclass" else {}
    for estimator in both:
        if first == "fit":
            estimator.fit(X, y)
        for start in (0, 40, 80, 0):
            chunk = slice(start, start + 40)
            estimator.partial_fit(X[chunk], y[chunk], **classes)
    assert_equal(*both, X)
    assert_equal_curves(*both)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_verbose(capsys, early_stopping, learning_rate):
    X, y = problem("binary")
    ours, theirs = pair(
        skregnet.MLPClassifier,
        **{**SHORT, "max_iter": 60},
        solver="sgd",
        learning_rate=learning_rate,
        learning_rate_init=0.1,
        early_stopping=early_stopping,
        tol=0.05,
        n_iter_no_change=2,
        verbose=True,
    )
    ours.fit(X, y)
    lines = capsys.readouterr().out
    theirs.fit(X, y)
    assert lines == capsys.readouterr().out
    assert "Stopping." in lines


def test_warnings():
    X, y = problem("binary")
    for estimator in pair(skregnet.MLPClassifier, max_iter=2):
        with pytest.warns(UserWarning, match=r"Maximum iterations \(2\) reached and"):
            estimator.fit(X, y)
    for estimator in pair(skregnet.MLPClassifier, batch_size=1000, max_iter=2):
        with pytest.warns(UserWarning, match="It is going to be clipped"):
            estimator.fit(X, y)
    for estimator in pair(skregnet.MLPClassifier, solver="lbfgs", max_iter=2):
        with pytest.warns(UserWarning, match="lbfgs failed to converge after 2 iter"):
            estimator.fit(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"hidden_layer_sizes": (3, 0)},
            r"hidden_layer_sizes must be > 0, got \[3, 0\]",
        ),
        ({"solver": "none"}, "The 'solver' parameter of MLPClassifier must be a str"),
        ({"alpha": -1}, "The 'alpha' parameter of MLPClassifier must be a float"),
    ],
)
def test_errors(parameters, message):
    X, y = problem("binary")
    for estimator in pair(skregnet.MLPClassifier, **parameters):
        with pytest.raises(ValueError, match=message):
            estimator.fit(X, y)


def test_validation_set_too_small():
    X, y = problem("real")
    parameters = {"early_stopping": True, "validation_fraction": 0.001}
    for estimator in pair(skregnet.MLPRegressor, **parameters):
        with pytest.raises(ValueError, match="The validation set is too small"):
            estimator.fit(X, y)


def test_partial_fit_of_lbfgs():
    assert not hasattr(skregnet.MLPRegressor(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        skregnet.MLPRegressor(solver="lbfgs").partial_fit([[1.0]], [1.0])


def test_warm_start_with_other_classes():
    X, y = problem("multiclass")
    for estimator in pair(skregnet.MLPClassifier, **SHORT, warm_start=True):
        estimator.fit(X, y)
        with pytest.raises(ValueError, match="warm_start can only be used where"):
            estimator.fit(X, y + 1)


def test_partial_fit_with_other_classes():
    X, y = problem("multiclass")
    for estimator in pair(skregnet.MLPClassifier, **SHORT):
        with pytest.raises(ValueError, match="classes must be passed on the first"):
            estimator.partial_fit(X, y)
        estimator.partial_fit(X, y, classes=[0, 1, 2])
        with pytest.raises(ValueError, match="`y` has classes not in"):
            estimator.partial_fit(X, y + 1)
