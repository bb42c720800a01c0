"""What a call of `partial_fit` leaves for the next one, and takes up from the last.

In between it is an attribute of the estimator, which pickles, files and users may have
changed. What fits the network as it is now is gone on from; all else begins afresh.
"""

import zlib
from numbers import Integral
from typing import Any

import numpy as np

from skregnet._fitting.fitted import plain_layers
from skregnet._fitting.solvers import solver_name
from skregnet._training import (
    Member,
    Outcome,
    check_array,
    check_number,
    check_source,
    check_state,
)


def training_state(estimator: Any, member: Member) -> dict[str, Any]:
    """Return what a warm start or a later `partial_fit` goes on from.

    Parameters
    ----------
    estimator : estimator
        The estimator, its weights set.
    member : Member
        The network that has been trained.
    """
    has_diverged = member.outcome is Outcome.DIVERGED
    is_averaged = member.recipe.averaging is not None
    return {
        "kind": _kind(estimator, member),
        "learning_rate": member.learning_rate,
        "state": None if has_diverged else member.state,
        "noise": None if member.rng is None else member.rng.bit_generator.state,
        "best": member.best if member.is_continued else None,
        "is_continued": member.is_continued,
        "weights": _fingerprint(estimator) if is_averaged else None,
    }


def go_on(estimator: Any, member: Member) -> None:
    """Let a member go on from what the last call has left, as far as it fits."""
    known = vars(estimator).get("_training_state")
    kind = known.get("kind") if isinstance(known, dict) else None
    if not isinstance(kind, str) or kind != _kind(estimator, member):
        return
    if _fits(check_number, known.get("learning_rate"), "learning_rate"):
        member.learning_rate = known["learning_rate"]
    best = known.get("best")
    if member.validates and _fits(check_array, best, member.vector, "best"):
        member.best = best
    if isinstance(known.get("state"), dict):
        _take_up(estimator, member, known)


def _take_up(estimator: Any, member: Member, known: dict[str, Any]) -> None:
    """Go on from a state of the optimizer, and from the weights behind an average."""
    state = dict(known["state"])
    noise: Any = known.get("noise")
    vector: Any = state.pop("vector", None)
    if not _fits(check_state, state, member.recipe, member.vector):
        return
    if member.recipe.averaging is not None:
        # The average is what users see: once they have edited it, it begins anew.
        fingerprint = known.get("weights")
        is_same = isinstance(fingerprint, str) and fingerprint == _fingerprint(
            estimator
        )
        if not is_same or not _fits(check_array, vector, member.vector, "vector"):
            return
        member.vector = vector.copy()
    member.state = state
    if member.rng is not None:
        source = member.rng.bit_generator
        if _fits(check_source, noise, source, "noise"):
            source.state = noise


def _kind(estimator: Any, member: Member) -> str:
    """Return what must stay as it is for a later call to go on from an earlier one."""
    parts = (
        solver_name(estimator),
        estimator.batch_norm,
        estimator.weight_averaging,
        member.recipe.network.layout.layer_shapes,
        member.vector.dtype.name,
    )
    return repr(parts)


def _fingerprint(estimator: Any) -> str:
    """Return a checksum of the weights, by which edited ones are told."""
    checksum = 0
    coefs, intercepts, _ = plain_layers(estimator)
    for array in (*coefs, *intercepts):
        checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
    return f"{checksum:08x}"


def _fits(check: Any, *arguments: Any) -> bool:
    """Tell whether a check passes."""
    try:
        check(*arguments)
    except ValueError:
        return False
    return True


def count_of(estimator: Any, name: str) -> int:
    """Return a fitted attribute that counts, 0 where there is none.

    Raises
    ------
    ValueError
        If it is not a whole number from 0 on.
    """
    value = vars(estimator).get(name, 0)
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
        raise ValueError(
            f"{name} expects a whole number from 0 on, got {name}={value!r}; call fit "
            "to start anew."
        )
    return int(value)


def number_of(estimator: Any, name: str) -> Any:
    """Return a fitted attribute that is a number, None where there is none.

    Raises
    ------
    ValueError
        If it is something else.
    """
    value = vars(estimator).get(name)
    is_number = isinstance(value, float | np.floating) or (
        isinstance(value, int) and abs(value) < 2**53
    )
    if value is not None and not is_number:
        raise ValueError(
            f"{name} expects a number, got {name}={value!r}; call fit to start anew."
        )
    return value


def curve_of(estimator: Any, name: str) -> list[float]:
    """Return a copy of a fitted curve, an empty one where there is none.

    Raises
    ------
    ValueError
        If it is not a list.
    """
    value = vars(estimator).get(name)
    if value is not None and not isinstance(value, list):
        raise ValueError(
            f"{name} expects a list with a number for each epoch, got "
            f"{type(value).__name__}; call fit to start anew."
        )
    return list(value or ())
