"""Any combination of scikit-learn's parameters gives scikit-learn's network."""

import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import neural_network

import skregnet
from tests.cases import problem

KINDS = ["binary", "multiclass", "multilabel", "real", "reals", "count"]

PARAMETERS = st.fixed_dictionaries(
    {
        "hidden_layer_sizes": st.sampled_from([(), (1,), (9,), (5, 4), [3, 2, 3], 6]),
        "activation": st.sampled_from(["identity", "logistic", "tanh", "relu"]),
        "solver": st.sampled_from(["adam", "sgd"]),
        "alpha": st.sampled_from([0.0, 1e-4, 0.3]),
        "batch_size": st.sampled_from(["auto", 7, 25, 60]),
        "learning_rate": st.sampled_from(["constant", "invscaling", "adaptive"]),
        "learning_rate_init": st.sampled_from([1e-3, 0.005, 0.02]),
        "power_t": st.sampled_from([0.0, 0.25, 0.5]),
        "max_iter": st.integers(1, 12),
        "shuffle": st.booleans(),
        "tol": st.sampled_from([0.0, 1e-4, 0.05]),
        "momentum": st.sampled_from([0.0, 0.5, 0.9]),
        "nesterovs_momentum": st.booleans(),
        "beta_1": st.sampled_from([0.0, 0.5, 0.9]),
        "beta_2": st.sampled_from([0.9, 0.99, 0.999]),
        "epsilon": st.sampled_from([1e-8, 1e-3]),
        "n_iter_no_change": st.sampled_from([1, 3, 10]),
        "warm_start": st.booleans(),
        "random_state": st.integers(0, 3),
    }
)


def assert_near(ours, theirs, name, atol=1e-8):
    """Compare one fitted attribute."""
    for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6, atol=atol, err_msg=name)


def assert_equal(ours, theirs, X, kind):
    """Compare networks, curves and predictions."""
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_
    assert_near(ours, theirs, "coefs_")
    assert_near(ours, theirs, "intercepts_")
    if kind != "reals":  # where the loss that scikit-learn reports is another
        assert_near(ours, theirs, "loss_curve_")
    method = "predict_proba" if hasattr(theirs, "predict_proba") else "predict"
    np.testing.assert_allclose(
        getattr(ours, method)(X), getattr(theirs, method)(X), rtol=1e-6, atol=1e-8
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(KINDS),
    parameters=PARAMETERS,
    early_stopping=st.booleans(),
    calls=st.lists(st.sampled_from(["fit", "partial_fit"]), min_size=1, max_size=4),
)
def test_any_sequence_of_calls(kind, parameters, early_stopping, calls):
    X, y = problem(kind, n_rows=60)
    name = "MLPClassifier" if kind in KINDS[:3] else "MLPRegressor"
    # scikit-learn stratifies by two classes only, has no partial_fit with early
    # stopping, and a second fit there moves the weights that it kept as the best.
    # What it reports of "reals" is not the loss that it minimises.
    early_stopping = early_stopping and kind != "multiclass"
    parameters = {**parameters, "early_stopping": early_stopping}
    if kind == "count":
        parameters["loss"] = "poisson"
    if kind == "reals":
        parameters["tol"] = 0.0
    if early_stopping:
        calls = ["fit"]
    ours = getattr(skregnet, name)(**parameters)
    theirs = getattr(neural_network, name)(**parameters)
    labels = {}
    if name == "MLPClassifier":
        labels["classes"] = np.arange(3 if y.ndim == 2 else y.max() + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for call in calls:
            keywords = labels if call == "partial_fit" else {}
            getattr(theirs, call)(X, y, **keywords)
            getattr(ours, call)(X, y, **keywords)
            assert_equal(ours, theirs, X, kind)
