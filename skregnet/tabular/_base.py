"""What the estimators for tables share: an encoder, and an ensemble of networks."""

import copy
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_consistent_length

from skregnet._fitting.blocks import one_blas_thread
from skregnet._fitting.sample_weights import checked_weights
from skregnet._kernels import Array
from skregnet._sklearn.constraints import N_JOBS, Interval
from skregnet._sklearn.data_checks import naming, random_source
from skregnet._sklearn.doc_links import DocumentedMixin
from skregnet._sklearn.private import (
    HasMethods,
    StrOptions,
    _check_feature_names,
    _fit_context,
    _get_feature_names,
    _num_samples,
    _safe_indexing,
)
from skregnet._sklearn.rollback import all_or_nothing
from skregnet._tables.blocks import filled_up, in_blocks
from skregnet._tables.columns import different_names
from skregnet._tables.precision import is_single
from skregnet.ensemble import BaggingEnsemble
from skregnet.estimators import MLPClassifier, MLPRegressor
from skregnet.tabular._encoder import TableEncoder
from skregnet.tabular._importances import gradient_importances
from skregnet.tabular._presets import (
    FEW_ROWS,
    PRESETS,
    n_members_for,
    networks_for,
    sampling_for,
)
from skregnet.tabular._training import (
    SHARE_AFTERWARDS,
    forget_training,
    train,
)


class BaseTabular(DocumentedMixin, CallbackSupportMixin, BaseEstimator, ABC):
    """Base of the classifier and the regressor; abstract."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "preset": [StrOptions(set(PRESETS))],
        "n_members": [Interval(Integral, 1, None, closed="left"), None],
        "time_limit": [Interval(Real, 0, None, closed="neither"), None],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
        "network": [HasMethods(["fit", "predict"]), None],
        "n_jobs": N_JOBS,
        "random_state": ["random_state"],
    }

    def __init__(self, **parameters: Any) -> None:
        self.__dict__.update(parameters)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the encoder, the networks and what makes of their outputs predictions.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            A table of pandas, polars or the like, with numbers, categories, text,
            booleans, dates and missing values; or an array.
        y : array-like of shape (n_samples,)
            Target, without missing values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative. A row of weight 2 counts like two.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If parameters or data are invalid. The estimator is then as it was before.

        Notes
        -----
        Ctrl-C ends training at once, with a warning, and leaves a model of the networks
        that there are by then.
        """
        with all_or_nothing(self), one_blas_thread():
            self._fit(X, y, sample_weight)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Fit all parts, callbacks around them."""
        start = time.time()
        end = None if self.time_limit is None else start + self.time_limit
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        self._check_network()
        self._fit_encoder(X, sample_weight)
        with naming("y"):
            check_consistent_length(X, y)
        weights = checked_weights(sample_weight, X)
        n_rows = _num_samples(X) if weights is None else int((weights > 0).sum())
        if n_rows < 2:
            raise ValueError(
                f"{type(self).__name__} expects at least 2 rows, got n_samples = 1."
            )
        encoded = self._encoded_to_fit(X, n_rows, weights)
        with naming("y"):
            targets = self._learn_targets(y, weights)
        ensembles = self._make_ensembles(n_rows)
        if end is not None:
            end -= SHARE_AFTERWARDS * (time.time() - start)
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        hook_data = {"X": X, "y": y, "metadata": metadata}
        context = self._init_callback_context(
            max_subtasks=len(ensembles) if end is None else None
        ).call_on_fit_task_begin(estimator=self, **hook_data)

        def fit(ensemble: BaggingEnsemble) -> None:
            task = context.subcontext(task_name="ensemble")
            with task.propagate_callback_context(ensemble):
                task.call_on_fit_task_begin(estimator=self, **hook_data)
                ensemble.fit(encoded, targets, sample_weight=weights)
                task.call_on_fit_task_end(estimator=self, **hook_data)

        self.ensembles_ = train(ensembles, fit, encoded.shape, end)
        self._learn_from_networks(encoded, targets, weights)
        for ensemble in self.ensembles_:
            forget_training(ensemble)
        context.call_on_fit_task_end(
            estimator=self, reconstruction_attributes=dict, **hook_data
        )

    def _learn_from_networks(
        self, encoded: Array, targets: Array, weights: Array | None
    ) -> None:
        """Learn what the networks do with the rows of fit."""
        self._learn_from_left_out(encoded, targets, weights)
        members = [m for ensemble in self.ensembles_ for m in ensemble.estimators_]
        self.n_iter_ = max(member.n_iter_ for member in members)
        rows = slice(None) if weights is None else np.flatnonzero(weights)
        counts = self.encoder_.n_columns_of_features_
        self.feature_importances_: Array = gradient_importances(
            members, encoded[rows], targets[rows], counts
        )

    def _check_network(self) -> None:
        """Refuse what is no network for targets of this kind."""
        expected = MLPClassifier if self._classifies else MLPRegressor
        if self.network is not None and not isinstance(self.network, expected):
            raise TypeError(
                f"network expects an object of the class {expected.__name__}, or None, "
                f"got network={self.network!r}."
            )

    def _fit_encoder(self, X: Any, sample_weight: Any) -> None:
        """Learn the columns and their precision."""
        self.encoder_ = TableEncoder(categorical_features=self.categorical_features)
        self.encoder_.fit(X, sample_weight=sample_weight)
        self.n_features_in_ = self.encoder_.n_features_in_
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(self.encoder_, "feature_names_in_"):
            self.feature_names_in_ = self.encoder_.feature_names_in_
        self._is_single = is_single(X)

    def _make_ensembles(self, n_rows: int) -> list[BaggingEnsemble]:
        """Return the ensembles of the preset, or one of the user's network."""
        preset = PRESETS[self.preset]
        if self.network is None:
            networks = networks_for(self._classifies, n_rows, preset)
        else:
            networks = [clone(self.network)]
        n_members = self.n_members or n_members_for(n_rows, preset)
        networks = networks[:n_members]
        sampling = sampling_for(n_rows, preset)
        # All draw the same rows, so that rows are new to members of each.
        seed = random_source(self.random_state).randint(2**31 - 1)
        return [
            BaggingEnsemble(
                self._prepared(network),
                (n_members + len(networks) - 1 - k) // len(networks),
                n_jobs=self.n_jobs,
                random_state=seed,
                **sampling,
            )
            for k, network in enumerate(networks)
        ]

    _classifies: ClassVar[bool]

    @property
    def _n_outputs(self) -> int:
        """Return how many numbers there are at once for a row, beside its columns."""
        return 1

    def _prepared(self, network: Any) -> Any:
        """Return a network with parameters that follow from the estimator's."""
        return network

    @abstractmethod
    def _learn_targets(self, y: Any, weights: Array | None) -> Array:
        """Check targets, learn from them, and return what the networks are to learn."""

    @abstractmethod
    def _learn_from_left_out(
        self, encoded: Array, targets: Array, weights: Array | None
    ) -> None:
        """Learn from the outputs of rows by the members that are new to them."""

    def _encoded_to_fit(self, X: Any, n_rows: int, weights: Array | None) -> Array:
        """Return a table as the networks are to learn it, in their precision.

        Rows without weight may hold anything, and are zeros.
        """
        dtype = np.float64 if n_rows < FEW_ROWS else np.float32
        n_columns = sum(self.encoder_.n_columns_of_features_)

        def encode(table: Any) -> Array:
            return self.encoder_._encode(table).astype(dtype, copy=False)

        if weights is None or n_rows == len(weights):
            return in_blocks(X, n_columns, encode)
        rows = np.flatnonzero(weights)
        encoded = np.zeros((len(weights), n_columns), dtype)
        encoded[rows] = in_blocks(_safe_indexing(X, rows), n_columns, encode)
        return encoded

    def _in_blocks(self, X: Any, outputs: Callable[[Array], Array]) -> Array:
        """Return outputs for the rows of a table, encoded in its precision."""
        # Warnings of names are for the table, not for each block.
        with different_names():
            _check_feature_names(self.encoder_, X, reset=False)
            encoder = _with_names_of(X, self.encoder_)
        n_columns = sum(encoder.n_columns_of_features_) + self._n_outputs
        networks = [m for ensemble in self.ensembles_ for m in ensemble.estimators_]

        def of_block(table: Any) -> Array:
            encoded = encoder._encode(table)
            single = self._is_single and is_single(table)
            dtype = np.float32 if single else np.float64
            filled = filled_up(encoded.astype(dtype, copy=False), networks)
            return outputs(filled)[: len(encoded)]

        with one_blas_thread():
            return in_blocks(X, n_columns, of_block)

    def __sklearn_tags__(self) -> Any:
        """Say what columns may hold."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _with_names_of(X: Any, encoder: TableEncoder) -> TableEncoder:
    """Return an encoder that takes the names of a table for those of fit."""
    twin = copy.copy(encoder)
    twin.__dict__.pop("feature_names_in_", None)
    names = _get_feature_names(X)
    if names is not None:
        twin.feature_names_in_ = names
    return twin
