"""Any combination of all parameters trains, or is refused; in stacks as alone."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skregnet import MLPClassifier, MLPRegressor
from skregnet._fitting.request import Request
from skregnet._fitting.stacks import fit_together
from tests.cases import ACTIVATION_NAMES, problem

CLASSIFIED = ["binary", "multiclass", "multilabel"]
KINDS = [*CLASSIFIED, "real", "reals", "count", "rate"]
MAKERS = [np.asarray, sparse.csr_array, sparse.csc_array]
FULL_BATCH = ("lbfgs", "newton_cg", "eigen_step")
FULL_BATCH_ONLY = {
    "dropout": 0.0,
    "input_dropout": 0.0,
    "target_noise": 0.0,
    "batch_norm": None,
    "adversarial_step": 0.0,
    "max_norm": None,
    "max_grad_norm": None,
    "weight_averaging": None,
}


def mostly(off, *values):
    """Return a strategy of a value that is off in half of the cases."""
    return st.one_of(st.just(off), st.sampled_from(values))


# Numbers in which members of a stack may differ.
RATES = {
    "alpha": st.sampled_from([0.0, 1e-4, 0.3, 5.0]),
    "learning_rate_init": st.sampled_from([1e-3, 0.01, 0.1, 100.0]),
    "power_t": st.sampled_from([0.0, 0.25, 0.5]),
    "momentum": st.sampled_from([0.0, 0.5, 0.9]),
    "beta_1": st.sampled_from([0.0, 0.5, 0.9]),
    "beta_2": st.sampled_from([0.0, 0.99, 0.999]),
    "epsilon": st.sampled_from([1e-8, 1e-3]),
    "max_iter": st.integers(1, 8),
    "tol": st.sampled_from([0.0, 1e-4, 0.05]),
    "n_iter_no_change": st.sampled_from([1, 3, 10, np.inf]),
    "random_state": st.integers(0, 5),
    "l1_ratio": mostly(0.0, 0.1, 0.7, 1.0),
    "activity_target": st.sampled_from([0.05, 0.5, 0.9]),
    "adversarial_weight": st.sampled_from([0.0, 0.5, 1.0]),
}
# Numbers in which they may differ where they are on.
STRENGTHS = {
    "activity_alpha": (1e-3, 0.1, 2.0),
    "input_dropout": (0.1, 0.8),
    "dropout": (0.1, 0.5, 0.95),
    "target_noise": (0.01, 0.5),
    "adversarial_step": (0.01, 0.3, 3.0),
    "max_norm": (0.3, 1.0, 4.0),
    "max_grad_norm": (0.01, 1.0),
}
# What members of a stack have in common.
NAMES = {
    "solver": st.sampled_from(["adam", "sgd"]),
    "batch_size": st.sampled_from(["auto", 7, 13, 30]),
    "learning_rate": st.sampled_from(["constant", "invscaling", "adaptive"]),
    "shuffle": st.booleans(),
    "warm_start": st.booleans(),
    "nesterovs_momentum": st.booleans(),
    "early_stopping": st.booleans(),
    "validation_fraction": st.sampled_from([0.1, 0.3]),
    "validation_interval": st.sampled_from([1, 3]),
    "scoring": st.sampled_from([None, "loss"]),
    "max_fun": st.sampled_from([3, 15000]),
    "activity_penalty": st.sampled_from(["l1", "l2", "kl"]),
    "batch_norm": mostly(None, "before", "after"),
    "adversarial_norm": st.sampled_from(["gradient", "sign", "l2"]),
    "adversarial_iterations": st.sampled_from([1, 2, 4]),
    "weight_averaging": mostly(None, "ema", "swa"),
}
CLASS_WEIGHTS = mostly(None, "balanced", {0: 1.0, 1: 3.0})
SIZES = st.sampled_from([(), (1,), (6,), (5, 4), [3, 2, 3], 4])


@st.composite
def architectures(draw, solvers=None):
    """Draw the kind of targets and all parameters but the numbers."""
    kind = draw(st.sampled_from(KINDS))
    parameters = draw(st.fixed_dictionaries(NAMES))
    if solvers is not None:
        parameters["solver"] = draw(st.sampled_from(solvers))
    sizes = draw(SIZES)
    n_layers = len(np.atleast_1d(sizes))
    parameters["hidden_layer_sizes"] = sizes
    name = st.sampled_from(ACTIVATION_NAMES)
    names = st.lists(name, min_size=n_layers, max_size=n_layers)
    if parameters["activity_penalty"] == "kl" and draw(st.booleans()):
        parameters["activation"] = "logistic"
    else:
        parameters["activation"] = draw(st.one_of(name, names))
    if kind in CLASSIFIED:
        parameters["label_smoothing"] = draw(mostly(0.0, 0.1, 0.9))
    if kind in CLASSIFIED[:2]:
        parameters["class_weight"] = draw(CLASS_WEIGHTS)
    if kind == "rate":
        parameters["loss"] = "poisson"
    return kind, parameters


def numbers(on, n_layers):
    """Return a strategy of all numbers, with those strengths that are on."""
    chosen = dict(RATES)
    for name, values in STRENGTHS.items():
        if name in on:
            chosen[name] = st.sampled_from(values)
    if "dropout" in on and "layers" in on:
        rate = st.sampled_from([0.2, 0.7])
        chosen["dropout"] = st.lists(rate, min_size=n_layers, max_size=n_layers)
    return st.fixed_dictionaries(chosen)


def data_of(kind, seed, dtype, make):
    """Return features and targets."""
    X, y = problem("count" if kind == "rate" else kind, 40, seed=seed, dtype=dtype)
    return make(X), y


def estimator_of(kind, parameters):
    """Return an unfitted estimator."""
    return (MLPClassifier if kind in CLASSIFIED else MLPRegressor)(**parameters)


def sparsifies(parameters):
    """Tell whether there is an L1 penalty."""
    return bool(parameters.get("alpha", 1e-4) and parameters.get("l1_ratio", 0))


def contradict(parameters):
    """Tell whether parameters are such as are refused."""
    is_full_batch = parameters["solver"] in FULL_BATCH
    if is_full_batch and parameters["solver"] != "lbfgs" and sparsifies(parameters):
        return True
    if is_full_batch and any(
        np.any(np.asarray(parameters.get(name, off), dtype=object))
        for name, off in FULL_BATCH_ONLY.items()
    ):
        return True
    uses_kl = parameters["activity_penalty"] == "kl" and "activity_alpha" in parameters
    n_hidden = len(np.atleast_1d(parameters["hidden_layer_sizes"]))
    names = parameters["activation"]
    names = {names} if isinstance(names, str) and n_hidden else set(names)
    if n_hidden == 0:
        names = set()
    if uses_kl and (is_full_batch or names - {"logistic"}):
        return True
    makes_noise = bool(parameters.get("target_noise"))
    return parameters.get("loss") == "poisson" and makes_noise


def has_finite_results(mlp, X):
    """Tell whether weights, curves and predictions are finite."""
    parts = [*mlp.coefs_, *mlp.intercepts_]
    if mlp.learning_rate_init > 1:
        # Thrown far away, though finite, weights may give predictions that are not.
        return all(np.isfinite(part).all() for part in parts)
    parts += [mlp.loss_curve_, mlp.predict(X)]
    if isinstance(mlp, MLPClassifier):
        parts.append(mlp.predict_proba(X))
    return all(np.isfinite(part).all() for part in parts)


def trains(mlp, X, y, weights):
    """Fit, and tell whether the weights have stayed finite."""
    try:
        mlp.fit(X, y, weights)
    except ValueError as error:
        if "non-finite parameter weights" in str(error):
            return False
        raise
    return True


def assert_same(together, alone):
    """Compare two lists of fitted estimators, bit by bit."""
    for mine, other in zip(together, alone, strict=True):
        for name in ("coefs_", "intercepts_"):
            for a, b in zip(getattr(mine, name), getattr(other, name), strict=True):
                np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(mine.loss_curve_, other.loss_curve_)
        assert mine.validation_scores_ == other.validation_scores_


def expected_warnings():
    """Let pass what scikit-learn warns of, too."""
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", "Got `batch_size` less than 1")
    warnings.filterwarnings("ignore", "The validation set of .* is not stratified")


@settings(max_examples=250, deadline=None, derandomize=True)
@given(
    architecture=architectures(["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"]),
    on=st.sets(st.sampled_from([*STRENGTHS, "layers"])),
    drops_what_is_refused=st.booleans(),
    weighted=st.booleans(),
    dtype=st.sampled_from([np.float64, np.float32]),
    make=st.sampled_from(MAKERS),
    data=st.data(),
)
def test_any_combination_trains_or_is_refused(
    architecture, on, drops_what_is_refused, weighted, dtype, make, data
):
    kind, parameters = architecture
    n_layers = len(np.atleast_1d(parameters["hidden_layer_sizes"]))
    parameters = parameters | data.draw(numbers(on, n_layers))
    if drops_what_is_refused and parameters["solver"] in FULL_BATCH:
        parameters |= FULL_BATCH_ONLY
        if parameters["solver"] != "lbfgs":
            parameters["l1_ratio"] = 0.0
    X, y = data_of(kind, 0, dtype, make)
    weights = np.arange(40) % 3 + 0.5 if weighted else None
    mlp = estimator_of(kind, parameters)
    with warnings.catch_warnings():
        expected_warnings()
        if contradict(parameters):
            with pytest.raises(ValueError, match=r"; set |Use solver"):
                mlp.fit(X, y, weights)
            return
        if not trains(mlp, X, y, weights):
            return
        assert has_finite_results(mlp, X)
        takes_steps = parameters["solver"] not in FULL_BATCH
        goes_on = takes_steps and not parameters["early_stopping"]
        if (
            goes_on
            and mlp.learning_rate_init < 1
            and mlp.get_params().get("class_weight") != "balanced"
        ):
            mlp.partial_fit(X, y, weights)
            assert has_finite_results(mlp, X)
            assert mlp.predict(X).shape == y.shape
    assert mlp.coefs_[0].dtype == dtype
    assert mlp.coefs_[-1].shape[1] == mlp.n_outputs_


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    architecture=architectures(),
    on=st.sets(st.sampled_from([*STRENGTHS, "layers"])),
    weighted=st.booleans(),
    shared=st.booleans(),
    dtype=st.sampled_from([np.float64, np.float32]),
    make=st.sampled_from(MAKERS),
    data=st.data(),
)
def test_any_stack_is_its_members(
    architecture, on, weighted, shared, dtype, make, data
):
    kind, parameters = architecture
    if kind == "rate":
        on = on - {"target_noise"}
    if "activity_alpha" in on and parameters["activity_penalty"] == "kl":
        parameters["activation"] = "logistic"
    n_layers = len(np.atleast_1d(parameters["hidden_layer_sizes"]))
    alone, requests = [], []
    X, y = data_of(kind, 0, dtype, make)
    with warnings.catch_warnings():
        expected_warnings()
        for k in range(3):
            if not shared:
                X, y = data_of(kind, k, dtype, make)
            weights = (np.arange(40) + k) % 3 + 0.5 if weighted else None
            own = data.draw(numbers(on, n_layers))
            mlp = estimator_of(kind, parameters | own)
            if trains(mlp, X, y, weights):
                alone.append(mlp)
                requests.append(Request(clone(mlp), X, y, weights))
        fit_together(requests)
    assert_same([request.estimator for request in requests], alone)
