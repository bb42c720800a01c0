"""Learning-rate schedules, by their formulas."""

import math

import numpy as np
import pytest

from skregnet.optimizers._schedules import (
    SHAPES,
    Adaptive,
    Constant,
    Gradual,
    InverseScaling,
    cosine,
    coslog4,
    one_cycle,
    shape_of,
)
from tests import references
from tests.fitting import fit

SCHEDULES = [Constant(0.3), InverseScaling(0.3, 0.7), Adaptive(0.3)]


def rates_over_epochs(schedule, n_epochs, n_rows):
    """Return the rate of each epoch as training asks for it."""
    rates = [schedule.initial]
    for epoch in range(1, n_epochs):
        rates.append(schedule.after_epoch(rates[-1], epoch * n_rows))
    return rates


@pytest.mark.parametrize("schedule", [Constant(0.3), Adaptive(0.3)], ids=repr)
def test_progress_changes_nothing(schedule):
    assert rates_over_epochs(schedule, 5, 120) == [0.3] * 5


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.5])
def test_inverse_scaling(power):
    found = rates_over_epochs(InverseScaling(0.3, power), 5, 120)
    expected = [0.3 / (epoch * 120 + 1) ** power for epoch in range(5)]
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("power", [1e3, 1e308, 10**400])
@pytest.mark.parametrize("n_rows", [1, 10**6, 10**400])
def test_inverse_scaling_beyond_the_floats_is_zero(power, n_rows):
    assert InverseScaling(0.3, power).after_epoch(0.3, n_rows * 10**3) == 0.0


def test_inverse_scaling_by_powers_that_round_to_nothing():
    assert InverseScaling(0.3, 1e-320).after_epoch(0.3, 10**6) == 0.3


@pytest.mark.parametrize(
    "shape", [lambda t: 1 / (t - t), lambda t: 10**400, lambda t: math.exp(1e4)]
)
def test_shapes_beyond_the_floats_are_refused(shape):
    with pytest.raises(ValueError, match="learning_rate expects a function of one"):
        Gradual(0.3, shape).at(0.5)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["sgd", "adam", "delta_bar_delta", "eigen_step"])
@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": "invscaling", "power_t": 1e3, "max_iter": 5},
        {"learning_rate": "coslog4", "max_iter": 5},  # starts at 0
        {"learning_rate": "adaptive", "learning_rate_init": 5e-324, "max_iter": 5},
        {"learning_rate": "cosine", "max_iter": 10**300, "tol": 10.0},
        {"weight_averaging": "swa", "max_iter": 10**300, "tol": 10.0},
    ],
)
def test_fits_at_the_ends(solver, settings):
    if solver == "eigen_step" and "weight_averaging" in settings:
        pytest.skip("refused")
    mlp = fit("real", solver=solver, n_iter_no_change=2, **settings)
    assert np.isfinite(mlp.loss_curve_).all()
    assert mlp.n_iter_ < 100


@pytest.mark.parametrize("schedule", SCHEDULES[:2], ids=repr)
def test_plateau_stops(schedule):
    assert schedule.on_plateau(0.1) is None


def test_adaptive_divides_by_five_until_it_is_small():
    schedule, rates = Adaptive(0.1), [0.1]
    while (rate := schedule.on_plateau(rates[-1])) is not None:
        rates.append(rate)
    assert rates == pytest.approx([0.1 / 5**k for k in range(len(rates))])
    assert rates[-1] <= schedule.smallest < rates[-2]
    assert schedule.on_plateau(schedule.smallest) is None


# Progress and factor.
POINTS = {
    "cosine": [(0, 1), (1 / 3, 0.75), (0.5, 0.5), (2 / 3, 0.25), (1, 0)],
    "one_cycle": [(0, 0.04), (0.15, 0.52), (0.3, 1), (0.65, 0.500002), (1, 4e-6)],
    # Cycles end at (2**k - 1) / 15 and have their tops in the middle of the logarithm.
    "coslog4": [
        *[((2.0**k - 1) / 15, 0) for k in range(5)],
        *[((2.0**k - 1) / 15, 1) for k in (0.5, 1.5, 2.5, 3.5)],
        *[((2.0**k - 1) / 15, 0.5) for k in (0.25, 0.75, 3.25, 3.75)],
    ],
    "warmup": [(0, 0.01), (0.05, 0.505), (0.1, 1), (0.5, 1), (1, 1)],
}


@pytest.mark.parametrize("name", POINTS)
def test_factors_at_known_points(name):
    progress, expected = zip(*POINTS[name], strict=True)
    found = [SHAPES[name](share) for share in progress]
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", POINTS)
def test_factors_by_other_formulas(name):
    for progress in np.linspace(0, 1, 301):
        expected = references.SHAPES[name](progress)
        assert SHAPES[name](progress) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("cosine", 0, 1),
        ("one_cycle", 4e-6, 1),
        ("coslog4", 0, 1),
        ("warmup", 0.01, 1),
    ],
)
def test_ranges_of_factors(name, lowest, highest):
    factors = np.array([SHAPES[name](progress) for progress in np.linspace(0, 1, 3001)])
    assert factors.min() == pytest.approx(lowest, abs=1e-15)
    assert factors.min() >= 0
    assert factors.max() == pytest.approx(highest, abs=1e-6)
    assert factors.max() <= 1
    # No jumps.
    assert abs(np.diff(factors)).max() < 0.02


@pytest.mark.parametrize(
    ("shape", "turns"),
    [(cosine, ""), (one_cycle, "+"), (coslog4, "+-+-+-+")],
    ids=["cosine", "one_cycle", "coslog4"],
)
def test_rises_and_falls(shape, turns):
    factors = [shape(progress) for progress in np.linspace(0, 1, 2001)]
    signs = np.sign(np.diff(factors))
    signs = signs[signs != 0]
    changes = signs[np.flatnonzero(np.diff(signs))]
    assert "".join("+" if sign > 0 else "-" for sign in changes) == turns
    assert signs[-1] < 0


def test_all_shapes_are_tested():
    assert set(POINTS) == set(SHAPES) == set(references.SHAPES)


@pytest.mark.parametrize("name", POINTS)
def test_names_of_shapes(name):
    assert shape_of(name) is SHAPES[name]
    assert SHAPES[name].__name__ == name


def test_functions_are_shapes():
    assert shape_of(abs) is abs


@pytest.mark.parametrize("shape", [*SHAPES.values(), np.float32])
def test_gradual(shape):
    gradual = Gradual(0.3, shape)
    for progress in (0.0, 0.2, 0.5, 1.0):
        assert gradual.at(progress) == pytest.approx(0.3 * shape(progress))
        assert type(gradual.at(progress)) is float
    assert gradual.initial == gradual.at(0.0)
    assert gradual.after_epoch(0.123, 500) == 0.123
    assert gradual.on_plateau(0.1) is None
    assert gradual.why_stop == ""
