"""Fits the members of an ensemble: networks as stacks, in blocks, over many workers."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pickle import PicklingError
from typing import Any

from joblib import effective_n_jobs
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from skregnet._fitting.blocks import (
    block_size,
    multiplications_a_step,
    one_blas_thread,
    preferred_workers,
)
from skregnet._fitting.members import network_of, set_seeds
from skregnet._fitting.request import Request
from skregnet._fitting.shared_data import Part
from skregnet._fitting.sizes import hidden_sizes
from skregnet._fitting.stacks import fit_together
from skregnet._fitting.targets.votes import features_of
from skregnet._kernels import Array
from skregnet._sklearn.data_checks import rows_of_parameters
from skregnet._sklearn.labels import codes_of, learn_classes
from skregnet._sklearn.private import _safe_indexing, callback_management_context
from skregnet.ensemble._one_class import (
    constant_member,
    has_one_class,
    predicts_one_class,
    refuses_one_class,
)
from skregnet.ensemble._sampling import Draw, Sampling
from skregnet.estimators import MultiTaskMLP


@dataclass(frozen=True)
class Job:
    """What the members of an ensemble have in common.

    Parameters
    ----------
    template : estimator
        What members are copies of.
    sampling : Sampling
        How rows and features are drawn.
    X, y : array-like
        The data.
    n_outputs : int
        Outputs of a network for them.
    pool : Pool or None
        The data again, where networks share them.
    weights : ndarray of shape (n_rows,) or None
        Sample weights.
    fit_parameters : dict
        What else members are fitted with.
    caller : estimator
        The ensemble, for its callbacks.
    """

    template: Any
    sampling: Sampling
    X: Any
    y: Any
    n_outputs: int = 1
    pool: Any = None
    weights: Array | None = None
    fit_parameters: dict[str, Any] = field(default_factory=dict)
    caller: Any = None

    @property
    def handed_weights(self) -> Array | None:
        """The weights that members learn with: none where rows are drawn by them."""
        return self.weights if self.sampling.takes_all_rows else None


def fit_members(
    job: Job,
    seeds: Any,
    contexts: Sequence[Any],
    n_jobs: int | None,
    verbose: int = 0,
) -> list[Any]:
    """Return the fitted members of these seeds.

    What a member learns depends on its seed alone: neither on the workers, which hold
    BLAS to one thread, nor on the block in which it is fitted. If the user interrupts a
    fit in this process, the members that there are by then are returned, and None where
    one is left out.
    """
    n_workers = effective_n_jobs(n_jobs)
    cost = _cost(job)
    size = max(1, min(block_size(cost), -(-len(seeds) // n_workers)))
    blocks = [slice(k, k + size) for k in range(0, len(seeds), size)]
    if n_workers == 1:
        return _one_after_another(job, seeds, contexts, blocks, verbose)
    prefer = preferred_workers(cost)
    try:
        found = Parallel(n_jobs=n_jobs, verbose=verbose, prefer=prefer)(
            delayed(_fit_block)(job, seeds[block], contexts[block]) for block in blocks
        )
    except PicklingError as error:
        raise TypeError(
            "n_jobs expects 1 where estimator, X or y cannot be pickled, to be sent to "
            f"other processes, got {n_jobs=}; set n_jobs=1, or look above for what "
            "cannot be pickled and pass another type."
        ) from error
    return list(chain.from_iterable(members for members, _ in found))


def _one_after_another(
    job: Job, seeds: Any, contexts: Sequence[Any], blocks: list[slice], verbose: int
) -> list[Any]:
    """Fit blocks in this process, until the user interrupts one."""
    members: list[Any] = []
    for block in blocks:
        fitted, is_complete = _fit_block(job, seeds[block], contexts[block])
        members += fitted
        if verbose:
            print(f"{len(members)} of {len(seeds)} members fitted")  # noqa: T201
        if not is_complete:
            break
    return members


def _cost(job: Job) -> float:
    """Return how many numbers a step of a network multiplies, about; else 0."""
    network = network_of(job.template)
    if network is None:
        return 0.0
    sampling = job.sampling
    units = (sampling.n_drawn_features, *hidden_sizes(network), job.n_outputs)
    return multiplications_a_step(network, units, sampling.n_drawn_rows)


def _fit_block(
    job: Job, seeds: Sequence[Any], contexts: Sequence[Any]
) -> tuple[list[Any], bool]:
    """Return the members of a block, and whether the user let them end.

    None stands for one whose training the user did not let begin.
    """
    members = [clone(job.template) for _ in seeds]
    draws = [job.sampling.draw(seed) for seed in seeds]
    for member, draw in zip(members, draws, strict=True):
        set_seeds(member, draw.random_state)
    is_complete = True
    with one_blas_thread():
        if job.pool is not None:
            is_complete = _fit_stack(job, members, draws, contexts)
        elif _trains_on_copies(job):
            is_complete = _fit_copies(job, members, draws, contexts)
        else:
            _fit_each(job, members, draws, contexts)
    for member in members:
        # As a pickle does, on the way back from another process.
        vars(network_of(member) or member).pop("_training_state", None)
    if not is_complete:
        members = [m if _is_fitted(m) else None for m in members]
    return members, is_complete


def _fit_stack(
    job: Job, members: list[Any], draws: list[Draw], contexts: Sequence[Any]
) -> bool:
    """Fit networks together; tell whether the user let them end."""
    requests = [
        _request(job, member, draw) for member, draw in zip(members, draws, strict=True)
    ]
    with ExitStack() as stack:
        for member, draw, context in zip(members, draws, contexts, strict=True):
            stack.enter_context(_within(context, job, member, draw))
        return fit_together(requests)


def _trains_on_copies(job: Job) -> bool:
    """Tell whether members have networks that train together, though on copies."""
    template = job.template
    if network_of(template) is None or job.fit_parameters:
        return False
    if type(template) is not Pipeline:
        return True
    is_plain = template.memory is None and template.transform_input is None
    return is_plain and len(template.steps) > 1


def _is_fitted(member: Any) -> bool:
    """Return whether a member was fitted before the user interrupted."""
    network = network_of(member)
    return network is None or hasattr(network, "coefs_")


def _fit_copies(
    job: Job, members: list[Any], draws: list[Draw], contexts: Sequence[Any]
) -> bool:
    """Fit networks together, each to copies of its rows.

    In pipelines what comes before the networks is fitted one by one.
    """
    requests = []
    with ExitStack() as stack:
        for k, (draw, context) in enumerate(zip(draws, contexts, strict=True)):
            network_of(members[k])._validate_params()
            y = _safe_indexing(job.y, draw.rows)
            try:
                before = _before_network(context, job, members[k], draw)
                request = _request_of_copies(job, members[k], draw, stack, before)
                if not has_one_class(job.y, y):
                    requests.append(request)
                elif not fit_together([request]):
                    return False
            except ValueError as error:
                if not refuses_one_class(error, job.template, job.y, y):
                    raise
                members[k] = constant_member(_features(job, draw), y)
        return fit_together(requests)


def _request_of_copies(
    job: Job, member: Any, draw: Draw, stack: ExitStack, before: Any
) -> Request:
    """Return what a member's network is to learn, on copies of its rows."""
    network, transform = network_of(member), _as_it_is
    X = stack.enter_context(before)
    if isinstance(member, Pipeline):
        transform = member[:-1].transform
    request = Request(network, X, _safe_indexing(job.y, draw.rows))
    if job.handed_weights is not None:
        request.sample_weight = job.handed_weights[draw.rows]
    rows = _to_validate_on(job, network, draw)
    if rows is not None:
        request.X_val = transform(_features(job, draw._replace(rows=rows)))
        request.y_val = _safe_indexing(job.y, rows)
        request.sample_weight_val = _weights_of(job, rows)
    return request


@contextmanager
def _before_network(context: Any, job: Job, member: Any, draw: Draw) -> Iterator[Any]:
    """Fit what comes before a member's network; yield the features of the latter.

    The network is to be fitted within, as `Pipeline.fit` fits its last step.
    """
    X = _features(job, draw)
    with _within(context, job, member, draw):
        if not isinstance(member, Pipeline):
            yield X
            return
        y = _safe_indexing(job.y, draw.rows)
        with callback_management_context(member):
            root = member._init_callback_context(max_subtasks=len(member.steps))
            root.call_on_fit_task_begin(estimator=member, X=X, y=y)
            routed = member._check_method_params(method="fit", props={})
            X = member._fit(X, y, routed, raw_params={}, callback_ctx=root)
            last = root.subcontext(task_name="fit-final-estimator")
            with last.propagate_callback_context(member[-1]):
                last.call_on_fit_task_begin(estimator=member, X=X, y=y)
                yield X
                last.call_on_fit_task_end(estimator=member, X=X, y=y)
            root.call_on_fit_task_end(estimator=member, X=X, y=y)


def _as_it_is(X: Any) -> Any:
    """Return features where nothing comes before the network."""
    return X


def _to_validate_on(job: Job, network: Any, draw: Draw) -> Array | None:
    """Return the rows that are not drawn, but have weight and a class that is.

    None if the network does not stop early, or there are fewer than two, or rows have
    classes of several tasks.
    """
    if not network.early_stopping or isinstance(network, MultiTaskMLP):
        return None
    rows = draw.left_out(job.sampling.n_rows)
    if job.weights is not None:
        rows = rows[job.weights[rows] > 0]
    if is_classifier(network) and job.y.ndim == 1:
        drawn, _ = learn_classes(job.y[draw.rows])
        rows = rows[codes_of(job.y[rows], drawn) >= 0]
    return rows if len(rows) > 1 else None


def _weights_of(job: Job, rows: Array | None) -> Array | None:
    """Return the sample weights of rows, if there are any of both."""
    return None if rows is None or job.weights is None else job.weights[rows]


def _features(job: Job, draw: Draw) -> Any:
    """Return the features of a member's rows."""
    return features_of(_safe_indexing(job.X, draw.rows), draw.columns)


def _fit_each(
    job: Job, members: list[Any], draws: list[Draw], contexts: Sequence[Any]
) -> None:
    """Fit members one at a time, by their own `fit`."""
    for k, (draw, context) in enumerate(zip(draws, contexts, strict=True)):
        member, X = members[k], _features(job, draw)
        y = _safe_indexing(job.y, draw.rows)
        parameters = rows_of_parameters(job.X, job.fit_parameters, draw.rows)
        if job.handed_weights is not None:
            parameters["sample_weight"] = job.handed_weights[draw.rows]
        with _within(context, job, member, draw):
            try:
                member.fit(X, y, **parameters)
            except ValueError as error:
                if not refuses_one_class(error, job.template, job.y, y):
                    raise
                members[k] = constant_member(X, y)
                continue
            is_narrow = is_classifier(job.template) and has_one_class(job.y, y)
            if is_narrow and not predicts_one_class(member, X):
                members[k] = constant_member(X, y)


@contextmanager
def _within(context: Any, job: Job, member: Any, draw: Draw) -> Iterator[None]:
    """Hand callbacks on to a member, and tell them when it begins and ends."""
    if context is None:
        yield
        return
    hook_data = {
        "X": lambda: _safe_indexing(job.X, draw.rows),
        "y": lambda: _safe_indexing(job.y, draw.rows),
    }
    with context.propagate_callback_context(member):
        context.call_on_fit_task_begin(estimator=job.caller, **hook_data)
        yield
        context.call_on_fit_task_end(estimator=job.caller, **hook_data)


def _request(job: Job, member: Any, draw: Draw) -> Request:
    """Return what a network is to learn; it validates on what it has not drawn."""
    rows = _to_validate_on(job, member, draw)
    part = Part(job.pool, draw.rows, draw.columns, rows, _weights_of(job, rows))
    return Request(member, part=part, sample_weight=job.handed_weights)
