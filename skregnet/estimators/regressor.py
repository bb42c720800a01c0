"""The regressor."""

from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if

from skregnet._fitting.request import Request
from skregnet._kernels import Array
from skregnet._networks.losses import OUTPUT_ACTIVATIONS, REGRESSION_LOSSES, Loss
from skregnet._networks.one_hot import Targets
from skregnet._sklearn.arrays import finite, flat_if_one_column
from skregnet._sklearn.data_checks import checked_numbers
from skregnet._sklearn.private import StrOptions, _fit_context
from skregnet.estimators._base import BaseMLP, has_partial_fit


class MLPRegressor(RegressorMixin, BaseMLP):
    """Multilayer perceptron for regression.

    A drop-in for :class:`sklearn.neural_network.MLPRegressor`: with its parameters
    alone, it finds the same weights, in a fraction of the time.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, default='squared_error'
        What is minimised, averaged over rows and summed over outputs: half the squared
        error, or half the Poisson deviance of ``exp(output)``, for targets that are not
        negative.
    hidden_layer_sizes : array-like of int, default=(100,)
        Units of each hidden layer; ``()`` makes the model linear.
    activation : str or array-like of str, default='relu'
        Activation function of the hidden layers, or one for each:

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
        What early stopping watches: None for the estimator's own score, R^2; 'loss'
        for the loss on the validation data; or any scorer of scikit-learn.
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
        end of `fit`, running ones in `partial_fit`; either is folded into `coefs_` and
        `intercepts_`. A minibatch of a single row is normalised by running statistics.
        Needs an optimizer.
    target_noise : float, default=0.0
        Standard deviation of the Gaussian noise that is added to the target vectors of
        each minibatch; not for
        ``loss='poisson'``. Needs an optimizer.
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

    Attributes
    ----------
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer. They are live: edit them, and predictions follow.
    intercepts_ : list of ndarray of shape (fan_out,)
        Biases of each layer.
    n_layers_ : int
        Number of layers, inputs and outputs included.
    n_outputs_ : int
        Number of outputs.
    out_activation_ : {'identity', 'exp'}
        Output activation.
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
    MLPClassifier : Multilayer perceptron for classification.

    References
    ----------
    X. Glorot and Y. Bengio (2010). Understanding the difficulty of training deep
    feedforward neural networks. AISTATS.

    D. Kingma and J. Ba (2015). Adam: a method for stochastic optimization. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from skregnet import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> mlp = MLPRegressor(solver="lbfgs", hidden_layer_sizes=(5,), alpha=1.0,
    ...                    max_iter=2000, random_state=0)
    >>> mlp.fit(X_train, y_train).score(X_test, y_test) > 0.3
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions(set(REGRESSION_LOSSES))],
    }
    _y_numeric = True

    def __init__(
        self,
        loss: str = "squared_error",
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
        l1_ratio: float = 0.0,
        activity_penalty: str = "l1",
        activity_alpha: float = 0.0,
        activity_target: float = 0.05,
        dropout: Any = 0.0,
        input_dropout: float = 0.0,
        batch_norm: str | None = None,
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
    ) -> None:
        super().__init__(
            loss=loss,
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
            l1_ratio=l1_ratio,
            activity_penalty=activity_penalty,
            activity_alpha=activity_alpha,
            activity_target=activity_target,
            dropout=dropout,
            input_dropout=input_dropout,
            batch_norm=batch_norm,
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
        )

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> "MLPRegressor":
        """Go through the given data once more.

        With ``early_stopping=True`` each call is followed by a check of the validation
        data, and once progress has ended the best weights come back.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Features to validate on; needed with ``early_stopping=True``.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Targets of `X_val`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the rows of `X_val`.

        Returns
        -------
        self : MLPRegressor
            The fitted estimator.
        """
        return self._fit(
            X,
            y,
            incremental=True,
            sample_weight=sample_weight,
            X_val=X_val,
            y_val=y_val,
            sample_weight_val=sample_weight_val,
        )

    def predict(self, X: Any) -> Array:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions, in the precision of weights and features.
        """
        with np.errstate(over="ignore"):
            return finite(self._predictions(self._outputs(X)))

    def __sklearn_tags__(self) -> Any:
        """Say which targets are accepted."""
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = self.loss == "poisson"
        tags.target_tags.multi_output = True
        return tags

    def _predictions(self, outputs: Array) -> Array:
        """Apply the output activation, in place."""
        predictions = OUTPUT_ACTIVATIONS[self.out_activation_](outputs)
        return predictions.ravel() if predictions.shape[1] == 1 else predictions

    @property
    def _loss(self) -> Loss:
        return REGRESSION_LOSSES[self.loss]

    def _checked_y(self, y: Any) -> Any:
        return checked_numbers(y, "y")

    def _check_targets(self, y: Array, request: Request) -> Array:
        return self._check_range(y)

    def _check_range(self, y: Array) -> Array:
        y = flat_if_one_column(y)
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError(
                "loss='poisson' expects y >= 0, got a smallest value of "
                f"{y.min():g}; use loss='squared_error' for such targets."
            )
        return y

    def _check_other_targets(self, y: Any, name: str) -> Array:
        y = checked_numbers(y, name)
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name=name)
        y = self._check_range(y)
        n_outputs = 1 if y.ndim == 1 else y.shape[1]
        if n_outputs != self.n_outputs_:
            raise ValueError(
                f"{name} has {n_outputs} outputs, but the y of fit has "
                f"{self.n_outputs_}."
            )
        return y

    def _encode(self, y: Array, dtype: Any) -> Array:
        return y.reshape(len(y), -1).astype(dtype, order="C", copy=False)

    def _encoding_key(self) -> None:
        return None

    def _with_known_classes(self, y: Array) -> Array:
        return y

    def _row_weights(
        self, weights: Array | None, y: Array, incremental: bool
    ) -> Array | None:
        return weights

    def _stratify_by(self, targets: Targets) -> None:
        return None

    def _score_outputs(self, outputs: Array, y: Array, weights: Array | None) -> float:
        predictions = self._predictions(outputs)
        if not np.isfinite(predictions).all():
            return float("nan")
        return float(r2_score(y, predictions, sample_weight=weights))
