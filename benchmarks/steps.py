"""Timers of one minibatch step, of skregnet and scikit-learn and of torch.

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
