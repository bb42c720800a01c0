"""The ensemble: members fitted to resampled data, whose outputs are combined."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skregnet._fitting.blocks import one_blas_thread
from skregnet._fitting.members import is_network
from skregnet._fitting.sample_weights import checked_weights
from skregnet._fitting.shared_data import Pool
from skregnet._fitting.targets.outputs import ClassOutput, Output, TaskOutput
from skregnet._fitting.targets.target_form import with_index_of
from skregnet._fitting.targets.votes import VOTES
from skregnet._kernels import Array
from skregnet._sklearn.arrays import finite
from skregnet._sklearn.constraints import N_JOBS, Interval
from skregnet._sklearn.data_checks import NUMBERS, random_source
from skregnet._sklearn.doc_links import DocumentedMixin
from skregnet._sklearn.private import (
    HasMethods,
    RealNotInt,
    StrOptions,
    _fit_context,
    _raise_for_params,
    _routing_enabled,
)
from skregnet._sklearn.rollback import all_or_nothing
from skregnet.ensemble._availability import (
    decides,
    gives_probabilities,
    regresses,
)
from skregnet.ensemble._combining import (
    adds_logarithms,
    combined_outputs,
    is_stand_in,
    mean_decisions,
    mean_log_probabilities,
    reduced_outputs,
)
from skregnet.ensemble._data import checked_features, checked_targets, dense_targets
from skregnet.ensemble._members import Job, fit_members
from skregnet.ensemble._out_of_bag import score_out_of_bag
from skregnet.ensemble._sampling import Sampling, sampling_of
from skregnet.estimators import MLPClassifier, MultiTaskMLP

_LARGEST_SEED = np.iinfo(np.int32).max
_OUT_OF_BAG = ("oob_score_", "oob_decision_function_", "oob_prediction_")


class BaggingEnsemble(
    DocumentedMixin, CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator
):
    """Estimators fitted to resampled data, that decide together.

    Each member learns from rows, and perhaps features, drawn for it. Their errors
    differ, and the mean of their outputs errs less than they do: its variance is that
    of a member times the mean correlation of their errors.

    Any classifier or regressor of scikit-learn's kind may be a member, pipelines too,
    and the ensemble is a classifier or a regressor as they are. Networks of this
    package train together, as stacks, with the data shared; each member comes out as if
    it had been fitted alone to its rows. `len`, an index and iteration give the fitted
    members.

    Parameters
    ----------
    estimator : estimator, default=None
        What the members are copies of, each with a seed of its own; None means
        ``MLPClassifier()``. Networks with ``early_stopping=True`` validate on the rows
        that have not been drawn for them, of classes that have; where those are fewer
        than two, on a part of their own rows.
    n_estimators : int, default=10
        Number of members.
    max_samples : int, float or None, default=1.0
        Rows that each member learns from: a number; a share of the rows; or None for as
        many as there are. With sample weights, rows without weight are not among them,
        and with weights that are whole numbers their sum is the number of rows.
    max_features : int or float, default=1.0
        Features that each member learns from: a number, or a share of at least one.
    bootstrap : bool, default=True
        Whether a row may be drawn several times. If False and all rows are drawn, all
        members learn from the same rows and differ by their seeds.
    bootstrap_features : bool, default=False
        Whether a feature may be drawn several times.
    voting : {'soft', 'hard', 'mean', 'median'}, default='soft'
        How outputs are combined:

        - 'soft', by the mean of the probabilities of classes, or of the predictions of
          regressors; a classifier without `predict_proba` counts by its votes;
        - 'hard', by the classes that the members vote for; ties go to the first;
        - 'mean', another name of 'soft' for regressors;
        - 'median', by the median of the predictions of regressors.
    oob_score : bool, default=False
        Whether to score each row by the members that have not learned from it.
    warm_start : bool, default=False
        Whether `fit` keeps the members that there are and adds to them.
    n_jobs : int or None, default=None
        Workers that fit and predict, through joblib; None means one, or as many as
        :func:`joblib.parallel_config` says; -1 one for each core. Small networks are
        fitted in processes, others in threads, unless a backend is given there. Results
        do not depend on it. While members are fitted BLAS takes one thread.
    random_state : int, RandomState instance or None, default=None
        Source of what is drawn and of the members' seeds. An int makes calls
        reproducible.
    verbose : int, default=0
        How much to print of the progress.

    Attributes
    ----------
    estimator_ : estimator
        What the members are copies of.
    estimators_ : list of estimators
        The members, fitted. Where the samples of a member have one class and its
        estimator refuses that, or does not return the probability of one class, a
        :class:`sklearn.dummy.DummyClassifier` of that class.
    estimators_samples_ : list of ndarray of int
        Rows that each member has learned from, drawn anew from its seed. Copies by
        pickle or `copy.deepcopy` have it with ``oob_score=True`` only, or where rows
        are not drawn by their contents or weights.
    estimators_features_ : list of ndarray of int
        Features that each member has learned from.
    classes_ : ndarray of shape (n_classes,), or list of those
        Classes of a classifier; of a multilabel one the numbers of its labels. Of
        networks of several tasks the classes of each classification.
    n_classes_ : int
        How many there are, of one task.
    feature_importances_ : ndarray of shape (`n_features_in_`,)
        Means of the members' importances, where they have any.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.
    oob_score_ : float
        Accuracy or R^2 over the rows that some member has not learned from; with
        ``oob_score=True``.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        Probabilities, or shares of votes, by the members that have not learned from a
        row, NaN where all have; with ``oob_score=True``, of a classifier.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Predictions likewise, of a regressor.

    See Also
    --------
    skregnet.inspection.ensemble_diversity : How much the members differ, and what that
        is worth.

    Notes
    -----
    With sample weights rows are drawn in proportion to them, as in scikit-learn's
    bagging; members learn from the rows drawn without further weights. Rows are drawn
    in an order given by their contents, so that a row of weight 2 counts exactly as two
    rows, in any place. Where all rows are taken and nothing is drawn, members get the
    weights.

    The order of the samples, the weights and the out-of-bag outputs have a value for
    each sample. Copies by pickle hold them with ``oob_score=True`` only, so that files
    do not grow with the data.

    References
    ----------
    L. Breiman (1996). Bagging predictors. Machine Learning 24(2).

    T. Ho (1998). The random subspace method for constructing decision forests. IEEE
    Transactions on Pattern Analysis and Machine Intelligence 20(8). The lecture's
    heading "Ensemble Learning".

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.preprocessing import scale
    >>> from skregnet import BaggingEnsemble, MLPClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(scale(X), y, random_state=0)
    >>> network = MLPClassifier(learning_rate_init=0.01, max_iter=500)
    >>> bag = BaggingEnsemble(network, n_estimators=16, oob_score=True, random_state=0)
    >>> bag.fit(X_train, y_train).score(X_test, y_test) > 0.95
    True
    >>> bag.oob_score_ > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "max_samples": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
            None,
        ],
        "max_features": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
        ],
        "bootstrap": ["boolean"],
        "bootstrap_features": ["boolean"],
        "voting": [StrOptions({"soft", "hard", "mean", "median"})],
        "oob_score": ["boolean"],
        "warm_start": ["boolean"],
        "n_jobs": N_JOBS,
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _output: Output

    def __init__(
        self,
        estimator: Any = None,
        n_estimators: int = 10,
        *,
        max_samples: float | None = 1.0,
        max_features: float = 1.0,
        bootstrap: bool = True,
        bootstrap_features: bool = False,
        voting: str = "soft",
        oob_score: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.bootstrap_features = bootstrap_features
        self.voting = voting
        self.oob_score = oob_score
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    # The members' parameters are checked too, which `fit` of theirs might not see.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **fit_params: Any) -> Self:
        """Fit the members.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features. Members other than networks get rows of a data frame as a data
            frame.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets: class labels, or a label indicator matrix; or numbers.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative: rows are drawn in proportion to them.
        **fit_params : dict
            What else to fit members with, by metadata routing; what has a value for
            each row is drawn along with the rows. Networks are then fitted one by one.

        Returns
        -------
        self : BaggingEnsemble
            The fitted ensemble.

        Raises
        ------
        ValueError
            If parameters or data are invalid, or a member cannot be fitted. The
            ensemble is then as it was before.
        """
        _raise_for_params(fit_params, self, "fit")
        parameters = dict(fit_params)
        if _routing_enabled():
            parameters = dict(process_routing(self, "fit", **fit_params).estimator.fit)
        with all_or_nothing(self), one_blas_thread():
            self._fit(X, y, sample_weight, parameters)
        return self

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, parameters: dict[str, Any]
    ) -> None:
        """Draw, fit and score."""
        template = self._template()
        self._check_template(template)
        goes_on = self.warm_start and hasattr(self, "estimators_")
        features = checked_features(self, X, reset=not goes_on)
        targets, output = checked_targets(self, features, y)
        weights = checked_weights(sample_weight, features)
        sampling = sampling_of(self, features, targets, weights)
        self._check_all_rows(template, sampling, weights)
        for name in _OUT_OF_BAG:
            self.__dict__.pop(name, None)
        self._learn_output(output, goes_on)
        self.estimator_ = clone(template)
        if not goes_on:
            self.estimators_: list[Any] = []
            self.estimators_features_: list[Array] = []
            self._draws: list[tuple[Sampling, int]] = []
        seeds = self._new_seeds()
        pool = None
        if is_network(template):
            template._validate_params()
            if not (parameters or isinstance(output, TaskOutput)):
                pool = Pool(features, targets)
        job = Job(
            self.estimator_,
            sampling,
            features,
            targets,
            math.prod(output.shape),
            pool,
            weights,
            parameters,
        )
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._fit_members(job, seeds, {"X": X, "y": y, "metadata": metadata})
        if self.oob_score:
            outputs, self.oob_score_ = score_out_of_bag(
                self, features, targets, weights
            )
            self._keep_out_of_bag(outputs)

    def _fit_members(self, job: Job, seeds: Array, hook_data: dict[str, Any]) -> None:
        """Fit members of new seeds, callbacks around each, and keep them."""
        context = self._init_callback_context(
            max_subtasks=len(seeds), sequential_subtasks=False
        ).call_on_fit_task_begin(estimator=self, **hook_data)
        contexts: list[Any] = [None] * len(seeds)
        if _has_callbacks(self, job.template):
            job = replace(job, caller=self)
            contexts = [
                context.subcontext(task_name="member", task_id=k)
                for k in range(len(seeds))
            ]
        members = fit_members(job, seeds, contexts, self.n_jobs, int(self.verbose))
        # After an interrupt there are only some.
        fitted = [
            (member, seed)
            for member, seed in zip(members, seeds, strict=False)
            if member is not None
        ]
        if len(fitted) < min(1, len(seeds)):
            raise KeyboardInterrupt
        self._keep_members(fitted, job.sampling)
        context.call_on_fit_task_end(
            estimator=self, reconstruction_attributes=dict, **hook_data
        )

    def _keep_members(self, fitted: list[tuple[Any, Any]], sampling: Sampling) -> None:
        """Add fitted members, with their seeds, to those that there are.

        Lists are new ones: if what follows fails, the old ones come back unchanged.
        """
        output = self._output
        if fitted and isinstance(output, ClassOutput):
            in_lists = isinstance(getattr(fitted[0][0], "classes_", None), list)
            self._output = replace(output, in_lists=in_lists)
        every = np.arange(self.n_features_in_)
        columns = [sampling.draw_columns(seed) for _, seed in fitted]
        self.estimators_ = [*self.estimators_, *(member for member, _ in fitted)]
        self.estimators_features_ = [
            *self.estimators_features_,
            *(every if own is None else own for own in columns),
        ]
        self._draws = [*self._draws, *((sampling, int(seed)) for _, seed in fitted)]

    def _new_seeds(self) -> Array:
        """Return a seed for each member that is to be fitted."""
        n_there = len(self.estimators_)
        n_new = int(self.n_estimators) - n_there
        if n_new < 0:
            raise ValueError(
                f"n_estimators={self.n_estimators} expects at least the {n_there} "
                "members that there are, since warm_start=True only adds to them; "
                "raise it, or set warm_start=False."
            )
        if n_new == 0:
            warnings.warn(
                "Warm-start fitting without increasing n_estimators does not fit new "
                "members.",
                stacklevel=2,
            )
        random_state = random_source(self.random_state)
        seeds: Array = random_state.randint(_LARGEST_SEED, size=int(self.n_estimators))
        return seeds[n_there:]

    def _template(self) -> Any:
        """Return what members are copies of, not cloned."""
        return MLPClassifier() if self.estimator is None else self.estimator

    def _check_template(self, template: Any) -> None:
        """Refuse what is neither a classifier nor a regressor, or cannot vote so."""
        kind = get_tags(template).estimator_type
        if kind not in VOTES or (kind is None and not _has_tasks(template)):
            raise ValueError(
                "estimator expects a classifier or a regressor, or a pipeline that "
                f"ends in one, got estimator={template!r}."
            )
        if self.voting not in VOTES[kind]:
            raise ValueError(
                f"voting expects one of {VOTES[kind]} for a {kind}, got "
                f"voting={self.voting!r} with estimator={template!r}."
            )

    def _check_all_rows(
        self, template: Any, sampling: Sampling, weights: Array | None
    ) -> None:
        """Refuse what would be of no effect where all rows are taken."""
        if not sampling.takes_all_rows:
            return
        if self.oob_score:
            raise ValueError(
                "oob_score=True expects members to leave rows out, got bootstrap=False "
                f"and max_samples={self.max_samples!r}; set bootstrap=True, or a "
                "smaller max_samples."
            )
        if weights is not None and not has_fit_parameter(template, "sample_weight"):
            raise ValueError(
                "sample_weight expects members that take weights where all rows are "
                f"taken and none are drawn, got estimator={template!r}; set "
                "bootstrap=True."
            )

    def _learn_output(self, output: Output, goes_on: bool) -> None:
        """Set how outputs are read, or refuse other classes than there are."""
        if goes_on and not _agree(output, self._output):
            raise ValueError(
                "y expects the classes of the first call, since warm_start=True, got "
                "others; set warm_start=False."
            )
        self._output = output
        for name in ("classes_", "n_classes_"):
            self.__dict__.pop(name, None)
        if isinstance(output, ClassOutput):
            self.classes_: Any = output.classes
            self.n_classes_ = len(output.classes)
        elif isinstance(output, TaskOutput) and len(output.classes):
            self.classes_ = output.classes

    def _keep_out_of_bag(self, outputs: Array) -> None:
        """Store outputs of rows by the members they are new to."""
        if is_classifier(self.estimator_):
            self.oob_decision_function_ = outputs
        else:
            self.oob_prediction_ = outputs

    @property
    def estimators_samples_(self) -> list[Array]:
        """Rows that each member has learned from, drawn anew from its seed.

        Returns
        -------
        samples : list of ndarray of int
            One array a member; a row may occur several times.

        Raises
        ------
        AttributeError
            If the ensemble is a copy that does not hold the order of the samples.
        """
        check_is_fitted(self)
        if not all(sampling.draws_rows for sampling, _ in self._draws):
            raise AttributeError(
                "estimators_samples_ is not known to copies by pickle of an ensemble "
                "fitted with oob_score=False, which leave out what has a value for "
                "each sample; set oob_score=True, or look it up before copying."
            )
        return [sampling.draw(seed).rows for sampling, seed in self._draws]

    @property
    def feature_importances_(self) -> Array:
        """Means of the members' importances, each feature in its place.

        A feature that a member does not know has no importance there; constant members
        do not count.

        Returns
        -------
        importances : ndarray of shape (`n_features_in_`,)
            In the members' own units.

        Raises
        ------
        AttributeError
            If a member has none.
        """
        check_is_fitted(self)
        total, n_members = np.zeros(self.n_features_in_), 0
        for member, columns in zip(
            self.estimators_, self.estimators_features_, strict=True
        ):
            if not is_stand_in(self, member):
                np.add.at(total, columns, member.feature_importances_)
                n_members += 1
        return total / max(n_members, 1)

    def __len__(self) -> int:
        """Return the number of fitted members."""
        check_is_fitted(self)
        return len(self.estimators_)

    def __getitem__(self, index: Any) -> Any:
        """Return a fitted member, or a list of some."""
        check_is_fitted(self)
        return self.estimators_[index]

    def __iter__(self) -> Iterator[Any]:
        """Return an iterator over the fitted members."""
        check_is_fitted(self)
        return iter(self.estimators_)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what has a value for each sample, unless oob_score asked for it."""
        state = dict(super().__getstate__())
        if "_draws" in state and not any(name in state for name in _OUT_OF_BAG):
            shared = {id(sampling): sampling for sampling, _ in self._draws}
            without = {key: shared[key].without_rows() for key in shared}
            state["_draws"] = [(without[id(own)], seed) for own, seed in self._draws]
        return state

    def predict(self, X: Any, **params: Any) -> Array:
        """Predict classes or numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        **params : dict
            Metadata for the members' `predict_proba` or `predict`, by metadata routing.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The class, or each label, that the members decide on; or the mean or median
            of their predictions.
        """
        outputs = self._combined_outputs(X, self._routed("predict", params))
        return with_index_of(X, self._output.decode(outputs))

    @available_if(gives_probabilities)
    def predict_proba(self, X: Any, **params: Any) -> Any:
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        **params : dict
            Metadata for the members' `predict_proba` or `predict`, by metadata routing.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), or list of those
            Means of the members' probabilities, in the order of `classes_`. Of a
            multilabel problem a column is the probability of a label; where members
            return a list of arrays, one a label, so does the ensemble.
        """
        outputs = self._combined_outputs(X, self._routed("predict_proba", params))
        return self._output.probabilities(outputs)

    @available_if(gives_probabilities)
    def predict_log_proba(self, X: Any, **params: Any) -> Any:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        **params : dict
            Metadata for the members' `predict_log_proba`, `predict_proba` or `predict`,
            by metadata routing.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes), or list of those
            In the form of `predict_proba`.
        """
        parameters = self._routed("predict_log_proba", params)
        with np.errstate(over="ignore", invalid="ignore"):
            return mean_log_probabilities(self, self._checked(X), parameters)

    @available_if(decides)
    def decision_function(self, X: Any, **params: Any) -> Array:
        """Return the mean of the members' decision functions.

        It ranks samples, as scorers do. `predict` goes by probabilities or votes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        **params : dict
            Metadata for the members' `decision_function`, by metadata routing.

        Returns
        -------
        decisions : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One value a sample for two classes, else one a class. To a class that a
            member has not seen it gives its least value; members of a single class give
            that 1 and the others -1.
        """
        parameters = self._routed("decision_function", params)
        with np.errstate(over="ignore", invalid="ignore"):
            return finite(mean_decisions(self, self._checked(X), parameters))

    @available_if(regresses)
    def predict_std(self, X: Any) -> Array:
        """Predict how much the members differ.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.

        Returns
        -------
        std : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Standard deviation of the members' predictions about their mean, in units of
            `y`. It is that of the model: noise of the targets is not in it.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            std = reduced_outputs(self, self._checked(X), lambda own: own.std(axis=0))
        return finite(std)

    @available_if(regresses)
    def predict_quantiles(self, X: Any, quantiles: Any = (0.05, 0.5, 0.95)) -> Array:
        """Predict quantiles of the members' predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        quantiles : float or array-like of float, default=(0.05, 0.5, 0.95)
            Which quantiles, in [0, 1].

        Returns
        -------
        values : ndarray of shape (n_quantiles, n_samples) or (n_quantiles, n_samples, \
                n_outputs)
            A row for each quantile; without that axis for a single number. Noise of the
            targets is not in them.

        Raises
        ------
        ValueError
            If a quantile is not in [0, 1].
        """
        shares = np.asarray(quantiles, dtype=np.float64)
        if not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError(
                f"quantiles expects numbers in [0, 1], got quantiles={quantiles!r}."
            )
        quantiles_of = partial(np.quantile, q=shares, axis=0)
        X = self._checked(X)
        return reduced_outputs(self, X, quantiles_of, sample_axis=shares.ndim)

    def score(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> float:
        """Return the accuracy of a classifier, R^2 of a regressor.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        **params : dict
            Metadata for the members' `predict_proba` or `predict`, by metadata routing.

        Returns
        -------
        score : float
            1 is the best.
        """
        outputs = self._combined_outputs(X, self._routed("score", params))
        return self._output.score(outputs, dense_targets(y), sample_weight)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata reaches the members.

        Returns
        -------
        routing : MetadataRouter
            What `fit` is given goes to the members' `fit`; what `predict`,
            `predict_proba`, `predict_log_proba` and `score` are given to the method
            that the members vote by; what `decision_function` is given to theirs.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        mapping.add(caller="decision_function", callee="decision_function")
        for caller in ("predict", "predict_proba", "predict_log_proba", "score"):
            mapping.add(caller=caller, callee=self._member_method(caller))
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(estimator=self._template(), method_mapping=mapping)
        )

    def __sklearn_tags__(self) -> Any:
        """Be what the members are."""
        tags = super().__sklearn_tags__()
        of_members = get_tags(self._template())
        tags.estimator_type = of_members.estimator_type
        tags.classifier_tags = of_members.classifier_tags
        tags.regressor_tags = of_members.regressor_tags
        tags.target_tags = of_members.target_tags
        tags.target_tags.required = True
        if tags.estimator_type == "classifier" and not _has_tasks(self._template()):
            tags.target_tags.multi_output = False
        tags.input_tags = of_members.input_tags
        # Samples are drawn, but not the columns of a matrix of pairs.
        tags.input_tags.pairwise = False
        tags.non_deterministic = of_members.non_deterministic
        return tags

    def _member_method(self, caller: str) -> str:
        """Return the name of the method of the members that a method asks."""
        template = self._template()
        if caller == "decision_function" or (
            caller == "predict_log_proba" and adds_logarithms(self)
        ):
            return caller
        is_soft = self.voting != "hard" and hasattr(template, "predict_proba")
        return "predict_proba" if is_soft and is_classifier(template) else "predict"

    def _routed(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the metadata that a method hands to the members."""
        _raise_for_params(params, self, method)
        if not _routing_enabled():
            return {}
        routed = process_routing(self, method, **params).estimator
        return dict(routed[self._member_method(method)])

    def _checked(self, X: Any) -> Any:
        """Return features that the members can predict."""
        check_is_fitted(self)
        return checked_features(self, X, reset=False, dtype=NUMBERS)

    def _combined_outputs(self, X: Any, parameters: dict[str, Any]) -> Array:
        """Return the members' outputs, combined."""
        with np.errstate(over="ignore", invalid="ignore"):
            return finite(combined_outputs(self, self._checked(X), parameters))


def _has_callbacks(ensemble: Any, template: Any) -> bool:
    """Return whether an ensemble, its estimator or what is within has callbacks.

    Without any, nobody asks for the tree of tasks, which grows with the epochs of all
    members.
    """
    parts = template.get_params(deep=True).values()
    return any(
        getattr(part, "_skl_callbacks", None) for part in (ensemble, template, *parts)
    )


def _has_tasks(template: Any) -> bool:
    return isinstance(template, MultiTaskMLP)


def _agree(output: Output, known: Output) -> bool:
    """Tell whether outputs are read alike."""
    if isinstance(output, ClassOutput) and isinstance(known, ClassOutput):
        return np.array_equal(output.classes, known.classes)
    return type(output) is type(known) and output.shape == known.shape
