"""Learning-rate schedules, by their formulas."""

import pytest

from skregnet.schedules import Adaptive, Constant, InverseScaling

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
