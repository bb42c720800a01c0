"""All that training needs to go on, to the last bit, from the end of an epoch.

A snapshot is a dict of numbers, strings, arrays and None, and of such dicts and lists:
it can be written to a file as it is. What comes back is checked before it is used.
"""

import dataclasses
from typing import Any

import numpy as np

from skregnet._kernels import Array
from skregnet._training.history import History
from skregnet._training.member import Member, Outcome
from skregnet._training.states import (
    check_array,
    check_count,
    check_number,
    check_source,
    check_state,
    initial_state,
)
from skregnet.optimizers import Adaptive, Constant, State

# Outcomes after which there is nothing to go on with.
_ENDS = (Outcome.CONVERGED, Outcome.OUT_OF_EPOCHS)

_ENTRIES = {
    "n_epochs",
    "outcome",
    "parameters",
    "best",
    "state",
    "order",
    "draws",
    "noise",
    "learning_rate",
    "is_averaging",
    "plateau",
    "history",
}


def snapshot_of(member: Member, parameters: Array, state: State, order: Array) -> State:
    """Return a snapshot, whose arrays are those of training and go on changing.

    Parameters
    ----------
    member : Member
        The network.
    parameters : ndarray of shape (n_parameters,)
        Its parameters.
    state : dict
        Of its optimizer and of its average.
    order : ndarray of int
        The rows in the order of the epoch, from which the next one is shuffled.
    """
    draws, noise = member.random_state, member.rng
    outcome = member.outcome
    return {
        "n_epochs": member.n_epochs,
        "outcome": outcome.name if outcome in _ENDS else None,
        "parameters": parameters,
        "best": member.best,
        "state": state,
        "order": order,
        "draws": None if draws is None else draws.get_state(legacy=False),
        "noise": None if noise is None else noise.bit_generator.state,
        "learning_rate": member.learning_rate,
        "is_averaging": member.is_averaging,
        "plateau": [member.plateau.best, member.plateau.n_without],
        "history": dataclasses.asdict(member.history),
    }


@dataclasses.dataclass(frozen=True)
class SnapshotForm:
    """What snapshots of a member are like.

    Parameters
    ----------
    member : Member
        The network, as it is before training.
    """

    member: Member

    @property
    def arrays(self) -> State:
        """Arrays of the shapes and dtypes of those that are known, where they belong.

        An optimizer of the user's own may have others beside its vectors.
        """
        member = self.member
        vector = member.vector
        vectors = np.zeros((1, len(vector)), vector.dtype)
        state = _vectors_only(initial_state(member.recipe, vectors), vectors.shape)
        return {
            "parameters": vector,
            "best": vector,
            "order": _order(member),
            "state": state,
        }

    def check(self, snapshot: Any) -> None:
        """Refuse what the member cannot go on from.

        Parameters
        ----------
        snapshot : object
            What should be a snapshot.

        Raises
        ------
        ValueError
            That names the first entry that does not fit.
        """
        if not isinstance(snapshot, dict) or snapshot.keys() != _ENTRIES:
            raise ValueError(f"a snapshot expects the entries {sorted(_ENTRIES)}")
        self._check_progress(snapshot)
        self._check_arrays(snapshot)
        recipe, vector = self.member.recipe, self.member.vector
        check_state(snapshot["state"], recipe, vector, snapshot["n_epochs"])
        for name, source in self._sources.items():
            if source is not None:
                check_source(snapshot[name], source, name)
            elif snapshot[name] is not None:
                raise ValueError(f"{name} expects None, got a state")
        _check_history(snapshot["history"], snapshot["n_epochs"], self.member)

    @property
    def _sources(self) -> dict[str, Any]:
        """The member's sources of random numbers."""
        draws, noise = self.member.random_state, self.member.rng
        return {
            "draws": draws,
            "noise": None if noise is None else noise.bit_generator,
        }

    def _check_progress(self, snapshot: State) -> None:
        """Check how far training has come."""
        n_epochs, outcome = snapshot["n_epochs"], snapshot["outcome"]
        check_count(n_epochs, "n_epochs", self.member.max_epochs)
        if outcome not in (None, *(end.name for end in _ENDS)):
            raise ValueError(f"outcome expects that of an end or None, got {outcome!r}")
        self._check_rate(snapshot["learning_rate"])
        if not isinstance(snapshot["is_averaging"], bool):
            raise ValueError("is_averaging expects True or False")
        plateau = snapshot["plateau"]
        if not isinstance(plateau, list) or len(plateau) != 2:
            raise ValueError("plateau expects two numbers")
        _check_score(plateau[0], "plateau")
        if np.isnan(plateau[0]):
            raise ValueError("plateau expects a score, got NaN")
        check_count(plateau[1], "plateau")

    def _check_rate(self, rate: Any) -> None:
        """Check the learning rate; some schedules end at 0, others never rise."""
        check_number(rate, "learning_rate")
        schedule = self.member.schedule
        is_valid = rate >= 0
        if isinstance(schedule, Constant | Adaptive):
            is_valid = 0 < rate <= schedule.initial
        if not is_valid:
            raise ValueError(f"learning_rate is out of its range, got {rate!r}")

    def _check_arrays(self, snapshot: State) -> None:
        """Check the vectors, and the order of rows against the rows."""
        vector, order = self.member.vector, _order(self.member)
        check_array(snapshot["parameters"], vector, "parameters")
        if snapshot["best"] is not None:
            check_array(snapshot["best"], vector, "best")
            if not self.member.validates:
                raise ValueError("best expects None without validation data")
        check_array(snapshot["order"], order, "order")
        if not np.array_equal(np.sort(snapshot["order"]), np.sort(order)):
            raise ValueError("order expects each row to learn from, got others")


def resume(member: Member, snapshot: State) -> None:
    """Make a member what it was when a snapshot of it was taken.

    Raises
    ------
    ValueError
        If it is not a snapshot of such a member, which is then as it was.
    """
    SnapshotForm(member).check(snapshot)
    member.n_epochs = int(snapshot["n_epochs"])
    outcome = snapshot["outcome"]
    member.outcome = None if outcome is None else Outcome[outcome]
    if member.outcome is None and member.n_epochs == member.max_epochs:
        member.outcome = Outcome.OUT_OF_EPOCHS
    member.vector = snapshot["parameters"]
    member.best = snapshot["best"]
    member.state = snapshot["state"]
    member.order = snapshot["order"]
    if member.random_state is not None:
        member.random_state.set_state(snapshot["draws"])
    if member.rng is not None:
        member.rng.bit_generator.state = snapshot["noise"]
    member.learning_rate = snapshot["learning_rate"]
    member.is_averaging = snapshot["is_averaging"]
    member.plateau.best, member.plateau.n_without = snapshot["plateau"]
    member.history = History(**snapshot["history"])


def _order(member: Member) -> Array:
    """Return the rows to learn from, as training orders them."""
    return np.asarray(member.data.rows, dtype=np.intp)


def _vectors_only(state: State, shape: tuple[int, ...]) -> State:
    """Return the entries that are vectors, and dicts of such."""
    found: State = {}
    for key, value in state.items():
        if isinstance(value, dict):
            found[key] = _vectors_only(value, shape)
        elif isinstance(value, np.ndarray) and value.shape == shape:
            found[key] = value
    return found


def _check_history(history: Any, n_epochs: int, member: Member) -> None:
    """Check the curves, which go on from those of the member."""
    before = member.history
    fields = {field.name for field in dataclasses.fields(History)}
    if not isinstance(history, dict) or history.keys() != fields:
        raise ValueError(f"history expects the entries {sorted(fields)}")
    check_count(history["n_rows_seen"], "history.n_rows_seen")
    for name in fields - {"n_rows_seen"}:
        curve, own = history[name], f"history.{name}"
        if not isinstance(curve, list):
            raise ValueError(f"{own} expects a list, got {type(curve).__name__}")
        n_new = len(curve) - len(getattr(before, name))
        is_whole = n_new == n_epochs or name.startswith("validation")
        if not (0 <= n_new <= n_epochs and is_whole):
            raise ValueError(f"{own} expects an entry an epoch, got {n_new} new ones")
        for value in curve:
            _check_score(value, own)
    if len(history["validation_scores"]) != len(history["validation_losses"]):
        raise ValueError("history expects as many validation scores as losses")


def _check_score(value: Any, name: str) -> None:
    """Check that a value is a number; losses may grow beyond all limits."""
    if not isinstance(value, float):
        check_number(value, name)
