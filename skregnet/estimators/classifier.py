"""The classifier."""

from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from scipy import special
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    check_classification_targets,
    type_of_target,
    unique_labels,
)

from skregnet._fitting.fitted import check_classes
from skregnet._fitting.request import Request
from skregnet._kernels import Array
from skregnet._networks.losses import (
    BINARY_LOG_LOSS,
    LOG_LOSS,
    OUTPUT_ACTIVATIONS,
    Loss,
)
from skregnet._networks.one_hot import OneHot, Targets
from skregnet._sklearn.arrays import flat_if_one_column
from skregnet._sklearn.constraints import Interval
from skregnet._sklearn.data_checks import accuracy, checked_labels, dense, naming
from skregnet._sklearn.labels import class_weights, codes_of, learn_classes
from skregnet._sklearn.private import StrOptions, _fit_context
from skregnet.estimators._base import BaseMLP, has_partial_fit


class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multilayer perceptron for classification.

    A drop-in for :class:`sklearn.neural_network.MLPClassifier`: with its parameters
    alone, it finds the same weights, in a fraction of the time.

    The loss is the cross-entropy, by softmax for three and more classes and by the
    logistic function for two classes and for each label of a multilabel problem (summed
    over labels), averaged over rows.

    Parameters
    ----------
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
        or else a `validation_fraction` of the rows, stratified by
        class. Not used by
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
        What early stopping watches: None for the estimator's own score, accuracy;
        'loss' for the loss on the validation data; or any scorer of scikit-learn.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, by which sample weights are multiplied; 'balanced' makes
        them inversely proportional to the classes' weight in the data. For a multilabel
        problem, a list of dicts, one a label.
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
    label_smoothing : float, default=0.0
        Share of each target that is spread evenly over the classes, in [0, 1); of a
        label indicator, over its two values.
    target_noise : float, default=0.0
        Standard deviation of the Gaussian noise that is added to the target vectors of
        each minibatch; for more than two
        classes the noise of a row sums to 0. Needs an optimizer.
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
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer. They are live: edit them, and predictions follow.
    intercepts_ : list of ndarray of shape (fan_out,)
        Biases of each layer.
    n_layers_ : int
        Number of layers, inputs and outputs included.
    n_outputs_ : int
        Number of outputs.
    out_activation_ : {'softmax', 'logistic'}
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
    MLPRegressor : Multilayer perceptron for regression.

    References
    ----------
    X. Glorot and Y. Bengio (2010). Understanding the difficulty of training deep
    feedforward neural networks. AISTATS.

    D. Kingma and J. Ba (2015). Adam: a method for stochastic optimization. ICLR.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import train_test_split
    >>> from skregnet import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> mlp = MLPClassifier(solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0)
    >>> mlp.fit(X_train, y_train).score(X_test, y_test) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseMLP._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    }
    _y_numeric = False
    classes_: Array

    def __init__(
        self,
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
    ) -> None:
        super().__init__(
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
        )

    @available_if(has_partial_fit)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> "MLPClassifier":
        """Go through the given data once more.

        With ``early_stopping=True`` each call is followed by a check of the validation
        data, and once progress has ended the best weights come back.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur; needed in the first call.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Features to validate on; needed with ``early_stopping=True``.
        y_val : array-like of shape (n_val,) or (n_val, n_labels), default=None
            Labels of `X_val`.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the rows of `X_val`.

        Returns
        -------
        self : MLPClassifier
            The fitted estimator.
        """
        return self._fit(
            X,
            y,
            incremental=True,
            sample_weight=sample_weight,
            classes=classes,
            X_val=X_val,
            y_val=y_val,
            sample_weight_val=sample_weight_val,
        )

    def predict(self, X: Any) -> Array:
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class of each row, or each label that is more probable
            than not.
        """
        return self._decode(self._outputs(X))

    def predict_proba(self, X: Any) -> Array:
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        outputs = self._outputs(X)
        if len(self.classes_) == 1:
            return np.ones_like(outputs)
        if self.n_outputs_ == 1:
            # Not 1 - p, which would round small probabilities to 0.
            outputs = np.hstack([-outputs, outputs])
        return OUTPUT_ACTIVATIONS[self.out_activation_](outputs)

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithm of the probability of each class.

        It is computed from the outputs, not from probabilities, and stays finite where
        those round to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        outputs = self._outputs(X)
        if len(self.classes_) == 1:
            return np.zeros_like(outputs)
        if self.out_activation_ == "softmax":
            return special.log_softmax(outputs, axis=1)
        if self.n_outputs_ == 1:
            outputs = np.hstack([-outputs, outputs])
        return special.log_expit(outputs)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            True labels; of several labels a sample, all must be right.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        accuracy : float
            Share of samples whose prediction is right, in [0, 1].
        """
        return accuracy(y, self.predict(X), sample_weight)

    def __sklearn_tags__(self) -> Any:
        """Say that multilabel targets are accepted."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @property
    def _is_multilabel(self) -> bool:
        return self._label_binarizer.y_type_.startswith("multilabel")

    @property
    def _loss(self) -> Loss:
        is_multiclass = self._label_binarizer.y_type_ == "multiclass"
        return LOG_LOSS if is_multiclass else BINARY_LOG_LOSS

    def _check_targets(self, y: Array, request: Request) -> Array:
        y = flat_if_one_column(y)
        if request.incremental and self._is_first_call(request.classes):
            is_multilabel = type_of_target(y).startswith("multilabel")
            self._label_binarizer = (
                LabelBinarizer().fit(y)
                if is_multilabel
                else _binarizer_of(self.classes_)
            )
        goes_on = self.warm_start or request.incremental
        if goes_on and hasattr(self, "classes_"):
            self._check_same_classes(y)
            return y
        if y.ndim > 1:
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            return y
        check_classification_targets(y)
        self.classes_ = learn_classes(y)[0]
        self._label_binarizer = _binarizer_of(self.classes_)
        return y

    def _is_first_call(self, given: Any) -> bool:
        """Tell whether `partial_fit` is to learn the classes, and store them if so."""
        if given is None:
            if hasattr(self, "classes_"):
                return False
            raise ValueError("classes must be passed on the first call to partial_fit.")
        with naming("classes"):
            classes = checked_labels(given, "classes")
            classes = unique_labels(classes) if np.ndim(classes) != 1 else classes
            check_classification_targets(classes)
            classes = learn_classes(np.asarray(classes))[0]
        if not hasattr(self, "classes_"):
            self.classes_ = classes
            return True
        if not np.array_equal(self.classes_, classes):
            raise ValueError(
                f"`classes={given!r}` is not the same as on last call to partial_fit, "
                f"was: {self.classes_!r}"
            )
        return False

    def _check_kind(self, y: Array, name: str) -> None:
        """Refuse targets with other numbers of labels a row than those of fit."""
        is_multilabel = type_of_target(y).startswith("multilabel")
        n_labels = y.shape[1] if is_multilabel else 1
        expected = len(self.classes_) if self._is_multilabel else 1
        if n_labels != expected:
            raise ValueError(
                f"{name} has {n_labels} labels a row, the y of fit has {expected}; "
                f"expected {name} to be of its kind."
            )

    def _check_same_classes(self, y: Array) -> None:
        self._check_kind(y, "y")
        classes = _classes_in(y)
        if self.warm_start:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same "
                    "classes as in the previous call to fit. Previously "
                    f"got {self.classes_}, `y` has {classes}"
                )
        elif (codes_of(classes, self.classes_) < 0).any():
            raise ValueError(
                "`y` has classes not in `self.classes_`. "
                f"`self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _check_other_targets(self, y: Any, name: str) -> Array:
        y = check_array(
            checked_labels(y, name),
            accept_sparse="csr",
            ensure_2d=False,
            dtype=None,
            input_name=name,
        )
        y = flat_if_one_column(y)
        self._check_kind(y, name)
        classes = _classes_in(y)
        if (codes_of(classes, self.classes_) < 0).any():
            raise ValueError(
                f"{name} has classes that the y of fit has not: that has "
                f"{self.classes_}, {name} has {classes}."
            )
        return y

    def _checked_y(self, y: Any) -> Any:
        return checked_labels(y, "y")

    def _as_targets(self, y: Array, dtype: Any) -> Targets:
        if self._is_multilabel:
            return super()._as_targets(y, dtype)
        codes = codes_of(y, self.classes_)
        if len(self.classes_) > 2:
            return OneHot(codes, len(self.classes_), np.array([0, 1], dtype))
        return codes.astype(dtype).reshape(-1, 1)

    def _encode(self, y: Array, dtype: Any) -> Array:
        encoded = dense(self._label_binarizer.transform(y))
        return encoded.astype(dtype, order="C", copy=False)

    def _encoding_key(self) -> tuple[str, Any]:
        return self._label_binarizer.y_type_, tuple(self.classes_.tolist())

    def _with_known_classes(self, y: Array) -> Array:
        if self._is_multilabel:
            return y
        is_known = codes_of(y, self.classes_) >= 0
        return np.where(is_known, y, self.classes_[:1])

    def _training_targets(self, targets: Targets) -> Targets:
        share = float(self.label_smoothing)
        if not share:
            return targets
        if isinstance(targets, OneHot):
            values = (1 - share) * targets.values + share / targets.n_classes
            return replace(targets, values=values)
        return (1 - share) * targets + share / 2

    def _stratify_by(self, targets: Targets) -> Array | None:
        if self._is_multilabel:
            return None
        return targets.codes if isinstance(targets, OneHot) else targets[:, 0]

    def _row_weights(
        self, weights: Array | None, y: Array, incremental: bool
    ) -> Array | None:
        if self.class_weight is None:
            return weights
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' cannot be used with partial_fit, which does "
                "not see all data; pass a dict of weights, such as that of "
                "sklearn.utils.class_weight.compute_class_weight."
            )
        with naming("class_weight"):
            if self._is_multilabel:
                factors = compute_sample_weight(self.class_weight, y)
            else:
                factors = self._class_factors(y, weights)
        combined: Array = factors if weights is None else factors * weights
        if not np.isfinite(combined).all() or (combined < 0).any():
            raise ValueError(
                "class_weight expects finite weights that are not negative, got "
                f"class_weight={self.class_weight!r}."
            )
        if not combined.any():
            raise ValueError(
                "class_weight and sample_weight leave no row with a weight above 0."
            )
        return combined

    def _class_factors(self, y: Array, weights: Array | None) -> Array:
        """Return the weight of each row's class."""
        codes = codes_of(y, self.classes_)
        factors = class_weights(self.class_weight, self.classes_, codes, weights)[codes]
        if weights is not None:
            factors[weights == 0] = 0
        return factors

    def _outputs(self, X: Any) -> Array:
        outputs = super()._outputs(X)
        check_classes(self.classes_, outputs.shape[1], self._is_multilabel)
        return outputs

    def _decode(self, outputs: Array) -> Array:
        """Return the labels that outputs stand for."""
        if len(self.classes_) == 1:
            return self.classes_.repeat(len(outputs))
        if self._is_multilabel:
            labels: Array = self._label_binarizer.inverse_transform(
                special.expit(outputs)
            )
            return labels
        if self.n_outputs_ == 1:
            return self.classes_[(outputs[:, 0] > 0).astype(np.intp)]
        return self.classes_[outputs.argmax(axis=1)]

    def _score_outputs(self, outputs: Array, y: Array, weights: Array | None) -> float:
        decoded = self._decode(outputs)
        if self._is_multilabel:
            hits = (dense(decoded) == dense(y)).all(axis=1)
        else:
            hits = codes_of(decoded, self.classes_) == codes_of(y, self.classes_)
        return float(np.average(hits, weights=weights))


def _binarizer_of(classes: Array) -> LabelBinarizer:
    """Return what scikit-learn's estimator encodes labels of these classes with."""
    binarizer = LabelBinarizer().fit(np.arange(len(classes)))
    binarizer.classes_ = classes
    return binarizer


def _classes_in(y: Array) -> Array:
    """Return the classes among labels, or the numbers of columns of indicators."""
    return learn_classes(y)[0] if y.ndim == 1 else unique_labels(y)
