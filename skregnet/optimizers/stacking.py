"""One optimizer for a stack of members whose hyperparameters may differ."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from skregnet.kernels import Array, member_rates


def stack_optimizers(optimizers: Sequence[Any]) -> Any:
    """Return an optimizer that steps each member by its own hyperparameters.

    The optimizers are dataclasses of one type. A hyperparameter that all share stays a
    number, another becomes a float64 array of shape (n_members, 1); flags must be
    shared.
    """
    first = optimizers[0]
    stacked = {}
    for field in dataclasses.fields(first):
        values = [getattr(optimizer, field.name) for optimizer in optimizers]
        if any(value != values[0] for value in values):
            stacked[field.name] = member_rates(values)
    return dataclasses.replace(first, **stacked)


def select_members(value: Any, keep: Array, n_members: int) -> Any:
    """Return an optimizer or a state with only the members of the index array `keep`.

    Arrays whose first axis has length `n_members` are cut to these members.
    """
    if isinstance(value, np.ndarray) and value.ndim and len(value) == n_members:
        return value[keep]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: select_members(getattr(value, field.name), keep, n_members)
            for field in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **changes)
    if isinstance(value, dict):
        return {k: select_members(v, keep, n_members) for k, v in value.items()}
    return value
