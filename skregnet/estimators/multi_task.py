"""Networks of several heads: one trunk, several tasks."""

from numbers import Integral, Real
from reprlib import repr as short_repr
from typing import Any, ClassVar

import numpy as np
from scipy import special
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import ClassifierTags, RegressorTags, check_consistent_length
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skregnet._fitting.fitted import plain_layers
from skregnet._fitting.request import Request
from skregnet._fitting.sample_weights import checked_weights, summable
from skregnet._fitting.sizes import checked_sizes
from skregnet._fitting.targets.target_form import TargetForm
from skregnet._fitting.targets.tasks import (
    Task,
    check_known,
    check_tasks,
    learn_tasks,
    mean_score,
    weigh_classes,
)
from skregnet._kernels import Array
from skregnet._networks.build import Heads
from skregnet._networks.losses import MultiTaskLoss
from skregnet._networks.one_hot import Targets
from skregnet._networks.plain import hidden_outputs
from skregnet._sklearn.arrays import by_rows, finite
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import (
    FLOATS,
    NUMBERS,
    beyond_precision,
    checked_rows,
    naming,
)
from skregnet._sklearn.private import StrOptions
from skregnet.estimators._base import BaseMLP

_WEIGHT = Interval(Real, 0, None, closed="left")


def _classifies(mlp: Any) -> bool:
    """Tell whether a task is a classification, or say that none is."""
    if mlp._known_kinds() != {"regression"}:
        return True
    raise AttributeError("probabilities expect a task that is a classification.")


def _log_probabilities(task: Task, outputs: Array) -> Array:
    """Return the logarithm of the probability of each class of a task."""
    if task.n_outputs > 1:
        return special.log_softmax(outputs, axis=1)
    if task.classes is not None and len(task.classes) == 1:
        return np.zeros_like(outputs)
    return special.log_expit(np.hstack([-outputs, outputs]))


class MultiTaskMLP(BaseMLP):
    """Multilayer perceptron for several tasks at once.

    The tasks share the hidden layers of a trunk, which learn from the targets of all;
    each has outputs of its own, and with `head_layer_sizes` hidden layers of its own.
    Tasks are classifications and regressions in any mixture. A target that is missing
    (NaN, None or pandas' NA) takes no part. Augmenters may mix targets, as `Mixup`
    does; the share of a missing one in a mixture does not count.

    The loss is the sum over tasks of their losses, the cross-entropy or half the
    squared error of standardised numbers, each the sum over the cases whose target is
    there over the number of rows.

    Parameters
    ----------
    tasks : str or dict, default='auto'
        What the columns of `y` are:

        - 'auto', each column is a task, a classification where it holds labels, strings
          or whole numbers, and a regression where it holds other numbers;
        - 'classification' or 'regression', each column is a task of this kind;
        - a dict, by name of the task: one of these three for the column of that name,
          or a list of columns, which make one regression of several numbers. Columns of
          an array have their numbers for names.
    hidden_layer_sizes : array-like of int, default=(100,)
        Units of each hidden layer of the trunk, which all tasks share.
    activation : str or array-like of str, default='relu'
        Activation function of the hidden layers, or one for each, those of the heads
        behind those of the trunk:

        - 'identity', ``f(z) = z``;
        - 'logistic', ``f(z) = 1 / (1 + exp(-z))``;
        - 'tanh', ``f(z) = tanh(z)``;
        - 'relu', ``f(z) = max(0, z)``;
        - 'leaky_relu', ``f(z) = max(0.01 * z, z)``;
        - 'elu', ``f(z) = z`` above 0 and ``exp(z) - 1`` below;
        - 'selu', 'elu' scaled so that units keep mean 0 and variance 1;
        - 'gelu', ``f(z) = z * Phi(z)``, with the normal distribution's ``Phi``;
        - 'silu', ``f(z) = z * logistic(z)``;
        - 'mish', ``f(z) = z * tanh(softplus(z))``;
        - 'softplus', ``f(z) = log(1 + exp(z))``.
    solver : str or optimizer, default='adam'
        How the loss is minimised:

        - 'lbfgs', by a quasi-Newton method over all rows at once, often best for
          small data;
        - 'newton_cg', by a Hessian-free trust-region method over all rows at once, for
          losses so ill-conditioned that 'lbfgs' is slow;
        - 'eigen_step', by gradient steps over all rows at once whose sizes follow the
          curvature along the leading eigenvectors of the Hessian; with a
          `learning_rate_init` of 1 to 10;
        - 'sgd', by gradient descent over minibatches, with momentum;
        - 'adam', by Kingma and Ba's method over minibatches;
        - 'adamw', 'nadam', by that with a decay of weights, or with Nesterov's
          momentum;
        - 'adagrad', 'rmsprop', by steps over the root of squared gradients, of all or
          of recent ones;
        - 'delta_bar_delta', by a rate for each parameter, over all rows at once;
        - an optimizer of :mod:`skregnet.optimizers`, with its own learning rate and
          hyperparameters, or any object with their methods `init` and `step`.

        The first three are no optimizers: what draws noise, or acts on single steps, is
        not for them.
    alpha : float, default=0.0001
        Strength of the L2 penalty. The loss of a minibatch is its mean over the rows,
        plus ``alpha / (2 * n_rows)`` times the sum of the squared weights.
    batch_size : int or 'auto', default='auto'
        Rows of a minibatch; 'auto' means ``min(200, n_samples)``, or all rows for
        'delta_bar_delta'. Not used by 'lbfgs'.
    learning_rate : str or callable, default='constant'
        Schedule of the learning rate, not for 'lbfgs' and 'newton_cg':

        - 'constant', the initial rate throughout;
        - 'invscaling', ``learning_rate_init / (t + 1) ** power_t`` after ``t`` rows in
          all epochs;
        - 'adaptive', the initial rate as long as there is progress; each time there
          has been none for `n_iter_no_change` epochs the rate is divided by 5, until
          it is below 1e-6;
        - 'cosine', from the initial rate to 0 along half a cosine;
        - 'one_cycle', up to the initial rate over 30 % of the steps, then down;
        - 'coslog4', four cosine cycles from 0 to the initial rate and back;
        - 'warmup', up to the initial rate over a tenth of the steps;
        - a callable, that takes the share of the steps that are over, in [0, 1], and
          returns a factor of the initial rate.

        The last five change the rate with each step and span `max_iter` epochs. As in
        scikit-learn, 'invscaling' and 'adaptive' do not concern 'adam'.
    learning_rate_init : float, default=0.001
        Learning rate at the start. Not used by 'lbfgs' and 'newton_cg', nor by an
        optimizer that has its own. What 'eigen_step' takes where nothing curves.
    power_t : float, default=0.5
        Exponent of 'invscaling'.
    max_iter : int, default=200
        Most epochs, or most iterations of 'lbfgs' and 'newton_cg'.
    shuffle : bool, default=True
        Whether the rows change their order in each epoch. Not used by solvers that
        take all rows at once.
    random_state : int, RandomState instance or None, default=None
        Source of the initial weights, the validation split and the order of the rows.
        An int makes calls reproducible.
    tol : float, default=1e-4
        What counts as progress: a fall of the loss or a rise of the validation score by
        at least this. For 'lbfgs' and 'eigen_step', the largest element of the gradient
        at which to end; for 'newton_cg', its Euclidean norm.
    verbose : bool, default=False
        Whether to print the progress.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last call.
    momentum : float, default=0.9
        Share of the last step that is kept, in [0, 1], for ``solver='sgd'``.
    nesterovs_momentum : bool, default=True
        Whether the momentum is Nesterov's, for ``solver='sgd'``.
    early_stopping : bool, default=False
        Whether to end by the validation score, rather than by the training loss, and
        return to the weights of the best. The validation data are those given to `fit`,
        or else a `validation_fraction` of the rows. Not used by
        'lbfgs'.
    validation_fraction : float, default=0.1
        Share of the rows to hold out for early stopping.
    beta_1 : float, default=0.9
        Decay of the mean of gradients, in [0, 1), for 'adam', 'adamw' and 'nadam'.
    beta_2 : float, default=0.999
        Decay of the mean of squared gradients, in [0, 1), for the same solvers.
    epsilon : float, default=1e-8
        Added to the denominator, for the same solvers.
    n_iter_no_change : int or inf, default=10
        Epochs without progress after which training ends. Not used by 'lbfgs'; by
        'newton_cg' for progress of the validation score only.
    max_fun : int, default=15000
        Most evaluations of loss and gradient, for 'lbfgs', 'newton_cg' and
        'eigen_step'; the latter two take products with the Hessian besides.
    validation_interval : int, default=1
        Epochs between checks of the validation data.
    scoring : str, callable or None, default=None
        What early stopping watches: None for the estimator's own score, the mean over
        tasks; 'loss' for the loss on the validation data; or any scorer of
        scikit-learn.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, by which the loss of a case is multiplied in the task,
        and not scaled to a mean of 1: 'balanced' makes them inversely proportional to
        the classes' numbers, in each classification; a dict of weights by class; or a
        dict by name of the task, of either.
    l1_ratio : float, default=0.0
        Share of the L1 norm in the penalty, in [0, 1]: ``alpha / n_rows`` times
        ``l1_ratio * sum(abs(W)) + (1 - l1_ratio) / 2 * sum(W ** 2)``. It sets weights
        to exactly 0. Not for 'newton_cg' and 'eigen_step'.
    activity_penalty : {'l1', 'l2', 'kl'}, default='l1'
        What is penalised of the hidden activations, with ``activity_alpha > 0``:

        - 'l1', the sum of their magnitudes;
        - 'l2', half the sum of their squares;
        - 'kl', the divergence of each unit's mean over the minibatch from
          `activity_target`, for ``activation='logistic'`` and an optimizer.
    activity_alpha : float, default=0.0
        Strength of that penalty, which is a mean over rows.
    activity_target : float, default=0.05
        Mean activation that 'kl' aims at, in (0, 1).
    dropout : float or array-like of float, default=0.0
        Probability of dropping a hidden unit in training, in [0, 1), or one for each
        hidden layer. Needs an optimizer.
    input_dropout : float, default=0.0
        Probability of dropping an input in training, in [0, 1). Needs an optimizer.
    batch_norm : {None, 'before', 'after'}, default=None
        Whether to normalise hidden units over each minibatch, before or after their
        activation. Statistics of all training rows take the place of the batch's at the
        end of `fit`; they are folded into `coefs_` and
        `intercepts_`. A minibatch of a single row is normalised by running statistics.
        Needs an optimizer.
    label_smoothing : float, default=0.0
        Share of each target of a classification that is spread evenly over the classes,
        in [0, 1).
    target_noise : float, default=0.0
        Standard deviation of the Gaussian noise that is added to the target vectors of
        each minibatch; for more than two classes the noise of a row sums to 0, numbers
        are standardised before. Needs an optimizer.
    adversarial_step : float, default=0.0
        How far to move the inputs up the gradient of each row's loss, to train on them
        as well. Minibatches of sparse features become dense. Needs an optimizer.
    adversarial_norm : {'gradient', 'sign', 'l2'}, default='gradient'
        What is multiplied by `adversarial_step`: the gradient, its signs, or the
        gradient scaled to a Euclidean norm of 1.
    adversarial_weight : float, default=0.5
        Share of the moved inputs in the loss, in [0, 1].
    adversarial_iterations : int, default=1
        Number of steps of which a move is made; for 'sign' and 'l2' it stays within
        `adversarial_step` of the inputs.
    augmenter : augmenter or None, default=None
        An object of :mod:`skregnet.augmentation`, or any with its methods `fit` and
        `augment`: a copy of it, fitted to the rows to learn from and their targets as
        vectors, changes each minibatch afresh. Rows to validate on and to predict stay
        as they are, and so do the rows that `batch_norm` takes its statistics of at the
        end. Losses of changed rows go up and down: a larger `n_iter_no_change` keeps
        them from ending training too soon. Needs an optimizer.
    max_norm : float or None, default=None
        Largest Euclidean norm of the weights into a unit; weights are scaled down after
        each step. Needs an optimizer.
    max_grad_norm : float or None, default=None
        Largest Euclidean norm of the whole gradient, which is scaled down before each
        step. Needs an optimizer.
    weight_averaging : {None, 'ema', 'swa'}, default=None
        Average of the weights to validate and to predict with:

        - 'ema', a moving average over steps, with a decay of 0.999;
        - 'swa', the mean over the ends of the last epochs: those after three quarters
          of `max_iter`, or after progress has ended for the first time; training then
          goes on until it has ended once more.

        Needs an optimizer.
    initial_trunk : fitted network or None, default=None
        A fitted network of this package, or a :class:`sklearn.frozen.FrozenEstimator`
        around one, whose hidden layers, of a `MultiTaskMLP` those of the trunk, are
        what the first hidden layers start from.
    freeze_trunk : bool, default=False
        Whether these layers keep the weights that they start from.
    head_layer_sizes : array-like of int, default=()
        Units of the hidden layers that each task has of its own, on top of the trunk.
    task_weights : dict, 'uncertainty' or None, default=None
        Weight of each task in the loss, by name, 1 for those that are not named; or
        'uncertainty' to learn them: the loss of a task is multiplied by ``exp(-s)`` and
        ``s / 2`` is added, with a parameter ``s`` for each task.

    Attributes
    ----------
    tasks_ : list of Task
        What has been learned of each task: its name, its kind, its classes, or the mean
        and the scale of its numbers.
    task_names_ : list
        Names of the tasks.
    classes_ : list of ndarray
        Classes of each classification; the array itself where `y` has one dimension.
    task_weights_ : dict
        Weight of each task in the loss, given or learned.
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer; those of the heads are block-diagonal.
    intercepts_ : list of ndarray of shape (fan_out,)
        Biases of each layer.
    n_layers_ : int
        Number of layers, inputs and outputs included.
    n_outputs_ : int
        Number of outputs of all tasks.
    out_activation_ : tuple of str
        Output activation of each task.
    n_iter_ : int
        Epochs or iterations run.
    t_ : int
        Rows gone through in all epochs; 0 for 'lbfgs' and 'newton_cg'.
    loss_ : float
        Loss of the last epoch, penalty included.
    loss_curve_ : list of float
        Loss of each epoch or iteration.
    learning_rate_curve_ : list of float
        Learning rate of each epoch; empty for 'lbfgs' and 'newton_cg'.
    best_loss_ : float or None
        Smallest loss; None with early stopping.
    validation_scores_ : list of float or None
        Score of each check of the validation data; None without early stopping.
    validation_loss_curve_ : list of float or None
        Loss of each check, without penalty; None without early stopping.
    best_validation_score_ : float or None
        Greatest of these scores; None without early stopping.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    See Also
    --------
    MultiTaskMLPClassifier : All tasks are classifications.
    MultiTaskMLPRegressor : All tasks are regressions.

    References
    ----------
    R. Caruana (1997). Multitask learning. Machine Learning 28. The lecture's heading
    "Multitask Learning".

    A. Kendall, Y. Gal and R. Cipolla (2018). Multi-task learning using uncertainty to
    weigh losses for scene geometry and semantics. CVPR.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.datasets import load_iris
    >>> from skregnet import MultiTaskMLP
    >>> iris = load_iris(as_frame=True)
    >>> X = iris.data.iloc[:, :3]
    >>> Y = pd.DataFrame({
    ...     "species": iris.target_names[iris.target],
    ...     "petal width": iris.data["petal width (cm)"],
    ... })
    >>> mlp = MultiTaskMLP(learning_rate_init=0.01, max_iter=500, random_state=0)
    >>> mlp.fit(X, Y).predict(X).columns.tolist()
    ['species', 'petal width']
    >>> [score > 0.9 for score in mlp.score_tasks(X, Y).values()]
    [True, True]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMLP._parameter_constraints,
        "tasks": [str, dict],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "head_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "task_weights": [dict, StrOptions({"uncertainty"}), None],
    }
    _kind: ClassVar[str | None] = None
    """The kind that all tasks have; None for any."""
    _learns_classes_only: ClassVar[bool] = False
    tasks_: list[Task]

    def __init__(
        self,
        tasks: Any = "auto",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        validation_interval: int = 1,
        scoring: Any = None,
        class_weight: Any = None,
        l1_ratio: float = 0.0,
        activity_penalty: str = "l1",
        activity_alpha: float = 0.0,
        activity_target: float = 0.05,
        dropout: Any = 0.0,
        input_dropout: float = 0.0,
        batch_norm: str | None = None,
        label_smoothing: float = 0.0,
        target_noise: float = 0.0,
        adversarial_step: float = 0.0,
        adversarial_norm: str = "gradient",
        adversarial_weight: float = 0.5,
        adversarial_iterations: int = 1,
        augmenter: Any = None,
        max_norm: float | None = None,
        max_grad_norm: float | None = None,
        weight_averaging: str | None = None,
        initial_trunk: Any = None,
        freeze_trunk: bool = False,
        head_layer_sizes: Any = (),
        task_weights: Any = None,
    ) -> None:
        super().__init__(
            tasks=tasks,
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
            validation_interval=validation_interval,
            scoring=scoring,
            class_weight=class_weight,
            l1_ratio=l1_ratio,
            activity_penalty=activity_penalty,
            activity_alpha=activity_alpha,
            activity_target=activity_target,
            dropout=dropout,
            input_dropout=input_dropout,
            batch_norm=batch_norm,
            label_smoothing=label_smoothing,
            target_noise=target_noise,
            adversarial_step=adversarial_step,
            adversarial_norm=adversarial_norm,
            adversarial_weight=adversarial_weight,
            adversarial_iterations=adversarial_iterations,
            augmenter=augmenter,
            max_norm=max_norm,
            max_grad_norm=max_grad_norm,
            weight_averaging=weight_averaging,
            initial_trunk=initial_trunk,
            freeze_trunk=freeze_trunk,
            head_layer_sizes=head_layer_sizes,
            task_weights=task_weights,
        )

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the mean over tasks of accuracy or R^2.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
            True targets; those that are missing do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            1 is the best.
        """
        return mean_score(self.score_tasks(X, y, sample_weight).values())

    def score_tasks(
        self, X: Any, y: Any, sample_weight: Any = None
    ) -> dict[Any, float]:
        """Return accuracy or R^2 of each task.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
            True targets; those that are missing do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        scores : dict of float
            By name of the task; NaN where there are too few targets.
        """
        outputs = self._outputs(X)
        Y = self._columns_of(y, "y")
        check_consistent_length(outputs, Y)
        # A class that has not been learned is one that is not hit.
        for task in self.tasks_:
            if task.classes is None:
                check_known(task, Y, "y")
        weights = checked_weights(sample_weight, outputs)
        return self._scores(outputs, Y, weights)

    def predict(self, X: Any) -> Any:
        """Predict the targets of all tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_columns), or data frame
            Labels and numbers in the form of the `y` of `fit`: a data frame with its
            columns where that was one.
        """
        outputs = self._outputs(X)
        with np.errstate(over="ignore"):
            decoded = [
                task.decode(outputs[:, own])
                for task, own in zip(
                    self.tasks_, self._loss.outputs_of_tasks, strict=True
                )
            ]
        for task, values in zip(self.tasks_, decoded, strict=True):
            if task.classes is None:
                finite(values)
        return self._form.restore(self.tasks_, decoded, X)

    @available_if(_classifies)
    def predict_proba(self, X: Any) -> Any:
        """Predict the probability of each class of each classification.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : list of ndarray of shape (n_samples, n_classes)
            One array a classification, columns in the order of `classes_`; the array
            itself where `y` has one dimension.
        """
        outputs = self._outputs(X)
        found = [
            task.probabilities(outputs[:, own])
            for task, own in zip(self.tasks_, self._loss.outputs_of_tasks, strict=True)
            if task.classes is not None
        ]
        return found[0] if self._form.is_vector else found

    @available_if(_classifies)
    def predict_log_proba(self, X: Any) -> Any:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        log_probabilities : list of ndarray of shape (n_samples, n_classes)
            One array a classification, columns in the order of `classes_`; the array
            itself where `y` has one dimension.
        """
        outputs = self._outputs(X)
        found = [
            _log_probabilities(task, outputs[:, own])
            for task, own in zip(self.tasks_, self._loss.outputs_of_tasks, strict=True)
            if task.classes is not None
        ]
        return found[0] if self._form.is_vector else found

    @property
    def classes_(self) -> Any:
        """Classes of each classification.

        Returns
        -------
        classes : list of ndarray of shape (n_classes,)
            One array a classification; the array itself where `y` has one dimension.
        """
        found = [task.classes for task in self.tasks_ if task.classes is not None]
        if not found:
            raise AttributeError("There is no task that is a classification.")
        return found[0] if self._form.is_vector else found

    @property
    def task_names_(self) -> list[Any]:
        """Names of the tasks.

        Returns
        -------
        names : list
            In the order of `tasks_`.
        """
        return [task.name for task in self.tasks_]

    @property
    def task_weights_(self) -> dict[Any, float]:
        """Weight of each task in the loss, given or learned.

        Returns
        -------
        weights : dict of float
            By name of the task.
        """
        check_is_fitted(self)
        log_variances = (self._normalization or {}).get("log_variances", ())
        if not len(log_variances):
            return dict(self._given_weights)
        weights = np.exp(-log_variances).tolist()
        return dict(zip(self.task_names_, weights, strict=True))

    def hidden_features(self, X: Any) -> Array:
        """Return what the last layer of the trunk makes of the features.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        hidden : ndarray of shape (n_samples, n_units)
            The representation that all tasks share.

        Raises
        ------
        ValueError
            If the trunk has no layer.
        """
        X = self._validate_features(X, NUMBERS)
        n_shared = len(checked_sizes(self, "hidden_layer_sizes"))
        if not n_shared:
            raise ValueError(
                "hidden_features expects a trunk with a hidden layer, got "
                f"hidden_layer_sizes={self.hidden_layer_sizes!r}."
            )
        names = self.activation
        names = [names] * n_shared if isinstance(names, str) else list(names)[:n_shared]
        below = slice(n_shared + 1)
        coefs, intercepts, _ = plain_layers(self)
        coefs, intercepts = coefs[below], intercepts[below]
        with np.errstate(over="ignore", invalid="ignore"):
            return finite(hidden_outputs(X, coefs, intercepts, names))

    def to_sklearn(self) -> Any:
        """Refuse: scikit-learn has no network of several tasks.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            "to_sklearn expects a network that scikit-learn has, which is not so for "
            "several tasks; fit MLPClassifier or MLPRegressor to one of them."
        )

    def __sklearn_tags__(self) -> Any:
        """Be a classifier or a regressor where all tasks are of one kind."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        kinds = self._known_kinds()
        if kinds == {"regression"}:
            tags.estimator_type = "regressor"
            tags.regressor_tags = tags.regressor_tags or RegressorTags()
            return tags
        tags.classifier_tags = tags.classifier_tags or ClassifierTags()
        tags.classifier_tags.multi_label = True
        if kinds == {"classification"}:
            tags.estimator_type = "classifier"
        return tags

    def _known_kinds(self) -> set[str]:
        """Return the kinds of the tasks, as far as they are known."""
        if self._kind is not None:
            return {self._kind}
        if hasattr(self, "tasks_"):
            return {task.kind for task in self.tasks_}
        if not isinstance(self.tasks, dict):
            return {self.tasks if isinstance(self.tasks, str) else "auto"}
        given = self.tasks.values()
        return {what if isinstance(what, str) else "regression" for what in given}

    @property
    def _loss(self) -> MultiTaskLoss:
        return MultiTaskLoss(
            tuple(task.loss for task in self.tasks_),
            tuple(task.n_outputs for task in self.tasks_),
            self.task_weights == "uncertainty",
        )

    @property
    def _heads(self) -> Heads:
        n_hidden = len(checked_sizes(self, "head_layer_sizes"))
        loss = self._loss
        return Heads(n_hidden, loss.sizes, loss.learns_weights)

    def _layer_units(self, n_features: int, targets: Targets) -> tuple[int, ...]:
        trunk = checked_sizes(self, "hidden_layer_sizes")
        heads = checked_sizes(self, "head_layer_sizes")
        sizes = self._loss.sizes
        of_heads = [units * len(sizes) for units in heads]
        return (n_features, *trunk, *of_heads, sum(sizes))

    def _initial(
        self, layer_units: tuple[int, ...], random_state: np.random.RandomState
    ) -> tuple[list[Array], list[Array]]:
        """Draw each head's weights within the bounds that it would have alone."""
        weights, biases = super()._initial(layer_units, random_state)
        n_shared = len(checked_sizes(self, "hidden_layer_sizes"))
        sizes = self._loss.sizes
        for k in range(n_shared, len(weights)):
            whole_in, whole_out = weights[k].shape
            fan_in = whole_in if k == n_shared else whole_in // len(sizes)
            is_last = k == len(weights) - 1
            fan_out = np.full(len(sizes), whole_out // len(sizes))
            fan_out = np.array(sizes) if is_last else fan_out
            factor = np.sqrt((whole_in + whole_out) / (fan_in + fan_out))
            columns = np.repeat(factor, fan_out)
            weights[k] *= columns
            biases[k] *= columns
        return weights, biases

    def _validate_training(
        self, request: Request, is_first: bool
    ) -> tuple[Any, Array, Targets]:
        X = checked_rows(
            self,
            request.X,
            accept_sparse=["csr", "csc"],
            dtype=FLOATS if is_first else self._precision,
            order="C",
            reset=is_first,
        )
        with naming("y"):
            Y = self._check_targets(request.y, request)
            check_consistent_length(X, Y)
            return by_rows(X), Y, self._as_targets(Y, X.dtype)

    def _as_targets(self, y: Array, dtype: Any) -> Targets:
        for task in self.tasks_:
            task.check_size(y, dtype)
            if self._given_weight(task) > np.finfo(dtype).max:
                what = f"task_weights gives task {task.name!r} a weight"
                raise beyond_precision(what, dtype, "lower it")
        return super()._as_targets(y, dtype)

    def _checked_y(self, y: Any) -> Any:
        return y

    def _check_targets(self, y: Any, request: Request) -> Array:
        form, Y = TargetForm.of(y)
        weights = request.sample_weight
        if request.part is None:
            weights = checked_weights(weights, Y)
        elif weights is not None:
            weights = weights[request.part.rows]
        weights = summable(weights)
        if self.warm_start and hasattr(self, "tasks_"):
            self._check_other_targets(y, "y")
            tasks = self.tasks_
        else:
            check_tasks(self.tasks, self._kind)
            self._form = form
            tasks = learn_tasks(Y, form.names, self.tasks, self._kind, weights)
        self.tasks_ = weigh_classes(tasks, Y, self.class_weight, weights)
        self._check_task_weights()
        self._given_weights = {
            task.name: self._given_weight(task) for task in self.tasks_
        }
        return Y

    def _check_task_weights(self) -> None:
        """Refuse weights of tasks that are not there, or of no size."""
        if not isinstance(self.task_weights, dict):
            return
        unknown = set(self.task_weights) - set(self.task_names_)
        are_valid = not unknown and all(
            _WEIGHT.is_satisfied_by(weight) for weight in self.task_weights.values()
        )
        if not are_valid or not any(map(self._given_weight, self.tasks_)):
            raise ValueError(
                "task_weights expects a dict of finite weights that are not negative, "
                f"not all of them 0, by names of tasks, {self.task_names_!r}, got "
                f"task_weights={self.task_weights!r}."
            )

    def _check_other_targets(self, y: Any, name: str) -> Array:
        Y = self._columns_of(y, name)
        for task in self.tasks_:
            check_known(task, Y, name)
        return Y

    def _columns_of(self, y: Any, name: str) -> Array:
        """Return targets as an array of the columns of training."""
        form, Y = TargetForm.of(y)
        if form.names != self._form.names:
            raise ValueError(
                f"{name} expects the columns of the y of fit, {self._form.names!r}, "
                f"got {form.names!r}."
            )
        return Y

    def _given_weight(self, task: Task) -> float:
        """Return the weight that a task is given in the loss."""
        given = self.task_weights
        return float(given.get(task.name, 1.0)) if isinstance(given, dict) else 1.0

    def _encode(self, y: Array, dtype: Any) -> Array:
        Y = y.reshape(len(y), -1)
        n_outputs = sum(self._loss.sizes)
        encoded = np.zeros((len(Y), n_outputs + len(self.tasks_)), dtype)
        for k, own in enumerate(self._loss.outputs_of_tasks):
            task = self.tasks_[k]
            is_there = task.encode(Y, encoded[:, own])
            encoded[:, n_outputs + k] = is_there * self._given_weight(task)
        return encoded

    def _training_targets(self, targets: Targets) -> Targets:
        share = self.label_smoothing
        if not share and all(task.class_weights is None for task in self.tasks_):
            return targets
        targets = np.array(targets)
        n_outputs = sum(self._loss.sizes)
        for k, own in enumerate(self._loss.outputs_of_tasks):
            task = self.tasks_[k]
            if task.classes is None:
                continue
            of_task = targets[:, own]
            if task.class_weights is not None:
                codes = of_task[:, 0] if task.n_outputs == 1 else of_task.argmax(axis=1)
                counts = targets[:, n_outputs + k]
                with np.errstate(over="ignore"):
                    counts *= task.class_weights[codes.astype(np.intp)]
                if not np.isfinite(counts).all():
                    what = f"class_weight gives task {task.name!r} weights"
                    raise beyond_precision(what, targets.dtype, "lower them")
            of_task *= 1 - share
            of_task += share / max(task.n_outputs, 2)
        return targets

    def _encoding_key(self) -> Any:
        return tuple(task.key for task in self.tasks_)

    def _with_known_classes(self, y: Array) -> Array:
        Y = y.reshape(len(y), -1).copy()
        for task in self.tasks_:
            task.replace_unknown(Y)
        return Y

    def _row_weights(
        self, weights: Array | None, y: Array, incremental: bool
    ) -> Array | None:
        Y = y.reshape(len(y), -1)
        is_there = np.any([task.is_there(Y) for task in self.tasks_], axis=0)
        if is_there.all():
            return weights
        combined: Array = is_there * (1.0 if weights is None else weights)
        if not combined.any():
            raise ValueError(
                "sample_weight expects a weight above 0 for a row with a target that "
                "is not missing, got none."
            )
        return combined

    def _stratify_by(self, targets: Targets) -> Array | None:
        task = self.tasks_[0]
        if len(self.tasks_) > 1 or task.classes is None:
            return None
        of_task = np.asarray(targets)[:, : task.n_outputs]
        return of_task[:, 0] if task.n_outputs == 1 else of_task.argmax(axis=1)

    def _outputs(self, X: Any) -> Array:
        outputs = super()._outputs(X)
        n_expected = sum(self._loss.sizes)
        counts = {t.name: len(t.classes) for t in self.tasks_ if t.classes is not None}
        if n_expected != outputs.shape[1] or 0 in counts.values():
            raise ValueError(
                f"tasks_ expects tasks and classes for {outputs.shape[1]} outputs of "
                f"the network, as in fit, got tasks for {n_expected} outputs, with "
                f"these numbers of classes: {short_repr(counts)}."
            )
        return outputs

    def _as_given(self, y: Array) -> Any:
        return self._form.give_back(y)

    def _score_outputs(self, outputs: Array, y: Array, weights: Array | None) -> float:
        Y = y.reshape(len(y), -1)
        return mean_score(self._scores(outputs, Y, weights).values())

    def _scores(
        self, outputs: Array, Y: Array, weights: Array | None
    ) -> dict[Any, float]:
        """Return the score of each task by name."""
        return {
            task.name: task.score(outputs[:, own], Y, weights)
            for task, own in zip(self.tasks_, self._loss.outputs_of_tasks, strict=True)
        }


class MultiTaskMLPClassifier(ClassifierMixin, MultiTaskMLP):
    """Multilayer perceptron for several classifications at once.

    A :class:`MultiTaskMLP` all of whose tasks are classifications, so that scikit-learn
    takes it for a classifier, of several outputs where `y` has several columns. Its
    parameters and attributes are described there.

    See Also
    --------
    MultiTaskMLP : Tasks of any kind.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skregnet import MultiTaskMLPClassifier
    >>> X, digit = load_digits(return_X_y=True)
    >>> Y = np.column_stack([digit, digit % 2])
    >>> mlp = MultiTaskMLPClassifier(max_iter=20, tol=0.1, random_state=0)
    >>> [proba.shape for proba in mlp.fit(X, Y).predict_proba(X)]
    [(1797, 10), (1797, 2)]
    """

    _kind: ClassVar[str | None] = "classification"
    score = MultiTaskMLP.score

    def __sklearn_tags__(self) -> Any:
        """Take label indicator matrices too: each column is a task."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class MultiTaskMLPRegressor(RegressorMixin, MultiTaskMLP):
    """Multilayer perceptron for several regressions at once.

    A :class:`MultiTaskMLP` all of whose tasks are regressions, so that scikit-learn
    takes it for a regressor, of several outputs where `y` has several columns. Unlike
    `MLPRegressor` it standardises targets inside, and targets may be missing. Its
    parameters and attributes are described there.

    See Also
    --------
    MultiTaskMLP : Tasks of any kind.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from skregnet import MultiTaskMLPRegressor
    >>> X, Y = load_linnerud(return_X_y=True)
    >>> mlp = MultiTaskMLPRegressor(solver="lbfgs", alpha=10.0, random_state=0)
    >>> mlp.fit(X / X.std(axis=0), Y).predict(X / X.std(axis=0)).shape
    (20, 3)
    """

    _kind: ClassVar[str | None] = "regression"
    score = MultiTaskMLP.score
