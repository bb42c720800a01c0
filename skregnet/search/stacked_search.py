"""A search over hyperparameters whose candidates train together, as stacks."""

import time
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils import indexable
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_method_params

from skregnet.all_or_nothing import all_or_nothing
from skregnet.documentation import DocumentedMixin
from skregnet.ensemble.fitting import network_of
from skregnet.estimators._solvers import takes_steps
from skregnet.search._blocks import run_in_blocks
from skregnet.search._candidates import draw_candidates
from skregnet.search._folds import Folds, Lessons, candidate, check_template
from skregnet.search._halving import Going, halve, rung_shares
from skregnet.search._trials import Record, Task, Trial

_Parameters = dict[str, Any]


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
        candidates that share its parameters.
    param_distributions : dict or list of dicts
        Values to try, by names of parameters: lists, or distributions with a method
        `rvs`, such as those of :mod:`scipy.stats`. Several dicts are spaces to be
        searched one beside the other.
    n_candidates : int or None, default=None
        How many candidates to draw, as :class:`~sklearn.model_selection.\
ParameterSampler`
        does. None tries the whole grid; all must be lists then.
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
        By what candidates dwindle and epochs grow from rung to rung, above 1.
    min_epochs : int or None, default=None
        Epochs of the first rung, at least. None makes three rungs, or fewer where there
        are fewer than ``factor**2`` candidates. The last rung has `max_iter`.
    n_jobs : int or None, default=None
        Workers that train, through joblib; None means one, or as many as
        :func:`joblib.parallel_config` says; -1 one for each core. Results do not depend
        on it. While candidates are trained BLAS takes one thread.
    random_state : int, RandomState instance or None, default=None
        Source of the candidates that are drawn. Networks have seeds of their own.
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

    References
    ----------
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
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{
            name: constraints
            for name, constraints in BaseSearchCV._parameter_constraints.items()
            if name != "pre_dispatch"
        },
        "param_distributions": [dict, list],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), None],
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
            If the estimator is not a network of this package.
        ValueError
            If parameters are invalid, or all candidates fail.
        """
        check_template(self.estimator, type(self).__name__)
        with all_or_nothing(self):
            self._fit(X, y, params)
        return self

    def _fit(self, X: Any, y: Any, params: _Parameters) -> None:
        """Evaluate, choose, refit."""
        scorer, metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
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

    def _splits(self, X: Any, y: Any, parameters: _Parameters) -> list[Any]:
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
        candidates = draw_candidates(
            self.param_distributions, self.n_candidates, self.random_state
        )
        estimators = [candidate(task.folds.template, each) for each in candidates]
        networks = [self._network(estimator) for estimator in estimators]
        n_splits = self.n_splits_
        if self.verbose > 0:
            print(  # noqa: T201
                f"Fitting {n_splits} folds for each of {len(candidates)} candidates, "
                f"totalling {len(candidates) * n_splits} fits"
            )
        halves = self.resource is not None
        context = root.subcontext(
            task_name="search",
            max_subtasks=None if halves else len(candidates) * n_splits,
            sequential_subtasks=False,
        ).call_on_fit_task_begin(estimator=self)
        train = self._training(task, candidates, estimators, context)
        shares = self._shares(networks)
        records, rungs = halve(
            train,
            [network.max_iter for network in networks],
            n_splits,
            shares,
            self.factor,
            self._measure,
        )
        context.call_on_fit_task_end(estimator=self)
        results = self._formatted(candidates, records, rungs if halves else None)
        return results, records[0, 0].result["test_scores"]

    def _network(self, estimator: Any) -> Any:
        """Return the network of a candidate, if it can be searched over."""
        check_template(estimator, type(self).__name__)
        network = network_of(estimator)
        if self.resource is not None and not takes_steps(network):
            raise ValueError(
                f"resource={self.resource!r} expects solvers that take steps, such as "
                f"'adam' or 'sgd', got a candidate with solver={network.solver!r}; set "
                "resource=None, or another solver."
            )
        return network

    def _training(
        self,
        task: Task,
        candidates: Sequence[_Parameters],
        estimators: Sequence[Any],
        context: Any,
    ) -> Callable[[Sequence[Going]], list[Record]]:
        """Return what trains candidates on folds."""
        lessons = Lessons(task.folds, self.error_score)
        n_begun = 0

        def train(going: Sequence[Going]) -> list[Record]:
            nonlocal n_begun
            trials = [
                Trial(
                    estimators[each.candidate],
                    lessons.of(
                        estimators[each.candidate],
                        candidates[each.candidate],
                        each.fold,
                    ),
                    context.subcontext(
                        task_name="candidate-split-evaluation", task_id=n_begun + k
                    ),
                    each.pause,
                    each.snapshot,
                )
                for k, each in enumerate(going)
            ]
            n_begun += len(going)
            return run_in_blocks(task, trials, self.n_jobs, int(self.verbose))

        return train

    def _shares(self, networks: Sequence[Any]) -> list[float]:
        """Return the share of its epochs that a candidate gets in each rung."""
        if self.resource is None:
            return [1.0]
        max_epochs = max(network.max_iter for network in networks)
        return rung_shares(len(networks), self.factor, max_epochs, self.min_epochs)

    def _measure(self, scores: Any) -> float:
        """Return the score that candidates are judged by on their way."""
        if not isinstance(scores, dict):
            return float(scores)
        if not isinstance(self.refit, str) or self.refit not in scores:
            raise ValueError(
                f"resource={self.resource!r} judges candidates by one score; of "
                "several refit has to name it: expected refit to be one of "
                f"{sorted(scores)}, got refit={self.refit!r}."
            )
        return float(scores[self.refit])

    def _formatted(
        self,
        candidates: list[_Parameters],
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
                results[name] = _ranks_by_rung(results[name], rungs)
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

    def _run_search(self, evaluate_candidates: Any, callback_ctx: Any = None) -> None:
        """Never called: `fit` evaluates candidates together."""
        raise NotImplementedError


def _ranks_by_rung(ranks: Any, rungs: Any) -> Any:
    """Return ranks that go by the rung first, the highest being the first."""
    keys = list(zip(-rungs, ranks, strict=True))
    in_order = sorted(keys)
    return np.array([in_order.index(key) + 1 for key in keys], dtype=ranks.dtype)
