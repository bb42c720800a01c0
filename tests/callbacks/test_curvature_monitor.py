"""What is recorded is what NumPy finds in the Hessian written down, at each epoch."""

import numpy as np
import pytest

from skregnet import MLPClassifier, MLPRegressor, MultiTaskMLP
from skregnet.augmentation import GaussianNoise
from skregnet.callbacks import CurvatureMonitor
from skregnet.curvature import GaussNewtonOperator, hessian
from skregnet.optimizers import SGD
from tests.callbacks.watching import (
    NAMES,
    SETTINGS,
    assert_recorded,
    by_numpy,
    records,
    watch,
)
from tests.cases import ESTIMATORS, problem
from tests.fitting import flat
from tests.multi_task import mixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = ["adam", "sgd", "lbfgs", "newton_cg", "eigen_step", SGD(momentum=0.5)]


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_values(cls, solver):
    data = problem("binary")
    monitor = CurvatureMonitor()
    kept = watch(monitor, data, cls, solver=solver)
    assert set(records(monitor)) == set(kept)
    assert_recorded(monitor, kept, *data)


@pytest.mark.parametrize(("cls", "parameters", "kind"), [c[1:] for c in ESTIMATORS])
def test_kinds_of_targets(cls, parameters, kind):
    data, monitor = problem(kind), CurvatureMonitor(every=4)
    kept = watch(monitor, data, cls, **parameters)
    assert_recorded(monitor, kept, *data)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_several_tasks(solver):
    data, monitor = mixture(), CurvatureMonitor(every=4)
    kept = watch(monitor, data, MultiTaskMLP, solver=solver, head_layer_sizes=(3,))
    assert_recorded(monitor, kept, *data)


def test_learned_weights_of_tasks():
    monitor = CurvatureMonitor()
    watch(monitor, mixture(), MultiTaskMLP, task_weights="uncertainty")
    found = records(monitor)
    np.testing.assert_allclose(found["epoch", 3], found["fit", 0])
    assert found["epoch", 2] != found["fit", 0]


def test_an_epoch_is_a_shorter_fit():
    data, monitor = problem("multiclass"), CurvatureMonitor(every=3)
    watch(monitor, data, max_iter=7)
    found = records(monitor)
    assert set(found) == {("epoch", 2), ("epoch", 5), ("fit", 0)}
    shorter = MLPClassifier(**{**SETTINGS, "max_iter": 6}).fit(*data)
    expected = by_numpy(hessian(shorter, *data))
    np.testing.assert_allclose(found["epoch", 5], expected, rtol=1e-6)


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "lbfgs"},
        {"solver": "newton_cg"},
        {"solver": "eigen_step"},
        {"early_stopping": True, "weight_averaging": "ema"},
        {
            "batch_norm": "before",
            "dropout": 0.3,
            "target_noise": 0.1,
            "augmenter": GaussianNoise(),
        },
    ],
    ids=str,
)
def test_training_goes_on_as_without_it(parameters):
    X, y = problem("multiclass")
    parameters = {**SETTINGS, **parameters}
    plain = MLPClassifier(**parameters).fit(X, y)
    monitor = CurvatureMonitor(max_samples=50, max_parameters=0, n_products=9)
    watched = MLPClassifier(**parameters).set_callbacks(monitor).fit(X, y)
    np.testing.assert_array_equal(flat(plain), flat(watched))
    assert plain.loss_curve_ == watched.loss_curve_
    assert np.isfinite(records(monitor, "trace")).all()


def test_penalties():
    data = problem("multiclass")
    without, monitor = CurvatureMonitor(), CurvatureMonitor(penalties=True)
    kept = watch(monitor, data, alpha=3.0)
    assert_recorded(monitor, kept, *data, penalties=True)
    watch(without, data, alpha=3.0)
    n_weights = sum(coefs.size for coefs in kept["fit", 0].coefs_)
    differences = records(monitor, "trace") - records(without, "trace")
    np.testing.assert_allclose(differences, 3.0 * n_weights / len(data[0]))


def test_gauss_newton():
    X, y = problem("multiclass")
    monitor = CurvatureMonitor(gauss_newton=True)
    for task, mlp in watch(monitor, (X, y)).items():
        matrix = GaussNewtonOperator(mlp, X, y).matmat(np.eye(flat(mlp).size))
        expected = by_numpy(matrix)
        np.testing.assert_allclose(records(monitor)[task][::2], expected[::2])
    assert (records(monitor, "smallest_eigenvalue") > -1e-14).all()


def test_estimates_of_larger_networks():
    data = problem("multiclass", n_rows=300)
    parameters = {"hidden_layer_sizes": (30,), "max_iter": 1}
    exact = CurvatureMonitor(max_parameters=303)
    watch(exact, data, **parameters)
    rough = CurvatureMonitor(max_parameters=302, n_products=9)
    watch(rough, data, **parameters)
    fine = CurvatureMonitor(max_parameters=0, n_products=60)
    watch(fine, data, **parameters)
    errors = [
        np.abs(records(monitor, NAMES[1]) - records(exact, NAMES[1])).max()
        for monitor in (rough, fine)
    ]
    assert 0 < errors[1] < 0.01 * errors[0]
    # Lanczos' method stays within the spectrum.
    assert (records(rough, NAMES[0]) < records(exact, NAMES[0])).all()
    assert (records(rough, NAMES[1]) > records(exact, NAMES[1])).all()
    np.testing.assert_allclose(records(fine, NAMES[0]), records(exact, NAMES[0]))
    assert np.isnan(records(rough, NAMES[3])).all()
    assert np.isfinite(records(exact, NAMES[3])).all()


def test_estimates_of_the_trace():
    data, errors = problem("multiclass"), []
    parameters = {"hidden_layer_sizes": (12,), "max_iter": 1}
    exact = CurvatureMonitor()
    watch(exact, data, **parameters)
    for n_products in (6, 90, 123):
        found = []
        for seed in range(20):
            monitor = CurvatureMonitor(
                max_parameters=0, n_products=n_products, random_state=seed
            )
            watch(monitor, data, **parameters)
            found.append(records(monitor, "trace")[0])
        errors.append(np.std(found))
        expected = records(exact, "trace")[0]
        assert abs(np.mean(found) - expected) <= 3 * errors[-1] / np.sqrt(20) + 1e-9
    assert errors[2] < 1e-9 < errors[1] < 0.3 * errors[0]


def test_seed_of_vectors():
    data, traces = problem("multiclass"), []
    for seed in (0, 0, 1):
        monitor = CurvatureMonitor(max_parameters=0, n_products=6, random_state=seed)
        watch(monitor, data)
        traces.append(records(monitor, "trace"))
    np.testing.assert_array_equal(traces[0], traces[1])
    assert (traces[0] != traces[2]).all()


def traces_of_samples(data, sample_weight=None, **options):
    """Return traces of one network on many samples of 10 rows, and on all rows."""
    mlp = MLPRegressor(**{**SETTINGS, "max_iter": 1, "warm_start": True})
    found = []
    for seed in range(150):
        monitor = CurvatureMonitor(
            every=9, max_samples=10, random_state=seed, **options
        )
        mlp.set_params(learning_rate_init=1e-300).set_callbacks(monitor)
        mlp.fit(*data, sample_weight)
        found.append(records(monitor, "trace")[0])
    return np.array(found), np.trace(hessian(mlp, *data, sample_weight, **options))


@pytest.mark.parametrize("is_weighted", [False, True])
def test_samples_are_without_bias(is_weighted):
    data = problem("real")
    weights = np.repeat([0.0, 1.0, 3.0], 40) if is_weighted else None
    found, expected = traces_of_samples(data, weights)
    error = found.std() / np.sqrt(len(found))
    assert len(np.unique(found)) > 100
    assert abs(found.mean() - expected) < 3 * error < 0.1 * expected


def test_samples_are_the_same_in_all_epochs():
    data = problem("multiclass")
    monitor = CurvatureMonitor(max_samples=10)
    watch(monitor, data, learning_rate_init=1e-300)
    assert len(np.unique(records(monitor, "trace"))) == 1
    everything = CurvatureMonitor(max_samples=None)
    watch(everything, data, learning_rate_init=1e-300)
    enough = CurvatureMonitor(max_samples=120)
    watch(enough, data, learning_rate_init=1e-300)
    assert records(everything) == records(enough)
    assert records(monitor) != records(enough)


@pytest.mark.parametrize("max_samples", [40, 60])
def test_samples_without_repetition_of_rows_that_count(max_samples):
    data, monitor = problem("multiclass"), CurvatureMonitor(max_samples=max_samples)
    weights = np.tile([0.0, 1.0, 0.0], 40)
    kept = watch(monitor, data, sample_weight=weights)
    assert_recorded(monitor, kept, *data, weights)


@pytest.mark.parametrize("weights", [None, np.repeat([0.0, 1.0, 3.0], 40)])
def test_penalties_count_in_samples_as_on_all_rows(weights):
    data, traces = problem("multiclass"), []
    for penalties in (False, True):
        monitor = CurvatureMonitor(max_samples=10, penalties=penalties)
        kept = watch(monitor, data, sample_weight=weights, alpha=3.0)
        traces.append(records(monitor, "trace"))
    n_weights = sum(coefs.size for coefs in kept["fit", 0].coefs_)
    expected = 3.0 * n_weights / (120 if weights is None else weights.sum())
    np.testing.assert_allclose(traces[1] - traces[0], expected)


@pytest.mark.parametrize("dtype", [int, float])
def test_sample_weight(dtype):
    X, y = problem("binary")
    weights = np.repeat([0, 1, 2], 40).astype(dtype)
    monitor = CurvatureMonitor()
    kept = watch(monitor, (X, y), sample_weight=weights)
    assert_recorded(
        monitor,
        kept,
        np.repeat(X, weights.astype(int), axis=0),
        y.repeat(weights.astype(int)),
    )


def test_other_data():
    X, y = problem("multiclass", n_rows=40, seed=7)
    weights = np.arange(40.0)
    monitor = CurvatureMonitor(X=X, y=y, sample_weight=weights)
    kept = watch(monitor, problem("multiclass"))
    assert_recorded(monitor, kept, X, y, weights)
    unweighted = CurvatureMonitor(X=X, y=y)
    kept = watch(unweighted, problem("multiclass"), sample_weight=np.arange(120.0))
    assert_recorded(unweighted, kept, X, y)


@pytest.mark.parametrize("max_parameters", [0, 1000])
def test_a_divergence_is_told_by_training(max_parameters):
    X, y = problem("real")
    monitor = CurvatureMonitor(max_parameters=max_parameters)
    parameters = {"solver": "sgd", "activation": "identity", "max_iter": 50}
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        watch(monitor, (X, y), MLPRegressor, learning_rate_init=1e8, **parameters)
    assert np.isnan(records(monitor, "condition_number")).any() == (max_parameters == 0)


@pytest.mark.parametrize("max_parameters", [0, 1000])
def test_numbers_too_large_for_float64_are_recorded_as_nan(max_parameters):
    X, y = problem("real")
    monitor = CurvatureMonitor(X=1e200 * X, y=y, max_parameters=max_parameters)
    watch(monitor, (X, y), MLPRegressor)
    assert np.isnan(list(records(monitor).values())).all()
