"""Every parameter changes the result the way its theory says; bad values are named."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fit(kind="multiclass", **parameters):
    """Fit to one problem with one seed."""
    cls = MLPRegressor if kind in ("real", "count") else MLPClassifier
    defaults = {"random_state": 0, "max_iter": 30, "hidden_layer_sizes": (8,)}
    return cls(**{**defaults, **parameters}).fit(*problem(kind))


def norm(mlp):
    """Return the norm of all weights."""
    return np.sqrt(sum((coefs**2).sum() for coefs in mlp.coefs_))


def moved(mlp, **parameters):
    """Return how far the first epoch's steps went from the start."""
    start = fit(max_iter=1, learning_rate_init=1e-300, **parameters)
    return sum(
        np.abs(a - b).sum() for a, b in zip(mlp.coefs_, start.coefs_, strict=True)
    )


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_alpha_shrinks_the_weights(solver):
    settings = {"solver": solver, "max_iter": 100, "learning_rate_init": 0.02}
    norms = [norm(fit(alpha=alpha, **settings)) for alpha in (0.0, 1.0, 10.0, 100.0)]
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < norms[0] / 2


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_learning_rate_init_scales_the_steps(solver):
    small = moved(fit(solver=solver, learning_rate_init=1e-6, max_iter=1))
    large = moved(fit(solver=solver, learning_rate_init=1e-5, max_iter=1))
    assert large == pytest.approx(10 * small, rel=0.01)


def test_power_t_slows_sgd():
    rates = [
        fit(
            solver="sgd",
            learning_rate="invscaling",
            power_t=power,
            n_iter_no_change=np.inf,
        ).learning_rate_curve_
        for power in (0.0, 0.5, 1.0)
    ]
    for power, curve in zip((0.0, 0.5, 1.0), rates, strict=True):
        seen = 120 * np.arange(1, 30)
        np.testing.assert_allclose(curve[1:], 0.001 / (seen + 1) ** power)


def test_momentum_gathers_speed():
    settings = {"solver": "sgd", "nesterovs_momentum": False, "batch_size": 4}
    distances = [
        moved(fit(max_iter=1, learning_rate_init=1e-6, momentum=m, **settings))
        for m in (0.0, 0.5, 0.9)
    ]
    # A constant gradient is taken 1 / (1 - momentum) times.
    assert distances == sorted(distances)
    assert distances[1] / distances[0] == pytest.approx(2, rel=0.15)


def test_nesterov_is_half_a_step_ahead():
    settings = {"solver": "sgd", "max_iter": 1, "batch_size": 120, "momentum": 0.5}
    plain = fit(nesterovs_momentum=False, **settings)
    ahead = fit(nesterovs_momentum=True, **settings)
    assert moved(ahead) == pytest.approx(1.5 * moved(plain), rel=1e-4)


def test_first_step_of_adam():
    # The first step is the rate times the sign of the gradient, whatever the betas.
    for betas in ({}, {"beta_1": 0.0}, {"beta_2": 0.5}):
        mlp = fit(max_iter=1, batch_size=120, **betas)
        start = fit(max_iter=1, learning_rate_init=1e-300)
        steps = np.abs(mlp.coefs_[0] - start.coefs_[0])
        np.testing.assert_allclose(steps, 0.001, rtol=1e-3)


@pytest.mark.parametrize(
    ("parameter", "value"), [("beta_1", 0.1), ("beta_2", 0.1), ("epsilon", 1.0)]
)
def test_parameters_of_adam(parameter, value):
    mlp, default = fit(**{parameter: value}), fit()
    assert not np.allclose(mlp.coefs_[0], default.coefs_[0])
    if parameter == "epsilon":
        assert moved(mlp) < moved(default) / 10


def test_tol_and_patience():
    kwargs = {"max_iter": 300, "learning_rate_init": 0.01}
    lengths = [fit(tol=tol, **kwargs).n_iter_ for tol in (1.0, 1e-2, 1e-3)]
    assert lengths == sorted(lengths)
    assert lengths[0] == 12  # the first epoch, then 10 without progress, then one more
    lengths = [fit(tol=1.0, n_iter_no_change=n, **kwargs).n_iter_ for n in (1, 5, 20)]
    assert lengths == [3, 7, 22]


def test_limits():
    assert fit(max_iter=7).n_iter_ == 7
    assert fit(max_iter=7, solver="lbfgs").n_iter_ == 7
    assert fit(max_iter=200, max_fun=5, solver="lbfgs").n_iter_ <= 5
    loose = fit(max_iter=500, solver="lbfgs", tol=0.1)
    assert loose.n_iter_ < fit(max_iter=500, solver="lbfgs").n_iter_


def test_shuffle_and_batch_size():
    fixed = fit(shuffle=False, batch_size=10)
    assert not np.allclose(fixed.coefs_[0], fit(batch_size=10).coefs_[0])
    assert moved(fit(batch_size=10, max_iter=1)) > moved(fit(max_iter=1))
    # A full batch is the same in any order.
    whole = {"batch_size": 120, "max_iter": 3}
    np.testing.assert_allclose(
        fit(shuffle=False, **whole).coefs_[0], fit(**whole).coefs_[0], rtol=1e-7
    )


def test_validation_fraction():
    X, y = problem("real")
    mlp = MLPRegressor(early_stopping=True, max_iter=2, random_state=0)
    rows = [
        mlp.set_params(validation_fraction=fraction).fit(X, y).t_ / 2
        for fraction in (0.1, 0.25, 0.5)
    ]
    assert rows == [108, 90, 60]


def test_activation_and_sizes():
    shapes = [coefs.shape for coefs in fit(hidden_layer_sizes=(4, 3)).coefs_]
    assert shapes == [(6, 4), (4, 3), (3, 3)]
    linear = fit(kind="real", activation="identity")
    X, _ = problem("real")
    outputs = linear.predict(np.vstack([X[:1] + X[1:2], X[:2], 0 * X[:1]]))
    assert outputs[0] + outputs[3] == pytest.approx(outputs[1] + outputs[2])
    scores = {a: fit(activation=a).loss_ for a in ("relu", "tanh", "logistic")}
    assert len(set(scores.values())) == 3


def test_poisson_predicts_positive_rates():
    X, y = problem("count")
    mlp = fit(kind="count", loss="poisson", solver="lbfgs", max_iter=300, alpha=1.0)
    assert (mlp.predict(X) > 0).all()
    assert mlp.predict(X).mean() == pytest.approx(y.mean(), rel=1e-2)
    assert mlp.out_activation_ == "exp"


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
@pytest.mark.parametrize(
    "class_weight", ["balanced", {0: 1.0, 1: 9.0, 2: 0.5}, {1: 3.0}]
)
def test_class_weight_is_sample_weight(solver, class_weight):
    X, y = problem("multiclass")
    keep = (y != 1) | (np.arange(len(y)) % 4 == 0)
    X, y = X[keep], y[keep]
    settings = {"solver": solver, "random_state": 0, "max_iter": 10}
    by_class = MLPClassifier(**settings, class_weight=class_weight).fit(X, y)
    by_row = MLPClassifier(**settings).fit(X, y, compute_sample_weight(class_weight, y))
    for a, b in zip(by_class.coefs_, by_row.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    both = np.random.RandomState(0).uniform(size=len(y))
    product = MLPClassifier(**settings, class_weight={1: 3.0}).fit(X, y, both)
    explicit = MLPClassifier(**settings).fit(X, y, both * np.where(y == 1, 3.0, 1.0))
    np.testing.assert_allclose(product.coefs_[0], explicit.coefs_[0], rtol=1e-6)


def test_class_weight_moves_predictions():
    X, y = problem("binary")
    shares = [
        MLPClassifier(class_weight={0: 1, 1: w}, random_state=0)
        .fit(X, y)
        .predict(X)
        .mean()
        for w in (0.05, 1, 20)
    ]
    assert shares == sorted(shares)
    assert shares[0] < 0.4 < 0.6 < shares[2]


def test_class_weight_of_labels():
    X, y = problem("multilabel")
    weights = [{0: 1, 1: 5}, {0: 1, 1: 1}, {0: 2, 1: 1}]
    mlp = MLPClassifier(class_weight=weights, random_state=0, max_iter=5).fit(X, y)
    rows = compute_sample_weight(weights, y)
    same = MLPClassifier(random_state=0, max_iter=5).fit(X, y, rows)
    np.testing.assert_allclose(mlp.coefs_[0], same.coefs_[0])


def test_balanced_partial_fit():
    X, y = problem("binary")
    mlp = MLPClassifier(class_weight="balanced")
    with pytest.raises(ValueError, match="cannot be used with partial_fit"):
        mlp.partial_fit(X, y, classes=[0, 1])
    mlp.set_params(class_weight={0: 1, 1: 5}).partial_fit(X, y, classes=[0, 1])
    assert mlp.score(X, y) > 0


def test_class_weights_of_zero():
    X, y = problem("binary")
    with pytest.raises(ValueError, match="leave no row with a weight above 0"):
        MLPClassifier(class_weight={0: 0.0, 1: 0.0}).fit(X, y)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("hidden_layer_sizes", "10"),
        ("hidden_layer_sizes", -1),
        ("activation", "swish"),
        ("solver", "sag"),
        ("alpha", -0.1),
        ("batch_size", 0),
        ("batch_size", 2.5),
        ("learning_rate", "cyclic"),
        ("learning_rate_init", 0.0),
        ("power_t", -1),
        ("max_iter", 0),
        ("shuffle", "yes"),
        ("random_state", "seed"),
        ("tol", -1e-4),
        ("verbose", "loud"),
        ("warm_start", 2),
        ("momentum", 1.1),
        ("nesterovs_momentum", None),
        ("early_stopping", "yes"),
        ("validation_fraction", 1.0),
        ("beta_1", 1.0),
        ("beta_2", -0.1),
        ("epsilon", 0),
        ("n_iter_no_change", 0),
        ("max_fun", 0),
        ("validation_interval", 0),
        ("scoring", 3),
        ("class_weight", "heavy"),
        ("loss", "huberish"),
    ],
)
def test_bad_values(parameter, value):
    cls = MLPRegressor if parameter == "loss" else MLPClassifier
    mlp = cls().set_params(**{parameter: value})
    with pytest.raises(ValueError, match=f"'{parameter}' parameter of {cls.__name__}"):
        mlp.fit(*problem("binary"))


@pytest.mark.parametrize("sizes", [(3, 0), (2.5,), (3, "4")])
def test_bad_layer_sizes(sizes):
    with pytest.raises((ValueError, TypeError)):
        fit(hidden_layer_sizes=sizes)
