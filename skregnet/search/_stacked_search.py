"""A search over hyperparameters whose candidates train together, as stacks."""

import time
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import get_tags, indexable

from skregnet._fitting.members import network_of
from skregnet._fitting.solvers import takes_steps
from skregnet._kernels import check_indices
from skregnet._sklearn.constraints import N_JOBS, Interval
from skregnet._sklearn.data_checks import rows_of_parameters
from skregnet._sklearn.doc_links import DocumentedMixin
from skregnet._sklearn.labels import without_loss
from skregnet._sklearn.private import (
    BaseSearchCV,
    HasMethods,
    StrOptions,
    _fit_context,
    _insert_error_scores,
    _MultimetricScorer,
    _warn_or_raise_about_fit_failures,
)
from skregnet._sklearn.rollback import all_or_nothing
from skregnet.search._candidates import (
    FixedCandidates,
    Parameters,
    Source,
    draw_candidates,
)
from skregnet.search._evaluation import Evaluation, Halving
from skregnet.search._folds import Folds, candidate, check_template
from skregnet.search._halving import ranks_by_rung
from skregnet.search._study import StudyCandidates
from skregnet.search._trials import Record, Task


class StackedSearchCV(DocumentedMixin, BaseSearchCV):
    """Search over hyperparameters of networks, whose candidates train together.

    What :class:`~sklearn.model_selection.GridSearchCV` and
    :class:`~sklearn.model_selection.RandomizedSearchCV` do, for networks of this
    package, several times faster: all candidates of one architecture train as one
    stack, on all folds at once, each with its own learning rate, penalties, dropout,
    noise and so on. Each comes out as if it had been trained alone, so that the scores
    are the same. Candidates that differ in their layers, batch size, activation or
    solver, or of which only some have dropout for example, form stacks of their own.

    With ``resource="epochs"`` poor candidates leave early: all train for some epochs,
    the best of them, by their scores on the folds left out, go on from where they are,
    and so on.

    Parameters
    ----------
    estimator : estimator
        A network of this package, or a :class:`~sklearn.pipeline.Pipeline` whose last
        step is one. What comes before the network is fitted once a fold for all
        candidates that share its parameters. Other estimators with a network within,
        such as pipelines of imbalanced-learn or a
        :class:`~sklearn.compose.TransformedTargetRegressor`, are fitted one by one.
    param_distributions : dict or list of dicts
        Values to try, by names of parameters: lists, or distributions with a method
        `rvs`, such as those of :mod:`scipy.stats`. Several dicts are spaces to be
        searched one beside the other. Samplers also take Optuna's distributions; of
        SciPy's they know `uniform`, `loguniform` and `randint`.
    n_candidates : int or None, default=None
        How many candidates to draw, as :class:`~sklearn.model_selection.\
ParameterSampler`
        does. None tries the whole grid; all must be lists then.
    sampler : {'tpe'}, sampler, study or None, default=None
        What suggests candidates by the scores of earlier ones: a sampler of Optuna,
        'tpe' for its :class:`~optuna.samplers.TPESampler`, or a study, which is to
        maximise, and gets the trials. None draws them at random, or tries a grid.
        Needs the extra ``optuna``.
    sampler_batch : int, default=8
        How many candidates a sampler suggests at once. They train together; 1 learns
        the most from each.
    cv : int, cross-validation generator, iterable or None, default=None
        The folds; None for five, stratified for classifiers.
    scoring : str, callable, list, tuple or dict, default=None
        What to measure, as in scikit-learn; None for the score of the estimator.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate to all data. With several measures the name of
        that which counts, False, or a callable that takes `cv_results_` to the index of
        the best.
    resource : {'epochs'} or None, default=None
        'epochs' gives few epochs to poor candidates; None gives all candidates all of
        theirs.
    factor : float, default=3
        By what candidates dwindle, rounded down to at least one, and epochs grow from
        rung to rung, above 1.
    min_epochs : int or None, default=None
        Epochs of the first rung, at least. None makes three rungs, or fewer where there
        are fewer than ``factor**2`` candidates. The last rung has `max_iter`.
    n_jobs : int or None, default=None
        Workers that train, through joblib; None means one, or as many as
        :func:`joblib.parallel_config` says; -1 one for each core. Results do not depend
        on it. While candidates are trained BLAS takes one thread.
    random_state : int, RandomState instance or None, default=None
        Source of the candidates that are drawn, and seed of ``sampler='tpe'``.
        Networks, other samplers and studies have seeds of their own.
    error_score : 'raise' or float, default=np.nan
        What a candidate scores on a fold on which it fails; others are not affected.
        'raise' raises the error.
    return_train_score : bool, default=False
        Whether to score on the rows learned from too.
    verbose : int, default=0
        How much to print of the progress.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        Scores, ranks, times and parameters of all candidates, in scikit-learn's form. A
        stack's time is divided equally among its members. With halving also 'rung', the
        last that a candidate has reached, from 0, and 'mean_n_epochs', its epochs; its
        scores are those after them. Ranks go by the rung first, then by the score.
    best_estimator_ : estimator
        The best candidate, fitted to all data; unless ``refit=False``.
    best_params_ : dict
        Its parameters.
    best_score_ : float
        Its mean score on the folds left out.
    best_index_ : int
        Its place in `cv_results_`.
    scorer_ : callable or dict
        What measures.
    n_splits_ : int
        Number of folds.
    refit_time_ : float
        Seconds of fitting the best candidate.
    study_ : optuna.Study
        The study, with a trial for each candidate, in order; with a sampler.
    multimetric_ : bool
        Whether there are several measures.
    classes_ : ndarray of shape (n_classes,)
        Classes of a classifier.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has names that are all strings.

    See Also
    --------
    skregnet.BaggingEnsemble : Networks that train together on resampled data.

    Notes
    -----
    Callbacks see a task for each candidate on each fold, with the network's epochs
    below it, and with halving one for each of its rungs. In a pipeline they see nothing
    of what comes before the network. What comes out of the preprocessing is kept until
    the search ends, for each fold and each of its settings.

    With a sampler a trial asks for the parameters in their order, those of a
    :class:`~skregnet.search.Switched` behind a switch named "<name> is on", several
    spaces behind "space"; parameters of one value are not asked for. Values that are
    not numbers, strings or None go by labels, such as "1: Mixup". A trial's value is
    the mean score on the folds left out. A candidate whose score is NaN is a failed
    trial. With halving, within each batch, who leaves early is a pruned trial, with its
    score reported at its epoch. A sampler that has tried all there is ends the search.

    References
    ----------
    T. Akiba, S. Sano, T. Yanase, T. Ohta and M. Koyama (2019). Optuna: a
    next-generation hyperparameter optimization framework. KDD.

    J. Bergstra and Y. Bengio (2012). Random search for hyper-parameter optimization.
    Journal of Machine Learning Research 13.

    K. Jamieson and A. Talwalkar (2016). Non-stochastic best arm identification and
    hyperparameter optimization. AISTATS.

    Examples
    --------
    >>> from scipy.stats import loguniform, uniform
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skregnet import MLPClassifier, StackedSearchCV
    >>> X, y = load_wine(return_X_y=True)
    >>> network = MLPClassifier((32,), learning_rate="cosine", max_iter=60)
    >>> network.set_params(learning_rate_init=0.01, random_state=0)
    MLPClassifier(hidden_layer_sizes=(32,), learning_rate='cosine',
                  learning_rate_init=0.01, max_iter=60, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), network)
    >>> space = {
    ...     "mlpclassifier__alpha": loguniform(1e-4, 10),
    ...     "mlpclassifier__dropout": uniform(0.1, 0.6),
    ... }
    >>> search = StackedSearchCV(pipeline, space, n_candidates=16, random_state=0)
    >>> search.fit(X, y).score(X, y) > 0.95
    True

    Suggested by Optuna, in batches of eight:

    >>> search.set_params(sampler="tpe")  # doctest: +ELLIPSIS
    StackedSearchCV(...)
    >>> search.fit(X, y).score(X, y) > 0.95
    True
    >>> len(search.study_.trials)
    16
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{
            name: constraints
            for name, constraints in BaseSearchCV._parameter_constraints.items()
            if name != "pre_dispatch"
        },
        "n_jobs": N_JOBS,
        "param_distributions": [dict, list],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), None],
        # By their methods, so that Optuna need not be there: a sampler, a study.
        "sampler": [
            StrOptions({"tpe"}),
            HasMethods(["sample_relative", "sample_independent"]),
            HasMethods(["ask", "tell"]),
            None,
        ],
        "sampler_batch": [Interval(Integral, 1, None, closed="left")],
        "resource": [StrOptions({"epochs"}), None],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "min_epochs": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_candidates: int | None = None,
        sampler: Any = None,
        sampler_batch: int = 8,
        cv: Any = None,
        scoring: Any = None,
        refit: Any = True,
        resource: str | None = None,
        factor: float = 3,
        min_epochs: int | None = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_candidates = n_candidates
        self.sampler = sampler
        self.sampler_batch = sampler_batch
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.resource = resource
        self.factor = factor
        self.min_epochs = min_epochs
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.verbose = verbose

    # Candidates check their own parameters, each by itself.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Train and score all candidates, and fit the best to all data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets; networks need them.
        **params : dict
            What is handed to the estimator's `fit`, to the splitter (`groups`) and to
            the scorers, as in scikit-learn's searches; what has a value for each row is
            split along with the rows.

        Returns
        -------
        self : StackedSearchCV
            The search, with its results.

        Raises
        ------
        TypeError
            If the estimator is not a network of this package, and has none within.
        ValueError
            If parameters are invalid, or all candidates fail.
        """
        check_template(self.estimator, type(self).__name__)
        with all_or_nothing(self):
            self._fit(X, y, params)
        return self

    def score(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Return the score of the best estimator, by the scorer of the search.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets.
        **params : dict
            Metadata for the scorer, by metadata routing.

        Returns
        -------
        score : float
            With several measures that which `refit` names.
        """
        return super().score(X, _for_scikit_learn(y), **params)

    @property
    def classes_(self) -> Any:
        """Classes of a classifier."""
        return super().classes_

    @property
    def n_features_in_(self) -> Any:
        """Number of features."""
        return super().n_features_in_

    def _fit(self, X: Any, y: Any, params: Parameters) -> None:
        """Evaluate, choose, refit."""
        scorer, metric = self._get_scorers()
        check_indices(X)
        X, y = indexable(X, y)
        y = _for_scikit_learn(y)
        params = rows_of_parameters(X, params)
        routed = self._get_routed_params_for_fit(params)
        weights = params.get("sample_weight")
        hook_data = {
            "X": X,
            "y": y,
            "metadata": None if weights is None else {"sample_weight": weights},
        }
        context = self._init_callback_context(
            max_subtasks=1 + (self.refit is not False)
        ).call_on_fit_task_begin(estimator=self, **hook_data)
        splits = self._splits(X, y, routed.splitter.split)
        folds = Folds(
            clone(self.estimator),
            X,
            y,
            splits,
            routed.estimator.fit,
            routed.scorer.score,
        )
        task = Task(folds, scorer, self.error_score, self.return_train_score, self)
        results, first = self._evaluate(task, context)
        self.multimetric_ = isinstance(first, dict)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(first)
            metric = self.refit
        self._choose(results, metric)
        if self.refit:
            self._refit(folds, context, hook_data)
        is_several = isinstance(scorer, _MultimetricScorer)
        self.scorer_ = scorer._scorers if is_several else scorer
        self.cv_results_ = results
        context.call_on_fit_task_end(estimator=self, **hook_data)

    def _splits(self, X: Any, y: Any, parameters: Parameters) -> list[Any]:
        """Return the rows of each fold."""
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self.n_splits_ = cv.get_n_splits(X, y, **parameters)
        splits = list(cv.split(X, y, **parameters))
        if len(splits) != self.n_splits_ or not splits:
            raise ValueError(
                f"cv expects a splitter that makes as many splits as it says, and one "
                f"at least: cv={self.cv!r} says {self.n_splits_} and makes "
                f"{len(splits)}."
            )
        return splits

    def _evaluate(self, task: Task, root: Any) -> tuple[dict[str, Any], Any]:
        """Return formatted results, and the scores of the first trial."""
        source = self._source()
        if self.verbose > 0:
            n_fits = source.n_candidates * self.n_splits_
            print(  # noqa: T201
                f"Fitting {self.n_splits_} folds for each of {source.n_candidates} "
                f"candidates, totalling {n_fits} fits"
            )
        halves = self.resource is not None
        n_trials = source.n_candidates * self.n_splits_
        context = root.subcontext(
            task_name="search",
            max_subtasks=None if halves else n_trials,
            sequential_subtasks=False,
        ).call_on_fit_task_begin(estimator=self)
        evaluation = Evaluation(
            task,
            context,
            halving=Halving(self.factor, self.min_epochs) if halves else None,
            check=self._check,
            measure=self._measure,
            n_jobs=self.n_jobs,
            verbose=int(self.verbose),
        )
        evaluation.run(source)
        context.call_on_fit_task_end(estimator=self)
        records = evaluation.records
        rungs = np.array(evaluation.rungs) if halves else None
        results = self._formatted(evaluation.candidates, records, rungs)
        return results, records[0, 0].result["test_scores"]

    def _source(self) -> Source:
        """Return where candidates come from."""
        if self.sampler is None:
            self.__dict__.pop("study_", None)
            drawn = draw_candidates(
                self.param_distributions, self.n_candidates, self.random_state
            )
            return FixedCandidates(drawn)
        source = StudyCandidates(
            self.param_distributions,
            self.n_candidates,
            self.sampler_batch,
            self.sampler,
            self.random_state,
        )
        self.study_ = source.study
        return source

    def _check(self, estimator: Any) -> None:
        """Refuse candidates that cannot be searched over."""
        check_template(estimator, type(self).__name__)
        if self.resource is None:
            return
        network = network_of(estimator)
        if network is None:
            raise ValueError(
                f"resource={self.resource!r} expects networks, or Pipelines of "
                "scikit-learn that end in one, whose training can pause, got a "
                f"candidate {estimator!r}; set resource=None."
            )
        if not takes_steps(network):
            raise ValueError(
                f"resource={self.resource!r} expects solvers that take steps, such as "
                f"'adam' or 'sgd', got a candidate with solver={network.solver!r}; set "
                "resource=None, or another solver."
            )

    def _measure(self, scores: Any) -> float:
        """Return the score that candidates are judged by on their way."""
        if not isinstance(scores, dict):
            return float(scores)
        if not isinstance(self.refit, str) or self.refit not in scores:
            raise ValueError(
                f"resource={self.resource!r} and sampler={self.sampler!r} judge "
                "candidates by one score; of several refit has to name it: expected "
                f"refit to be one of {sorted(scores)}, got refit={self.refit!r}."
            )
        return float(scores[self.refit])

    def _formatted(
        self,
        candidates: list[Parameters],
        records: dict[tuple[int, int], Record],
        rungs: Any,
    ) -> dict[str, Any]:
        """Return results as scikit-learn formats them."""
        pairs = sorted(records)
        out = [records[pair].result for pair in pairs]
        _warn_or_raise_about_fit_failures(out, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(out, self.error_score)
        more: dict[str, Any] = {}
        if rungs is not None:
            epochs = np.reshape(
                [records[pair].n_epochs for pair in pairs], (-1, self.n_splits_)
            )
            more = {"rung": rungs, "mean_n_epochs": epochs.mean(axis=1)}
        results: dict[str, Any] = self._format_results(
            candidates, self.n_splits_, out, more
        )
        for name in list(results):
            if rungs is not None and name.startswith("rank_test_"):
                results[name] = ranks_by_rung(results[name], rungs)
        return results

    def _choose(self, results: dict[str, Any], metric: Any) -> None:
        """Set what is known of the best candidate."""
        if not self.refit and self.multimetric_:
            return
        self.best_index_ = self._select_best_index(self.refit, metric, results)
        if not callable(self.refit):
            self.best_score_ = results[f"mean_test_{metric}"][self.best_index_]
        self.best_params_ = results["params"][self.best_index_]

    def _refit(self, folds: Folds, root: Any, hook_data: dict[str, Any]) -> None:
        """Fit the best candidate to all data."""
        self.best_estimator_ = candidate(folds.template, self.best_params_)
        context = root.subcontext(task_name="refit-with-best-params")
        with context.propagate_callback_context(self.best_estimator_):
            context.call_on_fit_task_begin(estimator=self, **hook_data)
            start = time.time()
            self.best_estimator_.fit(folds.X, folds.y, **folds.fit_parameters)
            self.refit_time_ = time.time() - start
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
        context.call_on_fit_task_end(estimator=self, **hook_data)

    def __sklearn_tags__(self) -> Any:
        """Take the data that the estimator takes."""
        tags = super().__sklearn_tags__()
        of_base = get_tags(self.estimator)
        tags.target_tags = of_base.target_tags
        tags.target_tags.required = True
        tags.input_tags = of_base.input_tags
        tags.non_deterministic = of_base.non_deterministic
        return tags

    def _run_search(self, evaluate_candidates: Any, callback_ctx: Any = None) -> None:
        """Never called: `fit` evaluates candidates together."""
        raise NotImplementedError


def _for_scikit_learn(y: Any) -> Any:
    """Return targets, NumPy's text of variable width as objects, for its splitters."""
    return without_loss(y) if isinstance(y, np.ndarray) else y
