"""What the estimators for tables share: an encoder, and an ensemble of networks."""

import time
import warnings
from abc import ABC, abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skregnet.all_or_nothing import all_or_nothing
from skregnet.checked_data import naming, random_source
from skregnet.constraints import N_JOBS, Interval
from skregnet.documentation import DocumentedMixin
from skregnet.ensemble import BaggingEnsemble
from skregnet.estimators import MLPClassifier, MLPRegressor
from skregnet.estimators._weights import checked_weights
from skregnet.kernels import Array
from skregnet.tabular._importances import gradient_importances
from skregnet.tabular.encoder import TableEncoder
from skregnet.tabular.presets import (
    FEW_ROWS,
    PRESETS,
    n_members_for,
    networks_for,
    sampling_for,
)


class _Deadline:
    """Callback that ends training at a time."""

    def __init__(self, end: float) -> None:
        self._end = end

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:  # noqa: ARG002
        """Tell whether it is time."""
        return time.time() >= self._end


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
            Target.
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
        """
        with all_or_nothing(self):
            self._fit(X, y, sample_weight)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Fit all parts, callbacks around them."""
        end = None if self.time_limit is None else time.time() + self.time_limit
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        self._check_network()
        encoded = self._fit_encoder(X, sample_weight)
        with naming("y"):
            check_consistent_length(encoded, y)
        weights = checked_weights(sample_weight, encoded)
        rows = slice(None) if weights is None else np.flatnonzero(weights)
        n_rows = len(encoded[rows])
        if n_rows < 2:
            raise ValueError(
                f"{type(self).__name__} expects at least 2 rows, got n_samples = 1."
            )
        if n_rows >= FEW_ROWS:
            encoded = encoded.astype(np.float32)
        with naming("y"):
            targets = self._learn_targets(y, weights)
        self.ensembles_ = self._make_ensembles(n_rows, end)
        context = self._init_callback_context(max_subtasks=len(self.ensembles_))
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        hook_data = {"X": X, "y": y, "metadata": metadata}
        context.call_on_fit_task_begin(estimator=self, **hook_data)
        for ensemble in self.ensembles_:
            task = context.subcontext(task_name="ensemble")
            with task.propagate_callback_context(ensemble):
                task.call_on_fit_task_begin(estimator=self, **hook_data)
                _fit_ensemble(ensemble, encoded, targets, weights)
                task.call_on_fit_task_end(estimator=self, **hook_data)
        self._learn_from_left_out(targets, weights)
        members = [m for ensemble in self.ensembles_ for m in ensemble.estimators_]
        self.n_iter_ = max(member.n_iter_ for member in members)
        counts = self.encoder_.n_columns_of_features_
        self.feature_importances_: Array = gradient_importances(
            members, encoded[rows], targets[rows], counts
        )
        context.call_on_fit_task_end(
            estimator=self, reconstruction_attributes=dict, **hook_data
        )

    def _check_network(self) -> None:
        """Refuse what is no network for targets of this kind."""
        expected = MLPClassifier if self._classifies else MLPRegressor
        if self.network is not None and not isinstance(self.network, expected):
            raise TypeError(
                f"network expects an object of the class {expected.__name__}, or None, "
                f"got network={self.network!r}."
            )

    def _fit_encoder(self, X: Any, sample_weight: Any) -> Array:
        """Learn the columns, and return them as the networks see them."""
        self.encoder_ = TableEncoder(categorical_features=self.categorical_features)
        self.encoder_.fit(X, sample_weight=sample_weight)
        self.n_features_in_ = self.encoder_.n_features_in_
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(self.encoder_, "feature_names_in_"):
            self.feature_names_in_ = self.encoder_.feature_names_in_
        return self._encoded(X)

    def _make_ensembles(self, n_rows: int, end: float | None) -> list[BaggingEnsemble]:
        """Return the ensembles of the preset, or one of the user's network."""
        preset = PRESETS[self.preset]
        if self.network is None:
            networks = networks_for(self._classifies, n_rows, preset)
            for network in networks:
                network.set_params(**self._network_parameters())
        else:
            networks = [clone(self.network)]
        n_members = self.n_members or n_members_for(n_rows, preset)
        networks = networks[:n_members]
        sampling = sampling_for(n_rows, preset)
        # All draw the same rows, so that rows are new to members of each.
        seed = random_source(self.random_state).randint(2**31 - 1)
        ensembles = []
        for k, network in enumerate(networks):
            if end is not None:
                own = getattr(network, "_skl_callbacks", [])
                network.set_callbacks(*own, _Deadline(end))
            ensembles.append(
                BaggingEnsemble(
                    network,
                    (n_members + len(networks) - 1 - k) // len(networks),
                    oob_score=True,
                    n_jobs=self.n_jobs,
                    random_state=seed,
                    **sampling,
                )
            )
        return ensembles

    _classifies: ClassVar[bool]

    def _network_parameters(self) -> dict[str, Any]:
        """Return parameters of the networks that follow from the estimator's."""
        return {}

    @abstractmethod
    def _learn_targets(self, y: Any, weights: Array | None) -> Array:
        """Check targets, learn from them, and return what the networks are to learn."""

    @abstractmethod
    def _learn_from_left_out(self, targets: Array, weights: Array | None) -> None:
        """Learn from the outputs of rows by the members that are new to them."""

    def _encoded(self, X: Any) -> Array:
        """Return a table as the networks see it."""
        check_is_fitted(self, "encoder_")
        encoded: Array = self.encoder_.transform(X)
        return encoded

    def __sklearn_tags__(self) -> Any:
        """Say what columns may hold."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _fit_ensemble(
    ensemble: BaggingEnsemble, encoded: Array, targets: Array, weights: Array | None
) -> None:
    """Fit the networks, without what they would say of what is meant to be."""
    with warnings.catch_warnings():
        # Some rows may have been drawn for all members, and a number of epochs is what
        # was asked for.
        warnings.filterwarnings("ignore", ".*out-of-bag outputs")
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        ensemble.fit(encoded, targets, sample_weight=weights)
