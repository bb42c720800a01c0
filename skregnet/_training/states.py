"""States of training: how they begin, and checks of those that come back.

Between two calls a state has been an attribute, a pickle or a file, and may have been
changed. The state that training itself would begin with tells what it must be like:
vectors have the shape and the dtype of the parameters. Of the optimizers of this
package all else is checked too; those of users may keep whatever they like.
"""

import copy
from numbers import Integral, Real
from typing import Any

import numpy as np

from skregnet._kernels import Array, check_positions
from skregnet._training.recipe import Recipe
from skregnet.optimizers import State, Wrapper

# Whole numbers up to here are exact as floats.
_MOST = 2**53

# Sums of squares, and what else of the optimizers' states is not negative. Squares may
# overflow: the steps of a parameter end then, and training goes on.
_SQUARES = ("second", "squares", "largest")
_NOT_NEGATIVE = (*_SQUARES, "gains", "reach")

# Factors beyond these would be divided by zero, or overflow.
_SMALLEST, _LARGEST = 1e-100, 1e100


def initial_state(recipe: Recipe, parameters: Array) -> State:
    """Return the state of optimizer and average before the first step.

    Parameters
    ----------
    recipe : Recipe
        How the members are trained.
    parameters : ndarray of shape (n_members, n_parameters)
        Where they start.
    """
    state: State = {"optimizer": recipe.optimizer.init(parameters)}
    # Weights decay only, whatever optimizer within another decays them.
    _set_within(state, "n_decayed", recipe.network.layout.n_weights)
    if recipe.averaging is not None:
        state["averaging"] = recipe.averaging.init(parameters)
    return state


def check_state(state: Any, recipe: Recipe, vector: Array, n_epochs: int = 0) -> None:
    """Refuse a state that training cannot go on from.

    Parameters
    ----------
    state : object
        What should be the state of one member.
    recipe : Recipe
        How it is trained.
    vector : ndarray of shape (n_parameters,)
        Its parameters.
    n_epochs : int, default=0
        Epochs that training has had since it began, each of one step at least.

    Raises
    ------
    ValueError
        That names the first entry that does not fit.
    """
    vectors = np.zeros((1, len(vector)), vector.dtype)
    fresh = initial_state(recipe, vectors)
    _set_within(fresh, "n_steps", n_epochs)
    if not isinstance(state, dict) or state.keys() != fresh.keys():
        raise ValueError(f"state expects a dict with the entries {list(fresh)}")
    _check_of_optimizer(
        state["optimizer"],
        fresh["optimizer"],
        recipe.optimizer,
        vectors,
        "state.optimizer",
    )
    if recipe.averaging is not None:
        name = "state.averaging"
        _check_entries(state["averaging"], fresh["averaging"], vectors, name)


def is_sound(vector: Array, state: State) -> bool:
    """Return whether parameters and a state are numbers that training can go on from.

    Parameters
    ----------
    vector : ndarray
        The parameters.
    state : dict
        The state.
    """
    if not np.isfinite(vector).all():
        return False
    for key, value in state.items():
        if isinstance(value, dict) and not is_sound(vector[:0], value):
            return False
        is_float = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        if is_float and not _are_numbers(value, key in _SQUARES):
            return False
    return True


def _are_numbers(values: Array, may_be_infinite: bool) -> bool:
    """Return whether there is no NaN, and infinity only where it may be."""
    good = ~np.isnan(values) if may_be_infinite else np.isfinite(values)
    return bool(good.all())


def _set_within(state: State, key: str, value: int) -> None:
    """Set an entry of a state, and of all states within, where it is."""
    if key in state:
        state[key] = value
    for inner in state.values():
        if isinstance(inner, dict):
            _set_within(inner, key, value)


def _check_of_optimizer(
    state: Any, fresh: State, optimizer: Any, vectors: Array, name: str
) -> None:
    """Check the state of an optimizer, and of the optimizer within it."""
    if isinstance(optimizer, Wrapper):
        fresh = dict(fresh)
        inner = fresh.pop("inner", {})
        _check_entries(state, {"inner": inner}, None, name)
        within = optimizer.optimizer
        _check_of_optimizer(state["inner"], inner, within, vectors, f"{name}.inner")
        state = {key: value for key, value in state.items() if key != "inner"}
    if type(optimizer).__module__.startswith("skregnet."):
        _check_entries(state, fresh, vectors, name)
        return
    _check_entries(state, fresh, None, name)
    for key, value in fresh.items():
        if isinstance(value, np.ndarray) and value.shape == vectors.shape:
            check_array(state[key], value, f"{name}.{key}", may_be_infinite=True)


def _check_entries(state: Any, fresh: State, vectors: Array | None, name: str) -> None:
    """Check that entries are there, and with `vectors` what they are.

    An entry more than there are at the start is a vector: members of a stack have those
    that any of them needs.
    """
    if not isinstance(state, dict):
        raise ValueError(f"{name} expects a dict, got {type(state).__name__}")
    for key in fresh:
        if key not in state:
            raise ValueError(f"{name} expects an entry {key!r}, which is missing")
    if vectors is not None:
        for key, value in state.items():
            _check_entry(value, fresh.get(key, vectors), f"{name}.{key}")


def _check_entry(value: Any, fresh: Any, name: str) -> None:
    """Check an entry against that of the start."""
    key = name.rpartition(".")[2]
    if isinstance(fresh, np.ndarray):
        check_array(value, fresh, name, may_be_infinite=key in _SQUARES)
        if fresh.shape == (1, 1) and not value >= 0:
            raise ValueError(f"{name} expects a count, got {value!r}")
    elif isinstance(fresh, int):
        check_count(value, name, least=fresh)
    else:
        check_number(value, name)
        # Those that begin at 1 are factors of decay.
        low, high = (_SMALLEST, 1.0) if fresh else (-_LARGEST, _LARGEST)
        if not low <= float(np.squeeze(value)) <= high:
            raise ValueError(f"{name} is out of its range, got {value!r}")
    if key in _NOT_NEGATIVE and np.any(np.asarray(value) < 0):
        raise ValueError(f"{name} expects numbers that are not negative")


def check_array(
    value: Any, fresh: Array, name: str, may_be_infinite: bool = False
) -> None:
    """Refuse all but an array of numbers, of the shape and the dtype of another.

    Raises
    ------
    ValueError
        That names it.
    """
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        raise ValueError(f"{name} expects an array, got {type(value).__name__}")
    if value.shape != fresh.shape or value.dtype != fresh.dtype:
        raise ValueError(
            f"{name} expects shape {fresh.shape} and dtype {fresh.dtype}, got "
            f"{value.shape} and {value.dtype}"
        )
    if value.dtype.kind == "f" and not _are_numbers(value, may_be_infinite):
        raise ValueError(f"{name} expects numbers, got NaN or infinity")


def check_count(value: Any, name: str, most: int = _MOST, least: int = 0) -> None:
    """Refuse all but a whole number from `least` on.

    Raises
    ------
    ValueError
        That names it.
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_whole or not least <= value <= most:
        raise ValueError(
            f"{name} expects a whole number from {least} to {most}, got {value}"
        )


def check_number(value: Any, name: str) -> None:
    """Refuse all but a finite number; one of a stack is an array of shape (1, 1).

    Raises
    ------
    ValueError
        That names it.
    """
    number = value
    if isinstance(value, np.ndarray) and value.shape in ((), (1, 1)):
        number = value.item()
    if not isinstance(number, Real) or isinstance(number, bool):
        raise ValueError(f"{name} expects a number, got {type(value).__name__}")
    if not -_LARGEST <= number <= _LARGEST:  # type: ignore[operator]
        raise ValueError(f"{name} expects a finite number, got {value!r}")


def check_source(state: Any, source: Any, name: str) -> None:
    """Refuse a state that a source of random numbers cannot be in.

    NumPy takes positions beyond the ends of arrays, and reads there.

    Parameters
    ----------
    state : object
        What should be its state.
    source : BitGenerator or RandomState
        The source, which stays as it is.
    name : str
        What the state is called.

    Raises
    ------
    ValueError
        That names it.
    """
    trial = copy.deepcopy(source)
    if isinstance(trial, np.random.RandomState):
        fresh: Any = trial.get_state(legacy=False)
    else:
        fresh = trial.state
    _check_like(state, fresh, name)
    check_positions(state, name)
    try:
        if isinstance(trial, np.random.RandomState):
            trial.set_state(state)
        else:
            trial.state = state
    except (OverflowError, TypeError) as error:
        raise ValueError(f"{name} is not a state of random numbers: {error}") from error


def _check_like(state: Any, fresh: Any, name: str) -> None:
    """Check the state of a bit generator against another of its kind."""
    if isinstance(fresh, dict):
        _check_dict_like(state, fresh, name)
    elif isinstance(fresh, np.ndarray):
        check_array(state, fresh, name)
    elif isinstance(fresh, int):
        check_count(state, name, 2**128)
    elif isinstance(fresh, float):
        check_number(state, name)
    elif state != fresh:
        raise ValueError(f"{name} expects {fresh!r}, got {state!r}")


def _check_dict_like(state: Any, fresh: State, name: str) -> None:
    """Check entries against those of another."""
    if not isinstance(state, dict) or state.keys() != fresh.keys():
        raise ValueError(f"{name} expects a dict with the entries {list(fresh)}")
    for key, value in fresh.items():
        _check_like(state[key], value, f"{name}.{key}")
