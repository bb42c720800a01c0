"""One call of `fit` or `partial_fit`, from the user's data to a member to train."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import clone

from skregnet._fitting.callbacks import EstimatorObserver
from skregnet._fitting.checkpoints import check_snapshots, keep_snapshots
from skregnet._fitting.configuration import (
    check_combinations,
    is_noisy,
    network_of,
    noise_source,
    recipe_of,
)
from skregnet._fitting.continuation import count_of, curve_of, go_on, number_of
from skregnet._fitting.fitted import known_rest, network_attributes, plain_layers
from skregnet._fitting.request import Request
from skregnet._fitting.shared_data import Selection, as_array
from skregnet._fitting.sizes import batch_size, check_same_sizes, hidden_sizes
from skregnet._fitting.solvers import (
    has_learning_rate,
    schedule_of,
    stops_early,
    takes_steps,
)
from skregnet._fitting.training_data import Material, read_material
from skregnet._fitting.transfer import check_trunk, n_frozen, with_trunk
from skregnet._fitting.validation_set import (
    ValidationSet,
    check_given,
    scorer_of,
    split_rows,
)
from skregnet._kernels import Array
from skregnet._networks.folding import unfold
from skregnet._networks.losses import MultiTaskLoss
from skregnet._networks.network import Network
from skregnet._networks.stacking import architecture
from skregnet._sklearn.data_checks import random_source
from skregnet._training import (
    History,
    Member,
    Outcome,
    Plateau,
    TrainingData,
    with_exact_statistics,
)
from skregnet._training.augmentation import counted, tell_classes


class Session:
    """Validates a request and offers it as a member to train.

    Parameters
    ----------
    request : Request
        What is to be fitted.

    Attributes
    ----------
    estimator : estimator
        Whose fit this is.
    network : Network
        The architecture.
    member : Member
        The network to train.
    batch_size : int
        Rows of a minibatch.
    context : CallbackContext
        The root context of scikit-learn's callbacks.
    hook_data : dict
        The data that hooks of callbacks may ask for.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self.estimator = estimator = request.estimator
        hidden_sizes(estimator)  # refused, if need be, before the data are read
        self._is_first = not hasattr(estimator, "coefs_") or not (
            estimator.warm_start or request.incremental
        )
        has_validation = check_given(
            request.X_val,
            request.y_val,
            request.sample_weight_val,
            estimator.early_stopping,
        )
        self._check_solver(has_validation)
        check_snapshots(estimator, request.incremental, self.is_stochastic)
        check_combinations(estimator)
        check_trunk(estimator)
        material = read_material(request, self._is_first)
        X, targets = material.X, material.targets
        layer_units = estimator._layer_units(material.n_features, targets)
        if not self._is_first:
            check_same_sizes(estimator, layer_units)
        self._random_state = random_source(estimator.random_state)
        self._rng = self._noise()
        self._set_up_network(layer_units, X)
        vector = self._start_vector(layer_units, X.dtype)
        rows, validation = self._split(material, has_validation)
        self.batch_size = batch_size(estimator, len(rows))
        data = material.training_data(estimator._training_targets(targets), rows)
        self.member = self._make_member(data, vector, validation)
        keep_snapshots(estimator, self.member, validation)

    @property
    def signature(self) -> tuple[Any, ...]:
        """What members of one stack have in common."""
        member = self.member
        trains_alone = member.state is not None or not self.is_stochastic
        return (
            architecture(member.recipe),
            self.batch_size,
            len(member.data.rows),
            member.vector.dtype,
            member.data.weights is None,
            member.data.columns is None,
            member.augmenter is None,
            id(self) if trains_alone else None,
        )

    @property
    def is_stochastic(self) -> bool:
        """Whether the solver takes the steps of an optimizer."""
        return takes_steps(self.estimator)

    @property
    def is_complete(self) -> bool:
        """Whether training has ended otherwise than by the user's interrupt."""
        return self.member.outcome is not Outcome.INTERRUPTED

    @property
    def limits(self) -> dict[str, Any]:
        """When a full-batch solver ends."""
        return {"tol": self.estimator.tol, "max_fun": self.estimator.max_fun}

    def _check_solver(self, has_validation: bool) -> None:
        """Refuse combinations in which a parameter would be ignored."""
        estimator = self.estimator
        if has_validation and not stops_early(estimator):
            raise ValueError(
                f"X_val and y_val cannot be used with solver={estimator.solver!r}, "
                "which does not stop early; expected another, such as 'sgd' or 'adam'."
            )
        if (
            estimator.early_stopping
            and self._request.incremental
            and not has_validation
        ):
            raise ValueError(
                "partial_fit does not support early_stopping=True without validation "
                "data: pass X_val and y_val, or set early_stopping=False."
            )

    def _set_up_network(self, layer_units: tuple[int, ...], X: Any) -> None:
        """Describe the network and set what prediction needs to know of it."""
        estimator = self.estimator
        self.network: Network = network_of(
            estimator, layer_units, sparse=not isinstance(X, np.ndarray)
        )
        estimator.n_outputs_ = layer_units[-1]
        estimator.n_layers_ = len(layer_units)
        estimator.out_activation_ = estimator._loss.output_activation

    def _start_vector(self, layer_units: tuple[int, ...], dtype: np.dtype) -> Array:
        """Draw initial weights, or go on from the fitted ones."""
        estimator, network = self.estimator, self.network
        if not self._is_first:
            coefs, intercepts, _ = plain_layers(estimator)
            return unfold(network, coefs, intercepts, known_rest(estimator, network))
        drawn = estimator._initial(layer_units, self._random_state)
        drawn = with_trunk(estimator, layer_units[0], drawn)
        return network.pack(*drawn).astype(dtype, copy=False)

    def _noise(self) -> np.random.Generator | None:
        """Return the source of noise where there is any."""
        if not is_noisy(self.estimator):
            return None
        n_rows_seen = 0 if self._is_first else count_of(self.estimator, "t_")
        rng: np.random.Generator = noise_source(self._random_state, n_rows_seen)
        return rng

    def at_test(self, vector: Array) -> Array:
        """Return a vector with the statistics that predictions go by."""
        return _at_test(self.network, self._all_data(self.member.data), vector)

    def _all_data(self, data: TrainingData) -> TrainingData | None:
        """Return the data if they are all that is to be learned from."""
        return None if self._request.incremental else data

    def _split(
        self, material: Material, has_validation: bool
    ) -> tuple[Array, ValidationSet | None]:
        """Return the rows to learn from and the validation data."""
        estimator, request, rows = self.estimator, self._request, material.rows
        if not (stops_early(estimator) and estimator.early_stopping):
            return rows, None
        if has_validation:
            return rows, estimator._validate_validation(
                request.X_val,
                request.y_val,
                request.sample_weight_val,
                material.X.dtype,
            )
        if material.held_out_of_pool is not None:
            return rows, material.held_out_of_pool
        labels = estimator._stratify_by(material.targets)
        rows, held_out = split_rows(
            rows,
            estimator.validation_fraction,
            None if labels is None else labels[rows],
            self._random_state,
        )
        return rows, material.held_out(held_out)

    def _make_member(
        self, data: TrainingData, vector: Array, validation: ValidationSet | None
    ) -> Member:
        """Put together what training needs."""
        estimator = self.estimator
        incremental = self._request.incremental
        member = Member(
            recipe=replace(
                recipe_of(estimator, self.network, data.mean_weight),
                n_frozen=n_frozen(estimator),
            ),
            data=data,
            vector=vector,
            plateau=self._plateau(validation is not None),
            history=self._history(),
            observer=self._observer(validation, data),
            max_epochs=1 if incremental else estimator.max_iter,
            total_epochs=estimator.max_iter,
            validates=validation is not None,
            validation_interval=estimator.validation_interval,
            random_state=self._random_state,
            shuffle=estimator.shuffle,
            rng=self._rng,
            augmenter=self._augmenter(data),
            is_averaging=incremental,
            is_continued=incremental,
        )
        if validation is not None and not self._is_first:
            member.best = vector.copy()
        if not has_learning_rate(estimator):
            return member
        member.schedule = schedule_of(estimator)
        member.learning_rate = member.schedule.initial
        if incremental and not self._is_first:
            go_on(estimator, member)
        return member

    def _augmenter(self, data: TrainingData) -> Any:
        """Return a copy of the augmenter, fitted to the rows to learn from."""
        augmenter = self.estimator.augmenter
        if augmenter is None:
            return None
        if isinstance(augmenter, type):
            raise ValueError(
                f"augmenter expects an object, such as {augmenter.__name__}(), got the "
                f"class {augmenter.__name__}."
            )
        rows = as_array(Selection(data.inputs, data.rows, data.columns))
        # Within a fit scikit-learn leaves out the check of others' parameters.
        with config_context(skip_parameter_validation=False):
            fitted = clone(augmenter).fit(rows, self._targets_to_fit(data))
        classes = getattr(self.estimator, "classes_", None)
        if isinstance(classes, np.ndarray):
            tell_classes(fitted, classes)
        return fitted

    def _targets_to_fit(self, data: TrainingData) -> Array:
        """Return the targets that changes are relative to; counts are not changed."""
        targets = data.targets[data.rows]
        loss = self.network.loss
        if isinstance(loss, MultiTaskLoss):
            targets = counted(targets, loss.sizes)
            targets[:, -len(loss.sizes) :] = 1
        return targets

    def _plateau(self, validates: bool) -> Plateau:
        """Go on with an earlier plateau if there is one of the same kind."""
        estimator = self.estimator
        plateau = Plateau(float(estimator.tol), float(estimator.n_iter_no_change))
        if self._is_first:
            return plateau
        name = "best_validation_score_" if validates else "best_loss_"
        best = number_of(estimator, name)
        if best is not None:
            plateau.best = best if validates else -best
            plateau.n_without = count_of(estimator, "_no_improvement_count")
        return plateau

    def _history(self) -> History:
        """Go on with the curves of an earlier fit, in lists of their own."""
        if self._is_first:
            return History()
        mlp = self.estimator
        return History(
            losses=curve_of(mlp, "loss_curve_"),
            learning_rates=curve_of(mlp, "learning_rate_curve_"),
            validation_scores=curve_of(mlp, "validation_scores_"),
            validation_losses=curve_of(mlp, "validation_loss_curve_"),
            n_rows_seen=count_of(mlp, "t_"),
        )

    def _observer(
        self, validation: ValidationSet | None, data: TrainingData
    ) -> EstimatorObserver:
        """Start scikit-learn's callbacks and listen for them."""
        estimator, request = self.estimator, self._request
        context = estimator._init_callback_context(
            max_subtasks=1 if request.incremental else estimator.max_iter
        )
        hook_data = request.hook_data
        context.call_on_fit_task_begin(estimator=estimator, **hook_data)
        scorer = scorer_of(estimator)
        self.context, self.hook_data = context, hook_data
        # Not a method of the session: in a circle of references the data would outlive
        # the fit, until the garbage collector comes round.
        attributes = partial(_attributes, estimator, self.network, self._all_data(data))
        return EstimatorObserver(
            estimator, attributes, context, hook_data, validation, scorer
        )


def _at_test(network: Network, data: TrainingData | None, vector: Array) -> Array:
    """Return a vector with the statistics that predictions go by.

    They are exact after `fit`; `partial_fit` has seen some of the rows only, and keeps
    running ones.
    """
    return vector if data is None else with_exact_statistics(network, vector, data)


def _attributes(
    estimator: Any, network: Network, data: TrainingData | None, vector: Array
) -> dict[str, Any]:
    """Return the fitted attributes of the network that predicts alike."""
    return network_attributes(estimator, network, _at_test(network, data, vector))
