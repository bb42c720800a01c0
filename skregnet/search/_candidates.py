"""What a search tries: all of a grid, or a sample, at once or batch by batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sklearn.model_selection import ParameterGrid, ParameterSampler

Parameters = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a source of candidates learns about one of them.

    Parameters
    ----------
    score : float
        Mean over the folds, the greater the better; NaN where it failed.
    n_epochs : int
        Epochs that it was given.
    is_complete : bool
        Whether it was trained to its end.
    """

    score: float
    n_epochs: int
    is_complete: bool


class Source(Protocol):
    """Where candidates come from, batch by batch.

    `n_candidates` of them come in all, at most, `batch_size` in the largest batch;
    `learns` tells whether it wants to know their results.
    """

    n_candidates: int
    batch_size: int
    learns: bool

    def ask(self) -> list[Parameters]:
        """Return the parameters of the next batch; none after the last."""
        ...

    def tell(self, results: Sequence[Result]) -> None:
        """Learn what came of the last batch, in its order."""
        ...

    def close(self) -> None:
        """Give up what was asked for, and not told."""
        ...


class FixedCandidates:
    """Candidates that are known beforehand: one batch.

    Parameters
    ----------
    candidates : list of dict
        Their parameters.
    """

    learns = False

    def __init__(self, candidates: list[Parameters]) -> None:
        self.n_candidates = self.batch_size = len(candidates)
        self._left = candidates

    def ask(self) -> list[Parameters]:
        """Return all, then none."""
        batch, self._left = self._left, []
        return batch

    def tell(self, results: Sequence[Result]) -> None:
        """Learn nothing."""

    def close(self) -> None:
        """Leave nothing behind."""


def draw_candidates(
    distributions: Any, n_candidates: int | None, random_state: Any
) -> list[Parameters]:
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
    for space in spaces_of(distributions):
        for name, value in space.items():
            if hasattr(value, "to_internal_repr"):
                raise ValueError(
                    "Optuna's distributions are for Optuna's samplers, got "
                    f"{name}={value!r} and sampler=None; set sampler='tpe', or take a "
                    "list or a distribution of scipy.stats."
                )
            if n_candidates is None and hasattr(value, "rvs"):
                raise ValueError(
                    "n_candidates=None stands for all candidates of a grid, which "
                    f"takes lists of values, got the distribution {name}={value!r}; "
                    "set n_candidates to a number."
                )
    if n_candidates is None:
        return list(ParameterGrid(distributions))
    return list(
        ParameterSampler(distributions, n_candidates, random_state=random_state)
    )


def spaces_of(distributions: Any) -> Sequence[Mapping[str, Any]]:
    """Return the spaces that a search is a union of."""
    return (
        [distributions] if isinstance(distributions, Mapping) else list(distributions)
    )
