"""Snapshots of training, kept by a callback and gone on from."""

import pickle
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import joblib
import numpy as np
from scipy import sparse

from skregnet._fitting.shared_data import Selection
from skregnet._fitting.validation_set import ValidationSet
from skregnet._training import Member, SnapshotForm, resume
from skregnet.optimizers import State


@runtime_checkable
class SnapshotStore(Protocol):
    """A callback that keeps snapshots, each under the key of its fit."""

    def is_due(self, n_epochs: int) -> bool:
        """Tell whether a snapshot is to be kept after so many epochs."""
        ...

    def load_snapshot(self, key: str, form: SnapshotForm) -> State | None:
        """Return the last snapshot that was kept under a key, if there is one.

        It may look at what snapshots are like; in any case they are checked afterwards.
        """
        ...

    def save_snapshot(self, key: str, snapshot: State) -> None:
        """Keep a snapshot in place of the last under this key."""
        ...


@dataclass(frozen=True)
class _Keeper:
    """Keeps the snapshots of one fit."""

    store: SnapshotStore
    key: str

    def is_due(self, n_epochs: int) -> bool:
        """Ask the store."""
        return self.store.is_due(n_epochs)

    def keep(self, snapshot: State) -> None:
        """Hand on to the store."""
        self.store.save_snapshot(self.key, snapshot)


def snapshot_store(estimator: Any) -> SnapshotStore | None:
    """Return the callback of an estimator that keeps snapshots, if there is one."""
    callbacks = getattr(estimator, "_skl_callbacks", ())
    stores = [callback for callback in callbacks if isinstance(callback, SnapshotStore)]
    return stores[0] if stores else None


def check_snapshots(estimator: Any, incremental: bool, takes_steps: bool) -> None:
    """Refuse what snapshots are not taken of."""
    store = snapshot_store(estimator)
    if store is None:
        return
    name = type(store).__name__
    if incremental:
        raise ValueError(
            f"{name} follows fit, not partial_fit; after partial_fit pickle the "
            "estimator, with which the optimizer's state is kept."
        )
    if not takes_steps:
        raise ValueError(
            f"{name} expects a solver that takes steps, such as 'adam' or 'sgd', got "
            f"solver={estimator.solver!r}."
        )
    if estimator.random_state is None:
        raise ValueError(
            f"{name} expects a random_state by which to know a fit again, got "
            "random_state=None; set a number."
        )


def keep_snapshots(
    estimator: Any, member: Member, validation: ValidationSet | None
) -> None:
    """Go on from the last snapshot of this fit, and have others kept."""
    store = snapshot_store(estimator)
    if store is None:
        return
    key = _key(estimator, member, validation)
    member.keeper = _Keeper(store, key)
    snapshot = store.load_snapshot(key, SnapshotForm(member))
    if snapshot is not None:
        resume(member, snapshot)


def _key(estimator: Any, member: Member, validation: ValidationSet | None) -> str:
    """Return what tells a fit from all others: parameters, data, draws to come."""
    parameters = estimator.get_params()
    for name in ("verbose", "random_state"):
        del parameters[name]
    draws, data = member.random_state, member.data
    parts = [
        type(estimator).__qualname__,
        sorted(parameters.items()),
        None if draws is None else draws.get_state(legacy=False),
        member.vector,
        _contents(data.inputs),
        [data.targets, data.weights, data.mean_weight, data.rows, data.columns],
        None if validation is None else _contents(validation.inputs),
        None if validation is None else [validation.targets, validation.weights],
    ]
    try:
        key: str = joblib.hash(parts)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            "a checkpoint is found again by the estimator's parameters, which must be "
            f"such as can be pickled, not lambdas for example: {error}"
        ) from error
    return key


def _contents(X: Any) -> Any:
    """Return the arrays that features are made of."""
    if isinstance(X, Selection):
        return [_contents(X.X), X.rows, X.columns]
    if sparse.issparse(X):
        return [X.shape, X.data, X.indices, X.indptr]
    return np.asarray(X)
