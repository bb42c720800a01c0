"""Networks among estimators: which train as stacks, and which seeds they get."""

from typing import Any, ClassVar

import numpy as np
from sklearn.pipeline import Pipeline

# The parameter whose value is fitted, and no member's own.
_SHARED = "initial_trunk__"


class StackedFitMixin:
    """Base of the estimators that train as stacks.

    `stacked_fit` is the method `fit` that `fit_together` stands for; a subclass whose
    `fit` is another one is trained on its own.
    """

    stacked_fit: ClassVar[Any]


def is_network(estimator: Any) -> bool:
    """Return whether `fit_together` does the same as the estimator's own `fit`."""
    cls: Any = type(estimator)
    return issubclass(cls, StackedFitMixin) and cls.fit is cls.stacked_fit


def network_of(estimator: Any) -> Any:
    """Return the network that an estimator is, or that a pipeline ends in, if any."""
    last = estimator.steps[-1][1] if type(estimator) is Pipeline else estimator
    return last if is_network(last) else None


def set_seeds(member: Any, random_state: np.random.RandomState) -> None:
    """Give a member, and all within it but what members share, seeds of its own."""
    seeds = {
        name: random_state.randint(np.iinfo(np.int32).max)
        for name in sorted(member.get_params(deep=True))
        if name.split("__")[-1] == "random_state" and _SHARED not in name
    }
    member.set_params(**seeds)
