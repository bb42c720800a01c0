"""Networks of several tasks: each parameter acts as in networks of one."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import make_scorer, r2_score

from skregnet import MLPClassifier, MLPRegressor, MultiTaskMLP, MultiTaskMLPRegressor
from skregnet._fitting.request import Request
from skregnet._fitting.stacks import fit_together
from skregnet.augmentation import GaussianNoise
from skregnet.optimizers import Adam
from tests.cases import problem
from tests.fitting import AT_START, flat, share_of_zeros
from tests.multi_task import HEADS, SETTINGS, fit_tasks, mixture, with_gaps

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Values that are not the defaults, which one task must take as MLPClassifier does.
PARAMETERS = [
    {"activation": "tanh"},
    {"solver": "sgd", "momentum": 0.3, "learning_rate": "invscaling"},
    {"solver": Adam(learning_rate=0.01)},
    {"solver": "rmsprop", "learning_rate": "cosine"},
    {"alpha": 3.0},
    {"alpha": 3.0, "l1_ratio": 0.5},
    {"activity_alpha": 0.1},
    {"activity_alpha": 0.1, "activity_penalty": "kl", "activation": "logistic"},
    {"dropout": 0.3},
    {"input_dropout": 0.3},
    {"batch_norm": "before"},
    {"batch_norm": "after"},
    {"target_noise": 0.3},
    {"adversarial_step": 0.3},
    {"adversarial_step": 0.3, "adversarial_norm": "sign", "adversarial_iterations": 2},
    {"max_norm": 0.5},
    {"max_grad_norm": 0.05},
    {"weight_averaging": "ema"},
    {"weight_averaging": "swa"},
    {"shuffle": False, "batch_size": 50},
    {"hidden_layer_sizes": (6, 5), "activation": ["relu", "gelu"]},
    {"solver": "lbfgs", "alpha": 1.0},
]
parameters_that_act = pytest.mark.parametrize("parameters", PARAMETERS, ids=str)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_the_classes_of_one_task_are_held_out_in_proportion(kind):
    settings = {"early_stopping": True, "max_iter": 30, "n_iter_no_change": 3}
    mlp = fit_tasks(problem(kind), **settings)
    other = MLPClassifier(**{**SETTINGS, **settings}).fit(*problem(kind))
    assert mlp.validation_scores_ == other.validation_scores_
    np.testing.assert_allclose(flat(mlp), flat(other), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
@parameters_that_act
def test_one_task_as_ever(parameters, kind):
    X, y = problem(kind)
    cls = MLPRegressor if kind == "real" else MLPClassifier
    z = (y - y.mean()) / y.std() if kind == "real" else y
    other = cls(**{**SETTINGS, **parameters}).fit(X, z)
    mlp = fit_tasks((X, y), **parameters)
    np.testing.assert_allclose(flat(mlp), flat(other), rtol=1e-9, atol=1e-12)
    assert not np.array_equal(flat(mlp)[:20], flat(fit_tasks((X, y)))[:20])


def test_the_same_noise_for_one_task():
    X, y = problem("multiclass")
    noise = {"augmenter": GaussianNoise(0.5)}
    mlp = fit_tasks((X, y), **noise)
    other = MLPClassifier(**SETTINGS, **noise).fit(X, y)
    np.testing.assert_allclose(flat(mlp), flat(other), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("heads", [{}, HEADS], ids=["outputs", "heads"])
@pytest.mark.parametrize(
    "parameters",
    [
        *PARAMETERS[:-2],
        {"label_smoothing": 0.3},
        {"class_weight": "balanced"},
        {"task_weights": {"size": 4.0}},
        {"augmenter": GaussianNoise(0.5)},
    ],
    ids=str,
)
def test_several_tasks(parameters, heads):
    mlp = fit_tasks(**parameters, **heads)
    assert np.isfinite(flat(mlp)).all()
    # Each head takes notice.
    plain = fit_tasks(**heads)
    for ours, other in zip(mlp.coefs_, plain.coefs_, strict=True):
        changed = ours != other
        assert changed[other != 0].any(axis=0).all()


def test_smoothing_is_for_classifications():
    X, Y = mixture()
    start = {**AT_START, "alpha": 0.0}
    smooth = {"label_smoothing": 0.3}
    for name, acts in [("colour", True), ("flag", True), ("size", False)]:
        own = {other: float(other == name) for other in Y}
        plain = fit_tasks((X, Y), **start, task_weights=own)
        other = fit_tasks((X, Y), **start, **smooth, task_weights=own)
        assert (plain.loss_ != other.loss_) == acts
    # As MLPClassifier does it.
    mlp = fit_tasks(problem("multiclass"), **smooth)
    single = MLPClassifier(**SETTINGS, **smooth).fit(*problem("multiclass"))
    np.testing.assert_allclose(flat(mlp), flat(single), rtol=1e-9, atol=1e-12)


def test_bounds_hold_in_heads():
    mlp = fit_tasks(**HEADS, max_norm=0.2)
    norms = [np.linalg.norm(weights, axis=0) for weights in mlp.coefs_]
    assert max(norm.max() for norm in norms) <= 0.2 * (1 + 1e-12)
    assert all(np.isclose(norm.max(), 0.2) for norm in norms)


def test_sparse_heads():
    mlp = fit_tasks(**HEADS, l1_ratio=1.0, alpha=100.0, learning_rate_init=0.01)
    outside = share_of_zeros(fit_tasks(**HEADS))
    assert outside < share_of_zeros(mlp) < 1


@pytest.mark.parametrize("scoring", [None, "loss"])
@pytest.mark.parametrize("given", [False, True])
def test_early_stopping(given, scoring):
    X, Y = mixture(200)
    train, rest = slice(None, 120), slice(120, None)
    settings = {
        "early_stopping": True,
        "scoring": scoring,
        "max_iter": 60,
        "n_iter_no_change": 60,
        "learning_rate_init": 0.02,
    }
    mlp = MultiTaskMLP(**{**SETTINGS, **settings})
    if not given:
        mlp.fit(X, with_gaps(Y))
        assert len(mlp.validation_scores_) == mlp.n_iter_ == 60
        return
    mlp.fit(X[train], Y[train], X_val=X[rest], y_val=Y[rest])
    scores, losses = mlp.validation_scores_, mlp.validation_loss_curve_
    watched = scores if scoring is None else [-loss for loss in losses]
    assert scores == watched
    # The weights are those of the best check.
    assert mlp.best_validation_score_ == max(scores)
    if scoring is None:
        assert mlp.score(X[rest], Y[rest]) == pytest.approx(max(scores), rel=1e-12)
    assert scores[-1] < max(scores)


@pytest.mark.parametrize("name", ["r2", None])
def test_any_scorer_may_stop(name):
    X, Y = problem("reals")
    scorer = name or make_scorer(r2_score)
    settings = {"early_stopping": True, "max_iter": 20, "cls": MultiTaskMLPRegressor}
    mlp = fit_tasks((X, Y), scoring=scorer, **settings)
    own = fit_tasks((X, Y), **settings)
    np.testing.assert_allclose(mlp.validation_scores_, own.validation_scores_)


@pytest.mark.parametrize("form", ["frame", "array", "vector"])
def test_a_scorer_gets_targets_in_their_form(form):
    X, Y = mixture()
    y = {"frame": Y, "array": Y.to_numpy(), "vector": Y["flag"].to_numpy()}[form]
    settings = {"early_stopping": True, "max_iter": 20}

    def scoring(estimator, X, y):
        return estimator.score(X, y)

    mlp = fit_tasks((X, y), scoring=scoring, **settings)
    own = fit_tasks((X, y), **settings)
    np.testing.assert_allclose(mlp.validation_scores_, own.validation_scores_)


def test_validation_data_refused():
    X, Y = mixture()
    mlp = MultiTaskMLP(**SETTINGS, early_stopping=True)
    with pytest.raises(ValueError, match=r"y_val expects the columns.*'size'"):
        mlp.fit(X, Y, X_val=X, y_val=Y.drop(columns="size"))
    with pytest.raises(ValueError, match=r"y_val has classes of task 'colour'.*'pink'"):
        mlp.fit(X, Y, X_val=X, y_val=Y.assign(colour="pink"))
    assert not hasattr(mlp, "coefs_")


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step"])
def test_warm_start(solver):
    X, Y = mixture()
    settings = {"solver": solver, "max_iter": 5, **HEADS}
    mlp = fit_tasks((X, Y), **settings, warm_start=True)
    first = mlp.loss_
    again = mlp.fit(X, with_gaps(Y))
    assert again is mlp
    assert len(mlp.loss_curve_) > 6
    cold = fit_tasks((X, Y), **settings)
    assert not np.array_equal(flat(cold), flat(mlp))
    assert mlp.fit(X, Y).loss_ < first
    # Units of numbers are those of the first fit.
    task = mlp.tasks_[2]
    mlp.fit(X, Y.assign(size=1000.0))
    np.testing.assert_array_equal(mlp.tasks_[2].mean, task.mean)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda Y: Y.drop(columns="size"), r"y expects the columns.*got \['colour'"),
        (lambda Y: Y[["flag", "colour", "size"]], "y expects the columns"),
        (lambda Y: Y.to_numpy(), r"y expects the columns.*got \[0, 1, 2\]"),
        (lambda Y: Y.assign(colour="pink"), r"classes of task 'colour'.*'pink'"),
        (lambda Y: Y.assign(flag=2), r"classes of task 'flag'"),
        (lambda Y: Y.assign(size="tall"), r"task 'size' .*number"),
    ],
)
def test_warm_start_refuses_other_targets(change, message):
    X, Y = mixture()
    mlp = fit_tasks((X, Y), warm_start=True)
    before, weights = dict(vars(mlp)), flat(mlp)
    with pytest.raises(ValueError, match=message):
        mlp.fit(X, change(Y))
    assert vars(mlp) == before
    np.testing.assert_array_equal(flat(mlp), weights)
    if "classes of task" in message:  # which count as not hit
        assert mlp.score(X, change(Y)) < mlp.score(X, Y)
    else:
        with pytest.raises(ValueError, match=message):
            mlp.score(X, change(Y))


def test_warm_start_refuses_other_sizes():
    mlp = fit_tasks(warm_start=True, **HEADS).set_params(head_layer_sizes=(5, 3))
    with pytest.raises(ValueError, match="layer sizes"):
        mlp.fit(*mixture())


@pytest.mark.parametrize("maker", [sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("parameters", [{}, HEADS, {"solver": "lbfgs"}], ids=str)
def test_sparse_features(parameters, maker):
    X, Y = mixture()
    X[np.abs(X) < 0.7] = 0
    dense = fit_tasks((X, Y), **parameters)
    mlp = fit_tasks((maker(X), Y), **parameters)
    np.testing.assert_allclose(flat(mlp), flat(dense), rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(
        mlp.predict(maker(X))["colour"], dense.predict(X)["colour"]
    )


@pytest.mark.parametrize(
    "parameters", [{}, HEADS, {"solver": "lbfgs"}, {"task_weights": "uncertainty"}]
)
def test_single_precision(parameters):
    X, Y = mixture()
    mlp = fit_tasks((X.astype(np.float32), Y), **parameters)
    assert {part.dtype for part in (*mlp.coefs_, *mlp.intercepts_)} == {
        np.dtype(np.float32)
    }
    double = fit_tasks((X, Y), **parameters)
    np.testing.assert_allclose(flat(mlp), flat(double), rtol=1e-2, atol=1e-3)
    assert mlp.predict(X.astype(np.float32))["size"].dtype == np.float32


STACKS = [
    ({}, [{}, {"alpha": 1.0, "learning_rate_init": 0.01}, {"max_iter": 4}]),
    (HEADS, [{}, {"beta_1": 0.5}, {"tol": 0.5, "n_iter_no_change": 1}]),
    ({"solver": "sgd", **HEADS}, [{"momentum": m} for m in (0.1, 0.5, 0.9)]),
    ({"task_weights": "uncertainty"}, [{}, {"alpha": 1.0}, {}]),
    ({**HEADS, "batch_norm": "before"}, [{}, {"alpha": 1.0}, {}]),
    ({**HEADS, "batch_norm": "after"}, [{"dropout": rate} for rate in (0.1, 0.2, 0.5)]),
    (HEADS, [{"max_norm": norm} for norm in (0.2, 0.5, 1.0)]),
    ({}, [{"target_noise": std} for std in (0.1, 0.5, 1.0)]),
    ({}, [{"adversarial_step": step} for step in (0.1, 0.5, 1.0)]),
    ({}, [{"task_weights": {"size": weight}} for weight in (0.0, 0.5, 3.0)]),
    ({"early_stopping": True}, [{"n_iter_no_change": n} for n in (1, 2, 5)]),
    ({"label_smoothing": 0.1, "class_weight": "balanced"}, [{}, {}, {"alpha": 1.0}]),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize(("shared", "changes"), STACKS, ids=str)
def test_members_of_a_stack(shared, changes, gaps, dtype, monkeypatch):
    sizes = []
    train = fit_together.__globals__["train_minibatch"]

    def counting(stack, batch_size):
        sizes.append(len(stack))
        train(stack, batch_size)

    monkeypatch.setitem(fit_together.__globals__, "train_minibatch", counting)
    settings = {**SETTINGS, "batch_size": 32, **shared}
    members = [
        MultiTaskMLP(**{**settings, **change, "random_state": k})
        for k, change in enumerate(changes)
    ]
    data = [mixture(seed=k) for k in range(3)]
    data = [(X.astype(dtype), with_gaps(Y, 0.1) if gaps else Y) for X, Y in data]
    alone = [clone(mlp).fit(*own) for mlp, own in zip(members, data, strict=True)]
    del sizes[:]
    fit_together([Request(mlp, *own) for mlp, own in zip(members, data, strict=True)])
    assert sizes == [3]
    for mlp, other in zip(members, alone, strict=True):
        np.testing.assert_array_equal(flat(mlp), flat(other))
        assert mlp.loss_curve_ == other.loss_curve_
        assert mlp.task_weights_ == other.task_weights_
        assert mlp.validation_scores_ == other.validation_scores_
