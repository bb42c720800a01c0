"""One description for a stack of members whose hyperparameters may differ.

Descriptions (networks, layers, penalties, optimizers) are dataclasses, nested in any
way. Their floats are hyperparameters, in which members of a stack may differ; all else,
sizes, names and flags, is architecture, in which they agree.
"""

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from skregnet._kernels import Array, member_rates


def architecture(description: Any) -> Any:
    """Return what descriptions must have in common to be stacked, as a hashable."""
    if isinstance(description, float):
        return float
    if isinstance(description, tuple):
        return tuple(architecture(part) for part in description)
    if _is_dataclass(description):
        fields = dataclasses.fields(description)
        parts = [architecture(getattr(description, field.name)) for field in fields]
        return (type(description), *parts)
    return description if isinstance(description, Hashable) else id(description)


def stack_members(descriptions: Sequence[Any]) -> Any:
    """Return a description that treats each member by its own hyperparameters.

    A hyperparameter that all share stays a number, another becomes a float64 array of
    shape (n_members, 1).

    Parameters
    ----------
    descriptions : sequence
        Descriptions of one architecture.
    """
    first = descriptions[0]
    if isinstance(first, float):
        return member_rates(descriptions)
    if isinstance(first, tuple):
        parts = zip(*descriptions, strict=True)
        return tuple(stack_members(values) for values in parts)
    if _is_dataclass(first):
        stacked = {
            field.name: stack_members([getattr(d, field.name) for d in descriptions])
            for field in dataclasses.fields(first)
        }
        return dataclasses.replace(first, **stacked)
    return first


def select_members(value: Any, keep: Array, n_members: int) -> Any:
    """Return a description or a state with only the members of the index array `keep`.

    Arrays whose first axis has length `n_members` are cut to these members.
    """
    if isinstance(value, np.ndarray) and value.ndim and len(value) == n_members:
        return value[keep]
    if isinstance(value, tuple):
        return tuple(select_members(part, keep, n_members) for part in value)
    if isinstance(value, dict):
        return {k: select_members(v, keep, n_members) for k, v in value.items()}
    if _is_dataclass(value):
        changes = {
            field.name: select_members(getattr(value, field.name), keep, n_members)
            for field in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **changes)
    return value


def join_members(values: Sequence[Any]) -> Any:
    """Return the state of a stack, from those of stacks of one member each.

    What is the same number for all stays a number. The inverse of `select_members`.
    """
    first = values[0]
    if isinstance(first, dict):
        return {name: join_members([v[name] for v in values]) for name in first}
    if isinstance(first, tuple):
        return tuple(join_members(parts) for parts in zip(*values, strict=True))
    if all(isinstance(value, np.ndarray) and value.ndim for value in values):
        return np.concatenate(values)
    if all(np.ndim(value) == 0 and value == first for value in values):
        return first
    # In some stacks it was a number, in others an array.
    return np.concatenate([np.reshape(value, (1, 1)) for value in values])


def _is_dataclass(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)
