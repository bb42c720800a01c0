"""Candidates that Optuna suggests, batch by batch."""

import copy
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from skregnet._sklearn.data_checks import random_source
from skregnet.search._candidates import Parameters, Result


class StudyCandidates:
    """Candidates that a study of Optuna suggests, learning from those before.

    Parameters
    ----------
    distributions : dict or list of dicts
        The spaces to search.
    n_candidates : int or None
        How many candidates to try; a study needs a number.
    batch_size : int
        How many to suggest at once.
    sampler : 'tpe', sampler or study
        What suggests.
    random_state : int, RandomState instance or None
        Seed of 'tpe'.
    """

    learns = True

    def __init__(
        self,
        distributions: Any,
        n_candidates: int | None,
        batch_size: int,
        sampler: Any,
        random_state: Any,
    ) -> None:
        if n_candidates is None:
            raise ValueError(
                "n_candidates expects a number with sampler, got n_candidates=None and "
                f"sampler={sampler!r}."
            )
        check_installed()
        from skregnet.search._suggestions import suggested_space

        self.n_candidates = n_candidates
        self.batch_size = min(batch_size, n_candidates)
        self.study = _study(sampler, random_state)
        self._space = suggested_space(distributions)
        self._n_left = n_candidates
        self._open: list[Any] = []

    def ask(self) -> list[Parameters]:
        """Return what the study suggests next."""
        batch = []
        for _ in range(min(self.batch_size, self._n_left)):
            trial = self.study.ask()
            self._open.append(trial)
            batch.append(self._space.suggest(trial))
        self._n_left -= len(batch)
        return batch

    def tell(self, results: Sequence[Result]) -> None:
        """Tell the study what came of the last batch."""
        for trial, result in zip(self._open, results, strict=True):
            self._tell(trial, result)
        self._open = []

    def close(self) -> None:
        """Tell the study that what is under way has failed."""
        from optuna.trial import TrialState

        for trial in self._open:
            self.study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        self._open = []

    def _tell(self, trial: Any, result: Result) -> None:
        """Tell what came of one; a sampler may want no more then."""
        from optuna.trial import TrialState

        told: dict[str, Any] = {"values": result.score}
        if np.isnan(result.score):
            told = {"state": TrialState.FAIL}
        elif not result.is_complete:
            trial.report(result.score, result.n_epochs)
            told = {"state": TrialState.PRUNED}
        try:
            self.study.tell(trial, **told)
        except RuntimeError as error:
            # What has tried all there is stops the study, which only `optimize` allows;
            # what it was told is stored by then.
            if "Study.stop" not in str(error):
                raise
            self._n_left = 0


def check_installed() -> None:
    """Say how to install Optuna where it is not."""
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "sampler expects Optuna, which is not installed; install it by "
            "`pip install 'skregnet[optuna]'`, or set sampler=None."
        ) from error


def _study(sampler: Any, random_state: Any) -> Any:
    """Return the study that suggests: the one given, or one in memory."""
    import optuna

    if isinstance(sampler, optuna.Study):
        if sampler.directions != [optuna.study.StudyDirection.MAXIMIZE]:
            raise ValueError(
                "sampler expects a study of one score that is to be maximised, as "
                "scores are: optuna.create_study(direction='maximize'), got one of "
                f"directions={[each.name.lower() for each in sampler.directions]!r}."
            )
        return sampler
    if sampler == "tpe":
        chosen = optuna.samplers.TPESampler(seed=_seed(random_state))
        # Keeps suggestions of one batch apart, by default since Optuna 5. As an
        # argument it makes Optuna 4 warn of an experiment.
        chosen._constant_liar = True
    else:
        # Like other parameters it is not changed by `fit`.
        chosen = copy.deepcopy(sampler)
    # That there is a study in memory is no news where nobody asked for one.
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(verbosity, optuna.logging.WARNING))
    try:
        return optuna.create_study(direction="maximize", sampler=chosen)
    finally:
        optuna.logging.set_verbosity(verbosity)


def _seed(random_state: Any) -> int | None:
    """Return a seed; an integer is its own."""
    if random_state is None:
        return None
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(random_source(random_state).randint(2**31 - 1))
