"""Augmenters fitted with hostile input, and asked to change hostile rows."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cases import AUGMENTERS
from tests.reliability import strategies
from tests.reliability.trials import (
    COUNTS,
    REFUSED,
    assert_answers,
    assert_harmless,
    attempt,
    fingerprint,
    is_finite,
    parameter_names,
)

ROWS = np.random.RandomState(0).normal(size=(12, 3))
# One of each class.
EXAMPLES = {type(augmenter).__name__: augmenter for augmenter in AUGMENTERS}
EVERY = pytest.mark.parametrize("name", EXAMPLES)
VECTORS = ("real", "several reals", "indicators", "binary", "counts", "none")


def fitted(name):
    """Return a fitted augmenter."""
    return copy.deepcopy(EXAMPLES[name]).fit(ROWS)


def fit(augmenter, X, y):
    """Fit an augmenter."""
    return augmenter.fit(X, y)


@EVERY
@strategies.trials(quick=40, long=3000)
@given(data=st.data())
def test_any_call(name, data):
    augmenter = fitted(name)
    cls, former = type(augmenter), augmenter.get_params(deep=False)
    changed = data.draw(strategies.parameters(cls), "parameters")
    X, n_rows = data.draw(strategies.features(), "X")
    y = data.draw(strategies.targets(n_rows, VECTORS), "y")
    strategies.set_parameters(augmenter, changed)
    kind = f"{name}.fit"
    if assert_harmless(kind, augmenter, fit, {"X": X, "y": y}, (ROWS, former)):
        assert_answers(f"{name}.transform", augmenter, X)


@EVERY
@strategies.trials(quick=40, long=3000)
@given(data=st.data())
def test_any_rows_to_change(name, data):
    augmenter = copy.deepcopy(EXAMPLES[name])
    cls = type(augmenter)
    changed = data.draw(strategies.parameters(cls), "parameters")
    X, _ = data.draw(strategies.features(), "X")
    strategies.set_parameters(augmenter, changed)
    before = fingerprint(X)
    names = parameter_names(augmenter)
    found = attempt(lambda: augmenter.fit_transform(X), names)
    assert fingerprint(X) == before, "what was passed has changed"
    COUNTS[f"{name}.fit_transform", "refused" if found is REFUSED else "changed"] += 1
    assert found is REFUSED or is_finite(found), "not finite"
