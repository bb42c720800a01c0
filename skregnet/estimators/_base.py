"""What the estimators share: parameters, fitting, outputs."""

from abc import ABC, abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
)

from skregnet._fitting.configuration import ACTIVITY_PENALTIES, AVERAGES
from skregnet._fitting.fitted import checked_pair, fitted_network, plain_layers
from skregnet._fitting.members import StackedFitMixin
from skregnet._fitting.request import Request
from skregnet._fitting.sample_weights import checked_weights
from skregnet._fitting.sizes import hidden_sizes
from skregnet._fitting.solvers import SCHEDULES, SOLVERS, takes_steps
from skregnet._fitting.stacks import fit_together
from skregnet._fitting.validation_set import ValidationSet
from skregnet._kernels import Array
from skregnet._networks.activations import ACTIVATIONS
from skregnet._networks.initializers import glorot_uniform
from skregnet._networks.losses import Loss, MultiTaskLoss
from skregnet._networks.network import input_gradient
from skregnet._networks.one_hot import Targets
from skregnet._networks.parameters import precision_of
from skregnet._networks.plain import hidden_outputs, plain_outputs
from skregnet._sklearn.arrays import by_rows, finite
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import (
    FLOATS,
    NUMBERS,
    beyond_precision,
    checked_rows,
    input_tags_of,
    naming,
)
from skregnet._sklearn.doc_links import DocumentedMixin
from skregnet._sklearn.private import (
    HasMethods,
    Options,
    StrOptions,
    _clone_parametrized,
    _fit_context,
)
from skregnet._training import NORMS
from skregnet.estimators._to_sklearn import to_sklearn


def has_partial_fit(mlp: Any) -> bool:
    """Tell whether the solver can go on from where it stopped, or say why not."""
    if not takes_steps(mlp):
        raise AttributeError(
            "partial_fit is only available for stochastic"
            f" optimizers. {mlp.solver} is not stochastic."
        )
    return True


class BaseMLP(
    StackedFitMixin, DocumentedMixin, CallbackSupportMixin, BaseEstimator, ABC
):
    """Base of the multilayer perceptrons."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS)), "array-like"],
        "solver": [StrOptions(SOLVERS), HasMethods(["init", "step"])],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "learning_rate": [StrOptions(SCHEDULES), callable],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "validation_interval": [Interval(Integral, 1, None, closed="left")],
        "scoring": [str, callable, None],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "activity_penalty": [StrOptions(set(ACTIVITY_PENALTIES))],
        "activity_alpha": [Interval(Real, 0, None, closed="left")],
        "activity_target": [Interval(Real, 0, 1, closed="neither")],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "batch_norm": [StrOptions({"before", "after"}), None],
        "target_noise": [Interval(Real, 0, None, closed="left")],
        "adversarial_step": [Interval(Real, 0, None, closed="left")],
        "adversarial_norm": [StrOptions(set(NORMS))],
        "adversarial_weight": [Interval(Real, 0, 1, closed="both")],
        "adversarial_iterations": [Interval(Integral, 1, None, closed="left")],
        "augmenter": [HasMethods(["fit", "augment"]), None],
        "max_norm": [Interval(Real, 0, None, closed="neither"), None],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "weight_averaging": [StrOptions(set(AVERAGES)), None],
        "initial_trunk": [HasMethods(["fit", "predict"]), None],
        "freeze_trunk": ["boolean"],
    }

    def __init__(self, **parameters: Any) -> None:
        self.__dict__.update(parameters)

    def __sklearn_clone__(self) -> Self:
        """Return an unfitted copy; what the trunk is taken from stays fitted."""
        copy = _clone_parametrized(self)
        copy.initial_trunk = self.initial_trunk
        if not self._expects_to_converge:
            copy._expects_to_converge = False
        return copy

    _expects_to_converge: bool = True
    """Whether to warn if training does not converge; clones inherit it."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features; float32 ones give float32 weights.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets: class labels, or a label indicator matrix, for a classifier;
            numbers for a regressor, not negative ones for ``loss="poisson"``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative. A row of weight 2 counts like two rows,
            a row of weight 0 is left out.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Features to validate on, with ``early_stopping=True``; no rows of `X` are
            then held out.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Targets of `X_val`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the rows of `X_val`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If parameters or data are invalid, or if training diverges. The estimator
            is then as it was before.
        """
        return self._fit(
            X,
            y,
            incremental=False,
            sample_weight=sample_weight,
            X_val=X_val,
            y_val=y_val,
            sample_weight_val=sample_weight_val,
        )

    stacked_fit = fit

    def _fit(self, X: Any, y: Any, incremental: bool, **arguments: Any) -> Self:
        """Fit this estimator alone."""
        fit_together([Request(self, X, y, incremental=incremental, **arguments)])
        return self

    @property
    @abstractmethod
    def _loss(self) -> Loss | MultiTaskLoss:
        """The loss, and with it the output activation."""

    _heads: Any = None
    """What the last layers are where there are several tasks."""

    def _layer_units(self, n_features: int, targets: Targets) -> tuple[int, ...]:
        """Return the numbers of inputs, of each hidden layer's units and of outputs."""
        return (n_features, *hidden_sizes(self), targets.shape[1])

    def _initial(
        self, layer_units: tuple[int, ...], random_state: np.random.RandomState
    ) -> tuple[list[Array], list[Array]]:
        """Draw weights and biases to start from."""
        return glorot_uniform(layer_units, self.activation, random_state)

    @abstractmethod
    def _checked_y(self, y: Any) -> Any:
        """Return targets as an array that scikit-learn can check without a loss."""

    @abstractmethod
    def _check_targets(self, y: Array, request: Request) -> Array:
        """Check targets, and learn from them what they encode."""

    _learns_classes_only: ClassVar[bool] = True
    """Whether what a classifier learns of targets follows from their classes."""

    def _as_given(self, y: Array) -> Any:
        """Return targets, checked, in the form in which they were given."""
        return y

    @abstractmethod
    def _encode(self, y: Array, dtype: Any) -> Array:
        """Return targets as the network sees them, of shape (n_rows, n_outputs)."""

    @abstractmethod
    def _encoding_key(self) -> Any:
        """Return what tells estimators apart that encode targets differently."""

    @abstractmethod
    def _with_known_classes(self, y: Array) -> Array:
        """Return targets, classes that have not been learned replaced by any other."""

    def _training_targets(self, targets: Targets) -> Targets:
        """Return targets as training is to aim at them."""
        return targets

    @abstractmethod
    def _score_outputs(self, outputs: Array, y: Array, weights: Array | None) -> float:
        """Return the estimator's score of outputs before their activation."""

    def _validate_training(
        self, request: Request, is_first: bool
    ) -> tuple[Any, Array, Targets]:
        """Return features, targets as given, and targets as the network sees them."""
        X, y = checked_rows(
            self,
            request.X,
            self._checked_y(request.y),
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=self._y_numeric,
            dtype=FLOATS if is_first else self._precision,
            order="C",
            reset=is_first,
        )
        with naming("y"):
            y = self._check_targets(y, request)
            return by_rows(X), y, self._as_targets(y, X.dtype)

    def _validate_validation(
        self, X: Any, y: Any, sample_weight: Any, dtype: Any
    ) -> ValidationSet:
        """Check validation data that the user gives."""
        X = checked_rows(
            self, X, accept_sparse=["csr", "csc"], dtype=dtype, order="C", reset=False
        )
        with naming("y_val"):
            y = self._check_other_targets(y, "y_val")
        check_consistent_length(X, y)
        weights = checked_weights(sample_weight, X)
        return ValidationSet(by_rows(X), y, self._as_targets(y, X.dtype), weights)

    @abstractmethod
    def _check_other_targets(self, y: Any, name: str) -> Array:
        """Check targets of other data against those of training."""

    def _as_targets(self, y: Array, dtype: Any) -> Targets:
        """Encode, in the precision of the features."""
        with np.errstate(over="ignore"):
            targets = self._encode(y, dtype)
        if not np.isfinite(targets).all():
            raise beyond_precision("y contains values", dtype, "scale y")
        return targets

    @abstractmethod
    def _stratify_by(self, targets: Targets) -> Array | None:
        """Return the class of each row, where there is one."""

    @abstractmethod
    def _row_weights(
        self, weights: Array | None, y: Array, incremental: bool
    ) -> Array | None:
        """Return the weight of each row in training, from its sample weight."""

    def _outputs(self, X: Any) -> Array:
        """Validate features and return the outputs before their activation."""
        X = self._validate_features(X, NUMBERS)
        coefs, intercepts, _ = plain_layers(self)
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = plain_outputs(X, coefs, intercepts, self.activation)
        return finite(outputs)

    @property
    def _precision(self) -> np.dtype:
        """The precision of the weights, which users may have edited."""
        coefs, intercepts, _ = plain_layers(self)
        return precision_of([*coefs, *intercepts])

    def _validate_features(self, X: Any, dtype: Any = FLOATS) -> Any:
        """Check features against those of training."""
        check_is_fitted(self)
        X = checked_rows(
            self, X, accept_sparse=["csr", "csc"], dtype=dtype, reset=False
        )
        return by_rows(X)

    @property
    def feature_importances_(self) -> Array:
        """How much weight each feature has in the first layer.

        The Euclidean norms of the weights that go out from each feature, divided by
        their sum; 0 for a feature that an L1 penalty has cut off. Comparable where the
        features have one scale.

        Returns
        -------
        importances : ndarray of shape (`n_features_in_`,)
            They sum to 1, unless all are 0.
        """
        check_is_fitted(self)
        norms: Array = np.linalg.norm(self.coefs_[0], axis=1)
        return norms / (norms.sum() or 1)

    def hidden_features(self, X: Any) -> Array:
        """Return what the last hidden layer makes of the features.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        hidden : ndarray of shape (n_samples, n_units)
            Activations of the last hidden layer.

        Raises
        ------
        ValueError
            If there is no hidden layer.
        """
        X = self._validate_features(X, NUMBERS)
        coefs, intercepts, _ = plain_layers(self)
        if len(coefs) == 1:
            raise ValueError(
                "hidden_features expects a network with a hidden layer, got "
                f"hidden_layer_sizes={self.hidden_layer_sizes!r}."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            hidden = hidden_outputs(X, coefs, intercepts, self.activation)
        return finite(hidden)

    def input_gradient(self, X: Any, y: Any) -> Array:
        """Return how the loss of each row changes with its features.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, of the kind that `fit` was given.

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features)
            Gradient of the loss of each row, without penalties, by its own features.
        """
        X, y = checked_pair(self, X, y)
        targets = np.asarray(self._as_targets(y, self._precision))
        return input_gradient(*fitted_network(self), X, targets)

    def to_sklearn(self) -> Any:
        """Return a fitted estimator of scikit-learn that predicts the same.

        Regularizers act in training only, so that what is left is what scikit-learn
        has: with the tools for its estimators it can be exported.

        Returns
        -------
        estimator : MLPClassifier or MLPRegressor of sklearn.neural_network
            Fitted, with copies of the weights; parameters that scikit-learn does not
            know are left out, those whose value it does not know have its default.

        Raises
        ------
        ValueError
            If scikit-learn lacks the activation.
        """
        check_is_fitted(self)
        return to_sklearn(self)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the optimizer's state unless `partial_fit` will go on from it."""
        state = dict(super().__getstate__())
        training = state.get("_training_state")
        if training is not None and not training["is_continued"]:
            del state["_training_state"]
        return state

    def __sklearn_tags__(self) -> Any:
        """Say that sparse features are accepted, if an augmenter takes them too."""
        tags = super().__sklearn_tags__()
        augmenter = getattr(self, "augmenter", None)
        tags.input_tags.sparse = augmenter is None or input_tags_of(augmenter).sparse
        return tags
