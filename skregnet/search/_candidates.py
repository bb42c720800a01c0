"""What a search tries: all of a grid, or a sample."""

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.model_selection import ParameterGrid, ParameterSampler


def draw_candidates(
    distributions: Any, n_candidates: int | None, random_state: Any
) -> list[dict[str, Any]]:
    """Return the parameters of all candidates.

    Parameters
    ----------
    distributions : dict or list of dicts
        Lists of values, or distributions, by the names of parameters.
    n_candidates : int or None
        How many to draw; None for all of a grid.
    random_state : int, RandomState instance or None
        Source of the draw.
    """
    if n_candidates is not None:
        return list(
            ParameterSampler(distributions, n_candidates, random_state=random_state)
        )
    continuous = [
        f"{name}={value!r}"
        for space in _spaces(distributions)
        for name, value in space.items()
        if hasattr(value, "rvs")
    ]
    if continuous:
        raise ValueError(
            "n_candidates=None stands for all candidates of a grid, which takes lists "
            f"of values, got the distribution {continuous[0]}; set n_candidates to a "
            "number."
        )
    return list(ParameterGrid(distributions))


def _spaces(distributions: Any) -> Sequence[Mapping[str, Any]]:
    """Return the spaces that a search is a union of."""
    return (
        [distributions] if isinstance(distributions, Mapping) else list(distributions)
    )
