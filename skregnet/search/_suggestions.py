"""Spaces in Optuna's terms: what a trial suggests, and the value it stands for.

A parameter's name in the study is its own. Besides there may be "space", which of
several spaces, and "<name> is on", a switch. A parameter of one value only is no
question, and not in the study.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from skregnet.search._candidates import Parameters, spaces_of
from skregnet.search._switched import Switched


class Suggestion(Protocol):
    """A parameter's values, one of which a trial suggests.

    `asked` is what a study has of it: equal for what may go by one name.
    """

    @property
    def asked(self) -> Any:
        """What is asked of trials; None for nothing."""
        ...

    def suggest(self, trial: Any, name: str) -> Any:
        """Return a value, which the study knows by the name."""
        ...


@dataclass(frozen=True)
class Constant:
    """One value."""

    value: Any
    asked: None = None

    def suggest(self, trial: Any, name: str) -> Any:  # noqa: ARG002
        """Return the value."""
        return self.value


@dataclass(frozen=True)
class Number:
    """A number from an interval."""

    asked: FloatDistribution | IntDistribution

    def suggest(self, trial: Any, name: str) -> Any:
        """Return a number."""
        asked = self.asked
        is_whole = isinstance(asked, IntDistribution)
        suggest = trial.suggest_int if is_whole else trial.suggest_float
        return suggest(name, asked.low, asked.high, step=asked.step, log=asked.log)


@dataclass(frozen=True)
class Choice:
    """One of several values, which a study knows by labels."""

    values: Sequence[Any]
    asked: tuple[Any, ...]

    def suggest(self, trial: Any, name: str) -> Any:
        """Return a value."""
        return self.values[
            self.asked.index(trial.suggest_categorical(name, self.asked))
        ]


@dataclass(frozen=True)
class Switch:
    """What may be off; the strength is only asked for where it is on."""

    off: Any
    strength: Suggestion

    @property
    def asked(self) -> Any:
        """The strength's distribution, behind a switch."""
        return ("switch", self.strength.asked)

    def suggest(self, trial: Any, name: str) -> Any:
        """Return a strength, or what stands for off."""
        if trial.suggest_categorical(f"{name} is on", (False, True)):
            return self.strength.suggest(trial, name)
        return self.off


@dataclass(frozen=True)
class SuggestedSpace:
    """Spaces of parameters, from which trials suggest candidates.

    Parameters
    ----------
    spaces : sequence of dict
        Suggestions by names of parameters.
    names : sequence of dict
        How a study names them.
    """

    spaces: Sequence[Mapping[str, Suggestion]]
    names: Sequence[Mapping[str, str]]

    def suggest(self, trial: Any) -> Parameters:
        """Return the parameters of a candidate, asked for in the order of the space."""
        k = 0
        if len(self.spaces) > 1:
            k = trial.suggest_categorical("space", tuple(range(len(self.spaces))))
        return {
            name: each.suggest(trial, self.names[k][name])
            for name, each in self.spaces[k].items()
        }


def suggested_space(distributions: Any) -> SuggestedSpace:
    """Return a space in Optuna's terms.

    Parameters
    ----------
    distributions : dict or list of dicts
        Lists of values, distributions of :mod:`scipy.stats`, of Optuna or
        :class:`~skregnet.search.Switched`, by the names of parameters.

    Raises
    ------
    ValueError
        If a distribution has no counterpart in Optuna, or a list has no values.
    """
    spaces = [
        {name: _suggestion(name, values) for name, values in space.items()}
        for space in spaces_of(distributions)
    ]
    # Optuna keeps to one set of choices a name.
    asked: dict[str, list[Any]] = defaultdict(list)
    for space in spaces:
        for name, each in space.items():
            if each.asked is not None and each.asked not in asked[name]:
                asked[name].append(each.asked)
    names = [
        {name: name if len(asked[name]) < 2 else f"{name} ({k})" for name in space}
        for k, space in enumerate(spaces)
    ]
    return SuggestedSpace(spaces, names)


def _suggestion(name: str, values: Any) -> Suggestion:
    """Return what is suggested for a parameter."""
    if isinstance(values, Switched):
        strength = _suggestion(name, values.distribution)
        if values.probability == 0:
            return Constant(values.off)
        return strength if values.probability == 1 else Switch(values.off, strength)
    if isinstance(values, CategoricalDistribution):
        return _choice(values.choices)
    if isinstance(values, FloatDistribution | IntDistribution):
        return Number(values)
    if hasattr(values, "rvs"):
        return _number(name, values)
    is_list = not isinstance(values, str | BaseDistribution)
    if is_list and hasattr(values, "__len__") and len(values) > 0:
        return _choice(list(values))
    raise ValueError(
        "param_distributions expects a list of values, not empty, or a distribution "
        f"for each parameter, got {name}={values!r}."
    )


def _number(name: str, distribution: Any) -> Number:
    """Return Optuna's counterpart of a distribution of SciPy."""
    kind = getattr(getattr(distribution, "dist", None), "name", None)
    if kind in ("uniform", "loguniform", "reciprocal"):
        low, high = map(float, distribution.support())
        is_log = kind != "uniform"
        # A shifted logarithmic one has no counterpart.
        if not is_log or np.isclose(
            distribution.mean(), (high - low) / np.log(high / low)
        ):
            return Number(FloatDistribution(low, high, log=is_log))
    if kind == "randint":
        low, high = distribution.support()
        return Number(IntDistribution(int(low), int(high)))
    raise ValueError(
        "Optuna's samplers know lists of values, and of scipy.stats uniform, "
        f"loguniform with loc=0 and randint, got {name}={distribution!r}; take one of "
        "these, or a distribution of optuna.distributions."
    )


def _choice(values: Sequence[Any]) -> Suggestion:
    """Return a choice among values, by labels that a study can store."""
    if len(values) == 1:
        return Constant(values[0])
    labels = [v.item() if isinstance(v, np.generic) else v for v in values]
    is_plain = all(v is None or isinstance(v, bool | int | float | str) for v in labels)
    # Equal ones, such as 0 and False, could not be told apart.
    if not is_plain or len(set(labels)) < len(labels):
        labels = [f"{k}: {_description(v)}" for k, v in enumerate(values)]
    return Choice(values, tuple(labels))


def _description(value: Any) -> str:
    """Return what stands for a value in a study, the same in every process."""
    is_brief = value is None or isinstance(value, bool | int | float | str | tuple)
    return repr(value) if is_brief else type(value).__name__
