"""When progress has ended."""

import math

import pytest

from skregnet._training import Plateau


def feed(plateau, scores):
    """Return, for each score, whether it was the best and whether that was the end."""
    return [(plateau.update(score), plateau.reached) for score in scores]


def test_reached_after_more_than_patience_epochs_without_improvement():
    plateau = Plateau(tol=0.1, patience=2)
    told = feed(plateau, [1.0, 1.05, 1.05, 1.0])
    assert told == [(True, False), (True, False), (False, False), (False, True)]
    assert plateau.best == 1.05


def test_improvement_starts_the_count_anew():
    plateau = Plateau(tol=0.1, patience=1)
    feed(plateau, [1.0, 1.0])
    assert plateau.n_without == 1
    feed(plateau, [1.5])
    assert plateau.n_without == 0
    assert not plateau.reached


def test_small_steps_up_are_best_but_no_progress():
    plateau = Plateau(tol=0.1, patience=3)
    told = feed(plateau, [1.0, 1.09, 1.18, 1.27, 1.36])
    assert [is_best for is_best, _ in told] == [True] * 5
    assert [is_over for _, is_over in told] == [False] * 4 + [True]


def test_rise_of_exactly_tol_is_progress():
    plateau = Plateau(tol=0.5, patience=1)
    feed(plateau, [1.0, 1.5])
    assert plateau.n_without == 0


def test_epochs_between_checks_count():
    plateau = Plateau(tol=0.0, patience=10)
    plateau.update(1.0)
    plateau.update(0.5, 7)
    assert plateau.n_without == 7
    plateau.update(0.5, 4)
    assert plateau.reached


def test_infinite_patience():
    plateau = Plateau(tol=0.0, patience=math.inf)
    feed(plateau, [1.0] + [0.0] * 50)
    assert not plateau.reached


def test_not_a_number_is_never_the_best():
    plateau = Plateau(tol=0.0, patience=1)
    assert not plateau.update(math.nan)
    assert plateau.best == -math.inf
    assert plateau.update(-5.0)


@pytest.mark.parametrize("patience", [1, 3, 10])
def test_constant_scores(patience):
    plateau = Plateau(tol=1e-4, patience=patience)
    told = feed(plateau, [1.0] * (patience + 2))
    assert [is_over for _, is_over in told] == [False] * (patience + 1) + [True]
