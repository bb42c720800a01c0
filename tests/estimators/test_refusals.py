"""Parameters that cannot work together are refused, and nothing fitted is lost."""

import copy
import re

import numpy as np
import pytest

from skregnet import MLPClassifier, MLPRegressor
from tests.cases import problem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# What a full-batch solver cannot take, each with values that switch it on.
MINIBATCH_VALUES = {
    "dropout": (0.3, [0.0, 0.1]),
    "input_dropout": (0.3,),
    "target_noise": (0.1,),
    "batch_norm": ("before", "after"),
    "adversarial_step": (0.1,),
    "max_norm": (2.0,),
    "max_grad_norm": (2.0,),
    "weight_averaging": ("ema", "swa"),
}

# Parameters, what the message names, and what it offers.
CONTRADICTIONS = [
    *[
        (
            MLPClassifier,
            {"solver": "lbfgs", name: value},
            [f"{name}={value!r}", "solver='lbfgs'"],
            ["solver='adam'", f"or {name}="],
        )
        for name, values in MINIBATCH_VALUES.items()
        for value in values
    ],
    (
        MLPRegressor,
        {
            "solver": "lbfgs",
            "activity_penalty": "kl",
            "activity_alpha": 0.1,
            "activation": "logistic",
        },
        ["activity_penalty='kl'", "solver='lbfgs'"],
        ["solver='adam'", "activity_penalty='l1' or 'l2'"],
    ),
    *[
        (
            MLPClassifier,
            {
                "activity_penalty": "kl",
                "activity_alpha": 0.1,
                "activation": activation,
            },
            ["activity_penalty='kl'", f"activation={activation!r}"],
            ["activation='logistic'", "activity_penalty='l1' or 'l2'"],
        )
        for activation in ("relu", ["logistic", "tanh"])
    ],
    (
        MLPRegressor,
        {"solver": "sgd", "momentum": 1, "l1_ratio": 0.1, "alpha": 0.1},
        ["l1_ratio > 0", "momentum=1"],
        ["set a smaller momentum"],
    ),
    (
        MLPRegressor,
        {"loss": "poisson", "target_noise": 0.1},
        ["target_noise=0.1", "loss='poisson'"],
        ["target_noise=0", "loss='squared_error'"],
    ),
]


def problem_of(cls):
    """Return data that suit an estimator and every loss."""
    return problem("multiclass" if cls is MLPClassifier else "count")


def assert_refuses(mlp, message, calls=("fit", "partial_fit")):
    """Check that no call is possible, and that each leaves the fit as it was."""
    X, y = problem_of(type(mlp))
    before = copy.deepcopy(vars(mlp))
    predictions = mlp.predict(X)
    for call in calls:
        if hasattr(mlp, call):
            with pytest.raises(ValueError, match=message) as caught:
                getattr(mlp, call)(X, y)
    np.testing.assert_array_equal(mlp.predict(X), predictions)
    assert vars(mlp).keys() == before.keys()
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(mlp, name), before[name], strict=True):
            np.testing.assert_array_equal(a, b)
    for name in ("loss_curve_", "t_", "n_iter_", "best_loss_"):
        assert getattr(mlp, name) == before[name]
    return str(caught.value)


@pytest.mark.parametrize(("cls", "parameters", "named", "offered"), CONTRADICTIONS)
def test_contradictions(cls, parameters, named, offered):
    X, y = problem_of(cls)
    mlp = cls(hidden_layer_sizes=(4, 3), max_iter=2, random_state=0).fit(X, y)
    activation = parameters.get("activation")
    if activation is not None:
        # So that what is fitted can still predict.
        mlp.set_params(activation=activation).fit(X, y)
    mlp.set_params(**parameters)
    message = assert_refuses(mlp, re.escape(named[0]))
    for part in (*named, *offered):
        assert part in message
    fresh = cls(hidden_layer_sizes=(4, 3), **parameters)
    before = dict(vars(fresh))
    with pytest.raises(ValueError, match=re.escape(named[0])):
        fresh.fit(X, y)
    assert vars(fresh) == before


@pytest.mark.parametrize(
    ("cls", "parameters"),
    [
        (MLPClassifier, {"solver": "lbfgs", "dropout": [0.0, 0.0]}),
        (MLPClassifier, {"solver": "lbfgs", "l1_ratio": 0.5, "label_smoothing": 0.1}),
        (MLPClassifier, {"solver": "lbfgs", "activity_alpha": 0.1}),
        (MLPClassifier, {"solver": "lbfgs", "adversarial_norm": "sign"}),
        (MLPClassifier, {"activity_penalty": "kl"}),
        (
            MLPClassifier,
            {
                "activity_penalty": "kl",
                "activity_alpha": 0.1,
                "activation": ["logistic", "logistic"],
            },
        ),
        (MLPRegressor, {"solver": "sgd", "momentum": 1, "l1_ratio": 0.5, "alpha": 0}),
        (MLPRegressor, {"solver": "adam", "momentum": 1, "l1_ratio": 0.5}),
        (MLPRegressor, {"loss": "poisson", "target_noise": 0.0}),
    ],
)
def test_what_is_off_is_not_refused(cls, parameters):
    mlp = cls(hidden_layer_sizes=(4, 3), max_iter=2, random_state=0, **parameters)
    mlp.fit(*problem_of(cls))
    assert all(np.isfinite(coefs).all() for coefs in mlp.coefs_)


@pytest.mark.parametrize("sizes", [(), (4,), (4, 3)])
@pytest.mark.parametrize(
    "dropout", [[0.1] * 3, (0.1,), [], [1.0, 0.0], [-0.1, 0.0], [np.nan, 0.1]]
)
def test_rates_of_dropout(dropout, sizes):
    mlp = MLPClassifier(sizes, max_iter=2, random_state=0).fit(*problem("multiclass"))
    if len(sizes) == len(dropout) and all(0 <= rate < 1 for rate in dropout):
        mlp.set_params(dropout=dropout).fit(*problem("multiclass"))
        return
    mlp.set_params(dropout=dropout)
    assert_refuses(mlp, rf"each of the {len(sizes)} hidden layers, got dropout=")


@pytest.mark.parametrize(
    "dropout", [["a"], [None], [[0.1]], [[0.1, 0.2], [0.1]], "ab", [10**400]]
)
def test_rates_that_are_no_numbers(dropout):
    mlp = MLPClassifier((4,), dropout=dropout)
    with pytest.raises(ValueError, match="dropout"):
        mlp.fit(*problem("multiclass"))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("sizes", [(), (4,), (4, 3)])
@pytest.mark.parametrize(
    "activation", [["relu"] * 3, ("tanh",), [], ["relu", "swish"], [1, 2], [["relu"]]]
)
def test_names_of_activations(activation, sizes, solver):
    mlp = MLPClassifier(sizes, activation, solver=solver, max_iter=2, random_state=0)
    if len(sizes) == len(activation) and set(map(str, activation)) <= {"relu", "tanh"}:
        mlp.fit(*problem("multiclass"))
        return
    before = dict(vars(mlp))
    with pytest.raises(ValueError, match="activation expects one name") as caught:
        mlp.fit(*problem("multiclass"))
    assert f"each of the {len(sizes)} hidden" in str(caught.value)
    assert f"got activation={activation!r}" in str(caught.value)
    assert vars(mlp) == before


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("l1_ratio", [-0.1, 1.1, None, "half", np.nan]),
        ("activity_penalty", ["l0", None, 1]),
        ("activity_alpha", [-1.0, None, "auto"]),
        ("activity_target", [0.0, 1.0, None]),
        ("dropout", [-0.1, 1.0, None, "half"]),
        ("input_dropout", [-0.1, 1.0, None, [0.1]]),
        ("batch_norm", [True, "both", 1]),
        ("label_smoothing", [-0.1, 1.0, None]),
        ("target_noise", [-0.1, None, "a"]),
        ("adversarial_step", [-0.1, None, [0.1]]),
        ("adversarial_norm", ["l1", None, 2]),
        ("adversarial_weight", [-0.1, 1.1, None]),
        ("adversarial_iterations", [0, 1.5, None]),
        ("max_norm", [0.0, -1.0, "a"]),
        ("max_grad_norm", [0.0, -1.0, "a"]),
        ("weight_averaging", ["mean", True, 0.9]),
    ],
)
def test_bad_values(cls, parameter, values):
    if parameter == "label_smoothing" and cls is MLPRegressor:
        with pytest.raises(ValueError, match="Invalid parameter 'label_smoothing'"):
            MLPRegressor().set_params(label_smoothing=0.1)
        return
    mlp = cls(hidden_layer_sizes=(4,), max_iter=2, random_state=0)
    mlp.fit(*problem_of(cls))
    for value in values:
        mlp.set_params(**{parameter: value})
        # As in scikit-learn, later calls of partial_fit do not check values again.
        assert_refuses(mlp, f"'{parameter}' parameter of {cls.__name__}", ["fit"])


@pytest.mark.parametrize(
    ("parameter", "bad", "message"),
    [
        ("dropout", [0.1, 0.2], "dropout expects one rate"),
        ("activation", ["relu", "tanh"], "activation expects one name"),
        ("activity_penalty", "kl", "activity_penalty='kl'"),
        ("momentum", 1, "momentum < 1"),
    ],
)
def test_a_refusal_between_calls_changes_nothing(parameter, bad, message):
    X, y = problem("real")
    settings = {
        "hidden_layer_sizes": (5,),
        "solver": "sgd",
        "batch_size": 30,
        "random_state": 0,
        "batch_norm": "before",
        "dropout": 0.2,
        "activity_alpha": 0.1,
        "l1_ratio": 0.5,
        "weight_averaging": "ema",
    }
    disturbed, undisturbed = MLPRegressor(**settings), MLPRegressor(**settings)
    value = getattr(disturbed, parameter)
    for _ in range(4):
        disturbed.partial_fit(X, y)
        undisturbed.partial_fit(X, y)
        with pytest.raises(ValueError, match=message):
            disturbed.set_params(**{parameter: bad}).partial_fit(X, y)
        with pytest.raises(ValueError, match="NaN"):
            disturbed.set_params(**{parameter: value}).partial_fit(X * np.nan, y)
    for a, b in zip(disturbed.coefs_, undisturbed.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
    assert disturbed.loss_curve_ == undisturbed.loss_curve_
