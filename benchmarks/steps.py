"""Timers of one minibatch step, of skregnet and scikit-learn, of torch and of jax.

All train a task's network with Adam: relu, softmax cross-entropy, the same L2 penalty
and batch size.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import harness
from harness import Task

try:
    import torch
except ImportError:
    torch = None

try:
    import jax
except ImportError:
    jax = None

ALPHA = 1e-4
LEARNING_RATE = 1e-3
DROPOUT = 0.5

# Epochs of the shorter and of the longer fit behind the time of a step.
EPOCHS = {"tiny": (2, 62), "small": (2, 82), "medium": (1, 5), "wide": (1, 2)}


def parameters(task: Task, n_epochs: int) -> dict[str, Any]:
    """Return parameters of either library's classifier that run all epochs."""
    return {
        "hidden_layer_sizes": task.hidden,
        "batch_size": task.batch_size,
        "alpha": ALPHA,
        "learning_rate_init": LEARNING_RATE,
        "max_iter": n_epochs,
        "tol": 0.0,
        "n_iter_no_change": 10_000,
        "random_state": 0,
    }


def step_timer(estimator_class: Any, task: Task, **changes: Any) -> Callable[[], float]:
    """Return a function that measures a step as the difference of two fits.

    `changes` are further parameters of the estimator.
    """
    n_steps = task.n_rows // task.batch_size
    X, y = task.data(n_steps * task.batch_size)
    few, many = EPOCHS[task.name]
    short = estimator_class(**parameters(task, few), **changes)
    long = estimator_class(**parameters(task, many), **changes)

    def measure() -> float:
        excess = harness.seconds(lambda: long.fit(X, y)) - harness.seconds(
            lambda: short.fit(X, y)
        )
        return excess / ((many - few) * n_steps)

    return measure


def torch_step_timer(task: Task, regularized: bool = False) -> Callable[[], float]:
    """Return a function that measures a step of a plain loop over minibatches.

    With `regularized` each hidden layer is normalised before its activation and drops
    units after it.
    """
    torch.set_num_threads(1)
    n_steps = task.n_rows // task.batch_size
    X, y = map(torch.from_numpy, task.data(n_steps * task.batch_size))
    few, many = EPOCHS[task.name]
    model = _torch_model(task, regularized)
    loss_of = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(
        model.parameters(),
        lr=LEARNING_RATE,
        weight_decay=ALPHA / task.batch_size,
        fused=True,
    )

    def run_epoch() -> float:
        total = 0.0
        for rows in torch.randperm(len(y)).split(task.batch_size):
            optimizer.zero_grad()
            loss = loss_of(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        return total / len(y)

    run_epoch()
    return lambda: harness.seconds(run_epoch, many - few) / n_steps


def _torch_model(task: Task, regularized: bool) -> Any:
    """Return the task's network, in training mode."""
    layers: list[Any] = []
    for below, units in pairwise(task.units[:-1]):
        layers.append(torch.nn.Linear(below, units))
        if regularized:
            layers.append(torch.nn.BatchNorm1d(units))
        layers.append(torch.nn.ReLU())
        if regularized:
            layers.append(torch.nn.Dropout(DROPOUT))
    layers.append(torch.nn.Linear(*task.units[-2:]))
    return torch.nn.Sequential(*layers).train()


def jax_step_timer(task: Task) -> Callable[[], float]:
    """Return a function that measures a step of epochs that are one compiled scan.

    Adam is written out, with the bias corrections that all here have.
    """
    n_steps = task.n_rows // task.batch_size
    X, y = map(jax.numpy.asarray, task.data(n_steps * task.batch_size))
    few, many = EPOCHS[task.name]
    tree_map = jax.tree_util.tree_map

    def loss_of(layers: Any, rows: Any) -> Any:
        hidden = X[rows]
        for weights, biases in layers[:-1]:
            hidden = jax.nn.relu(hidden @ weights + biases)
        logits = hidden @ layers[-1][0] + layers[-1][1]
        chosen = jax.numpy.take_along_axis(logits, y[rows][:, None], 1)[:, 0]
        loss = (jax.nn.logsumexp(logits, axis=1) - chosen).mean()
        norm = sum((weights**2).sum() for weights, _ in layers)
        return loss + ALPHA / (2 * task.batch_size) * norm

    def step(state: Any, rows: Any) -> Any:
        layers, first, second, count = state
        loss, slopes = jax.value_and_grad(loss_of)(layers, rows)
        count += 1
        first = tree_map(lambda m, g: 0.9 * m + 0.1 * g, first, slopes)
        second = tree_map(lambda v, g: 0.999 * v + 0.001 * g**2, second, slopes)
        rate = LEARNING_RATE * (1 - 0.999**count) ** 0.5 / (1 - 0.9**count)
        layers = tree_map(
            lambda p, m, v: p - rate * m / (v**0.5 + 1e-8), layers, first, second
        )
        return (layers, first, second, count), loss

    @jax.jit
    def run_epoch(state: Any, key: Any) -> Any:
        rows = jax.random.permutation(key, len(y)).reshape(n_steps, task.batch_size)
        return jax.lax.scan(step, state, rows)

    keys = iter(range(1_000_000))
    layers = [
        (
            jax.random.normal(jax.random.key(k), shape) / shape[0] ** 0.5,
            jax.numpy.zeros(shape[1]),
        )
        for k, shape in enumerate(pairwise(task.units))
    ]
    zeros = tree_map(jax.numpy.zeros_like, layers)
    state = [(layers, zeros, zeros, jax.numpy.zeros(()))]

    def run() -> None:
        state[0], losses = run_epoch(state[0], jax.random.key(next(keys)))
        losses.mean().block_until_ready()

    run()
    return lambda: harness.seconds(run, many - few) / n_steps
